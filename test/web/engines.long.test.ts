/** The page's engines: without shared memory, and on a GPU. */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { copyPage, PAGE_FOLDER } from "../../src/web/page-files.js";
import { distance, findChromium, type OpenPage, PageBrowser, settle, shownPixels } from "../support/browser.js";
import { withFolder } from "../support/folder.js";
import { fromRoot } from "../support/spawn.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
/** Chromium's own driver, which computes on the CPU. */
const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
/** Levels of 255 between pictures of two devices: both round sums that differ in their last bits. */
const MOST_LEVELS = 1;

/** Milliseconds after which Chromium has emptied the canvases of a lost GPU and announced it. */
const CANVAS_LOSS = 2000;

/** Any static host, with the folder that `elegant web --out` writes: it knows no headers. */
async function serveWithoutHeaders(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(folder, request.url === "/" ? "index.html" : (request.url ?? "").split("?")[0]);
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
    createReadStream(path)
      .on("error", () => response.writeHead(404).end())
      .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("the engines of the page", () => {
  let chromium: string;
  let browser: PageBrowser | null = null;
  before(function () {
    const found = findChromium();
    if (found === null) {
      console.log("        skipped: needs Chromium (apt install chromium, or CHROMIUM=path)");
      this.skip();
    }
    chromium = found;
  });
  afterEach(async () => {
    await browser?.close();
    browser = null;
  });

  it("give the same picture on one thread, where a host does not send the headers for more", () =>
    withFolder(async (folder) => {
      await copyPage(PAGE_FOLDER, folder, new AbortController().signal);
      browser = await PageBrowser.open(chromium);
      const server = await serveWithoutHeaders(folder);
      try {
        const { port } = server.address() as AddressInfo;
        const one = await browser.openPage("", `http://127.0.0.1:${port}/`);
        assert.equal(await one.page.evaluate(() => crossOriginIsolated), false);
        assert.match((await one.page.textContent("#engine")) ?? "", /SIMD kernels, one thread/);
        const several = await browser.openPage();
        assert.equal(await several.page.evaluate(() => crossOriginIsolated), true);
        assert.equal(distance(await shownPixels(one.page), await shownPixels(several.page)), 0);
        await browser.choosePhoto(one.page, fromRoot("src/web/static/examples/painted.jpg"));
        assert.equal(await one.page.textContent("#notice"), "");
        assert.deepEqual(one.errors, []);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }));

  it("compute on a GPU on request, with the same picture, and continue without it when it is lost", async () => {
    browser = await PageBrowser.open(chromium, SOFTWARE_GPU);
    const wasm = await browser.openPage("?device=wasm");
    const expected = await shownPixels(wasm.page);
    await wasm.context.close();
    const { page, errors }: OpenPage = await browser.openPage("?device=webgpu");
    assert.match((await page.textContent("#engine")) ?? "", /webgpu: .*software/);
    // Another edit and back, so that the GPU makes the picture.
    const slider = page.locator("[data-attribute=Eyeglasses] input[type=range]");
    for (const share of ["50", "100"]) {
      await slider.fill(share);
      await settle(page);
    }
    const received = await shownPixels(page);
    assert.equal(received.length, expected.length);
    const worst = received.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
    assert.ok(worst <= MOST_LEVELS, `${worst} levels`);
    assert.deepEqual(errors, []);
    await browser.crashGpu();
    await slider.fill("0");
    await settle(page);
    assert.equal(await page.textContent("#notice"), "The GPU was lost. Edits continue on the processor.");
    assert.match((await page.textContent("#engine")) ?? "", /SIMD kernels/);
    await slider.fill("100");
    await settle(page);
    // The browser empties canvases a little after the loss, and the page draws them again.
    await page.waitForTimeout(CANVAS_LOSS);
    assert.equal(distance(await shownPixels(page), expected), 0);
  });
});
