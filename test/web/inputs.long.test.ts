/** The ways in which a photo reaches the page, and what its policy keeps it from. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { decodeImage, encodeJpeg } from "../../src/image/codec.js";
import { Pixels, wholeOf } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { type OpenPage, type PageBrowser, settle, useBrowser } from "../support/browser.js";
import { fromRoot } from "../support/spawn.js";

/** A camera that shows a test picture, and allows itself. */
const FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const PHOTO = fromRoot("src/web/static/examples/painted.jpg");
/** Width of the face that counts as turned to the side, as a share of its own. */
const SQUEEZED = 0.6;

const shownName = (page: Page): Promise<string | null> => page.locator("#photo > div > .hint").last().textContent();
const notice = (page: Page): Promise<string | null> => page.textContent("#notice");

/** Gives the page a file as the browser does when people drop or paste it. */
async function give(page: Page, kind: "drop" | "paste", path: string, name: string): Promise<void> {
  const text = (await readFile(path)).toString("base64");
  await page.evaluate(
    ([event, base64, file]) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], file, { type: "image/jpeg" }));
      const options = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        event === "drop"
          ? new DragEvent("drop", { ...options, dataTransfer: transfer })
          : new ClipboardEvent("paste", { ...options, clipboardData: transfer }),
      );
    },
    [kind, text, name],
  );
  await settle(page);
}

/** Notes the tracks of every camera that the page opens, in `cameraTracks`. */
async function watchCamera(page: Page): Promise<void> {
  await page.evaluate(() => {
    const tracks: MediaStreamTrack[] = [];
    Object.assign(globalThis, { cameraTracks: tracks });
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
}

describe("a photo for the page", () => {
  let browser: PageBrowser;
  let open: OpenPage;
  useBrowser((opened) => {
    browser = opened;
  }, FAKE_CAMERA);
  before(async () => {
    open = await browser.openPage();
  });

  for (const kind of ["drop", "paste"] as const) {
    it(`can be ${kind === "drop" ? "dropped on it" : "pasted into it"}`, async () => {
      await give(open.page, kind, PHOTO, `${kind}.jpg`);
      assert.equal(await notice(open.page), "");
      assert.equal(await shownName(open.page), `${kind}.jpg`);
    });
  }

  it("can come from the camera, which is off again afterwards", async () => {
    const { page } = open;
    await watchCamera(page);
    await page.click("text=Take a photo");
    await page.click("dialog button.main:enabled");
    await page.waitForSelector("dialog", { state: "detached" });
    await settle(page);
    // The test picture shows no face.
    assert.match((await notice(page)) ?? "", /^No face was found in “camera\.png”/);
    await page.click("text=Take a photo");
    await page.waitForSelector("dialog button.main:enabled");
    await page.click("dialog >> text=Cancel");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.deepEqual(await page.evaluate("cameraTracks.map(({ readyState }) => readyState)"), ["ended", "ended"]);
  });

  it("must show a face from the front", async () => {
    const photo = await decodeImage(await readFile(PHOTO), "photo");
    const pixels = new Pixels(await loadModule("image"));
    // A face that is squeezed has the proportions of one that is turned away.
    const narrow = pixels.resize(photo, wholeOf(photo), Math.round(photo.width * SQUEEZED), photo.height);
    const buffer = Buffer.from(await encodeJpeg(narrow, 92));
    await browser.choosePhoto(open.page, { name: "side.jpg", mimeType: "image/jpeg", buffer });
    const words = "The face in “side.jpg” is turned to the side. Use a photo of a face from the front.";
    assert.equal(await notice(open.page), words);
  });

  it("cannot be sent to another server: the policy forbids it", async () => {
    const { page } = open;
    const blocked = await page.evaluate(async () => {
      const violation = new Promise<string>((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), {
          once: true,
        });
      });
      const answer = await fetch("http://127.0.0.1:9/", { method: "POST", body: "photo" }).catch(() => null);
      return [answer === null, await violation];
    });
    assert.deepEqual(blocked, [true, "connect-src"]);
  });
});
