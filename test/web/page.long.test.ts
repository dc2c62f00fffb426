/** The page in a real browser: what people do with it, and what it must not do. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { decodeImage, encodeJpeg } from "../../src/image/codec.js";
import { distance, type OpenPage, type PageBrowser, settle, shownPixels, useBrowser } from "../support/browser.js";
import { withEnvironment } from "../support/environment.js";
import { withFolder } from "../support/pictures.js";
import { fromRoot, runNode } from "../support/spawn.js";

/** JavaScript of the page in kB, compressed, without weights and modules. */
const MOST_SCRIPT = 600;
const example = (name: string): string => fromRoot(`src/web/static/examples/${name}`);
const PAINTED = example("painted.jpg");
const REFERENCE = example("eyeglasses-round.jpg");

const status = (page: Page): Promise<string | null> => page.textContent("#status");
const notice = (page: Page): Promise<string | null> => page.textContent("#notice");

async function setShare(page: Page, attribute: string, percent: number): Promise<void> {
  await page.locator(`[data-attribute=${attribute}] input[type=range]`).fill(String(percent));
  await settle(page);
}

async function chooseReference(page: Page, attribute: string, position: number): Promise<void> {
  await page.locator(`[data-attribute=${attribute}] input[type=radio]`).nth(position).check({ force: true });
  await settle(page);
}

describe("the scripts of the page", () => {
  it("use no module of Node.js, and are small", async () => {
    const folder = fromRoot("dist/web");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".js"));
    let bytes = 0;
    for (const name of names) {
      const script = await readFile(join(folder, name), "utf8");
      assert.doesNotMatch(script, /from\s*"node:|import\("node:|require\("node:/, name);
      bytes += gzipSync(script, { level: 9 }).length;
    }
    assert.ok(names.includes("page.js") && names.includes("engine.js"), names.join());
    assert.ok(bytes < MOST_SCRIPT * 1000, `${bytes} bytes`);
  });
});

describe("the page", () => {
  let browser: PageBrowser;
  let open: OpenPage;
  useBrowser((opened) => {
    browser = opened;
  });
  beforeEach(async () => {
    open = await browser.openPage("?simd=plain");
  });
  afterEach(async () => {
    await open?.context.close();
  });

  it("shows an edit of its example, says what computes, and asks nobody else for anything", async () => {
    const { page, requests, errors } = open;
    assert.match((await status(page)) ?? "", /^Glasses 100 %\. Edited in \d+ ms\.$/);
    assert.match((await page.textContent("#engine")) ?? "", /our SIMD kernels, \d+ threads?\.$/);
    assert.equal(await notice(page), "");
    const hosts = new Set(requests.map((url) => new URL(url).host));
    assert.deepEqual([...hosts], [new URL(page.url()).host]);
    assert.deepEqual(errors, []);
  });

  it("moves between the face and the edit with the slider", async () => {
    const { page } = open;
    const full = await shownPixels(page);
    await setShare(page, "Eyeglasses", 0);
    const none = await shownPixels(page);
    await setShare(page, "Eyeglasses", 50);
    const half = await shownPixels(page);
    assert.match((await status(page)) ?? "", /^Glasses 50 %/);
    assert.ok(distance(none, full) > 100_000);
    assert.ok(distance(none, half) < distance(none, full));
    assert.ok(distance(half, full) < distance(none, full));
    await chooseReference(page, "Eyeglasses", 0);
    assert.equal(distance(await shownPixels(page), none), 0, "'as it is' is the face itself");
  });

  it("shows the original while the picture or the button is held", async () => {
    const { page } = open;
    const edited = await shownPixels(page);
    await page.locator("text=Hold to see the original").focus();
    await page.keyboard.down("Space");
    const held = await shownPixels(page);
    await page.keyboard.up("Space");
    assert.ok(distance(held, edited) > 100_000);
    assert.equal(distance(await shownPixels(page), edited), 0);
  });

  it("pastes an edit back into a dropped photo with the bytes of the command line, and records it", async () => {
    const { page } = open;
    await browser.choosePhoto(page, PAINTED);
    assert.equal(await notice(page), "");
    await chooseReference(page, "Eyeglasses", 1);
    await page.click("#tab-photo");
    await settle(page);
    const { name, bytes } = await browser.download(page);
    assert.equal(name, "painted-Eyeglasses.png");
    assert.match(
      bytes.toString("latin1"),
      /elegant-edit.*"attribute":"Eyeglasses","reference":"round glasses","share":1/s,
    );
    await withFolder(async (folder) => {
      const args = ["--model", "painted", "--attribute", "Eyeglasses", "--input", PAINTED, "--reference", REFERENCE];
      const command = ["swap", ...args, "--paste-back", "--device", "wasm", "--out", folder];
      const ended = await withEnvironment({ ELEGANT_SIMD: "plain" }, () =>
        runNode(fromRoot("bin/elegant.js"), command),
      );
      assert.equal(ended.code, 0, ended.stderr);
      const expected = await decodeImage(await readFile(join(folder, "painted-Eyeglasses.png")), "expected");
      const received = await decodeImage(bytes, "received");
      assert.deepEqual([received.width, received.height], [expected.width, expected.height]);
      assert.equal(Buffer.compare(Buffer.from(received.data), Buffer.from(expected.data)), 0);
    });
  });

  it("works without a connection once it is ready, and makes no request then", async () => {
    const { page, context, requests } = open;
    const before = requests.length;
    await context.setOffline(true);
    await browser.choosePhoto(page, PAINTED);
    await chooseReference(page, "Bangs", 1);
    for (const view of ["photo", "grid", "steps", "face"]) {
      await page.click(`#tab-${view}`);
      await settle(page);
    }
    assert.equal(await notice(page), "");
    assert.match((await status(page)) ?? "", /Bangs 100 %/);
    assert.deepEqual(requests.slice(before), []);
    // A model that was not loaded yet cannot be.
    await page.selectOption("#model select", "celeba-hq");
    await settle(page);
    assert.match((await notice(page)) ?? "", /“Photos of people” cannot be loaded. Check the connection/);
  });

  it("says in plain words what is wrong with a photo, and keeps the one before", async () => {
    const { page } = open;
    const shown = await shownPixels(page);
    const jpeg = await readFile(PAINTED);
    const grey = { width: 600, height: 400, data: new Uint8ClampedArray(600 * 400 * 4).fill(130) };
    const cases: readonly (readonly [name: string, bytes: Uint8Array, words: RegExp])[] = [
      ["cut.jpg", jpeg.subarray(0, jpeg.length / 2), /^cut\.jpg: damaged or unsupported JPEG: .*Replace the file\.$/],
      ["words.jpg", Buffer.from("no picture"), /^words\.jpg: image: expected JPEG, PNG, .*received/],
      ["empty.png", Buffer.alloc(0), /^empty\.png: image: expected JPEG, PNG/],
      ["wall.jpg", await encodeJpeg(grey, 90), /^No face was found in “wall\.jpg”\. Use a photo/],
    ];
    for (const [name, bytes, words] of cases) {
      await browser.choosePhoto(page, { name, mimeType: "image/jpeg", buffer: Buffer.from(bytes) });
      assert.match((await notice(page)) ?? "", words);
      assert.equal(distance(await shownPixels(page), shown), 0, name);
    }
    await browser.choosePhoto(page, PAINTED);
    assert.equal(await notice(page), "");
  });

  it("lets people choose among several faces", async () => {
    const { page } = open;
    const { width, height, data } = await decodeImage(await readFile(PAINTED), "painted");
    const two = { width: 2 * width, height, data: new Uint8ClampedArray(2 * width * height * 4) };
    for (let y = 0; y < height; y++) {
      for (const x of [0, width])
        two.data.set(data.subarray(y * width * 4, (y + 1) * width * 4), (y * 2 * width + x) * 4);
    }
    await browser.choosePhoto(page, {
      name: "two.jpg",
      mimeType: "image/jpeg",
      buffer: Buffer.from(await encodeJpeg(two, 92)),
    });
    const choices = page.locator("#photo fieldset input[type=radio]");
    assert.equal(await choices.count(), 2);
    const first = await shownPixels(page);
    await choices.nth(1).check({ force: true });
    await settle(page);
    assert.notEqual(distance(await shownPixels(page), first), 0);
  });

  it("takes a reference from the user's own photo", async () => {
    const { page } = open;
    const before = await shownPixels(page);
    await page.setInputFiles("[data-attribute=Bangs] input[type=file]", fromRoot("docs/images/astronaut.jpg"));
    await settle(page);
    assert.equal(await notice(page), "");
    assert.match((await status(page)) ?? "", /Bangs 100 %/);
    const chosen = page.locator("[data-attribute=Bangs] input[type=radio]:checked");
    assert.equal(await chosen.getAttribute("title"), "astronaut.jpg");
    assert.ok(distance(await shownPixels(page), before) > 0);
  });

  it("draws a grid of two attributes, and takes both shares from a place in it", async () => {
    const { page } = open;
    await page.click("#tab-grid");
    await settle(page);
    const canvas = page.locator("#view canvas");
    const box = await canvas.boundingBox();
    assert.ok(box !== null);
    await canvas.click({ position: { x: 0.5 * box.width, y: 0.9 * box.height } });
    await settle(page);
    assert.match((await status(page)) ?? "", /^Glasses 50 %, Bangs 100 %/);
    await canvas.press("ArrowLeft");
    await canvas.press("ArrowUp");
    await settle(page);
    assert.match((await status(page)) ?? "", /^Glasses 25 %, Bangs 75 %/);
  });

  it("explains the exchange in seven pictures", async () => {
    const { page } = open;
    await page.click("#tab-steps");
    await settle(page);
    assert.equal(await page.locator("#view figure").count(), 7);
    assert.match((await page.textContent("#view figcaption")) ?? "", /^1\. The face/);
  });

  it("names the terms of the model of real faces, and opens one's own model", async () => {
    const { page } = open;
    await page.selectOption("#model select", "celeba-hq");
    await settle(page);
    assert.match((await page.textContent("#model .hint")) ?? "", /non-commercial research only/);
    const own = page.locator("#model input[type=file]");
    await own.setInputFiles(fromRoot("assets/painted-64.safetensors"));
    await settle(page);
    assert.equal(await page.locator("#model select").inputValue(), "own");
    await own.setInputFiles({ name: "half.safetensors", mimeType: "", buffer: Buffer.alloc(100) });
    await settle(page);
    assert.match((await notice(page)) ?? "", /^half\.safetensors/);
    assert.equal(await page.locator("#model select").inputValue(), "own", "the model before stays open");
  });

  it("keeps the models that it has downloaded", async () => {
    const { context, requests } = open;
    const modelsOf = (urls: readonly string[]): string[] => urls.filter((url) => url.includes("/models/"));
    assert.equal(modelsOf(requests).length, 1);
    const again: string[] = [];
    const page = await context.newPage();
    page.on("request", (request) => again.push(request.url()));
    await page.goto(open.page.url());
    await page.waitForSelector("body[data-ready=true]");
    assert.ok(again.length > 5);
    assert.deepEqual(modelsOf(again), []);
  });

  it("gives every control a name, and moves among the views with arrow keys", async () => {
    const { page } = open;
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, input, select, canvas, [role=tab]")]
        .filter((element) => {
          const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : element.textContent;
          return ![element.ariaLabel, label, element.title].some((text) => text != null && text.trim() !== "");
        })
        .map(({ outerHTML }) => outerHTML),
    );
    assert.deepEqual(nameless, []);
    await page.focus("#tab-face");
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "tab-photo");
    assert.equal(await page.getAttribute("#tab-photo", "aria-selected"), "true");
  });

  it("fits a phone without scrolling sideways", async () => {
    const { page } = open;
    await page.setViewportSize({ width: 400, height: 800 });
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= window, `${content} > ${window}`);
  });
});
