/** The package in a browser, as docs/browser.md shows it. */
import assert from "node:assert/strict";
import { copyFile, cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { decodeImage } from "../../src/image/codec.js";
import { copyPage, PAGE_FOLDER } from "../../src/web/page-files.js";
import { serveFolder } from "../../src/web/server.js";
import { findChromium, shownPixels } from "../support/browser.js";
import { fencedBlocks } from "../support/documents.js";
import { withFolder } from "../support/pictures.js";
import { fromRoot, runNode } from "../support/spawn.js";

/** Levels of 255 between the builds of the kernels: last bits of sums move the found landmarks a little, too. */
const MOST_LEVELS = 3;
const PHOTO = fromRoot("src/web/static/examples/painted.jpg");
const GLASSES = fromRoot("src/web/static/examples/eyeglasses-round.jpg");
const HTML = '<!doctype html><div id="view"><canvas></canvas></div><script type="module" src="program.js"></script>';

describe("the package in a browser", () => {
  it("edits a photo with the program of docs/browser.md, as the command line does", async function () {
    const executablePath = findChromium();
    if (executablePath === null) {
      console.log("        skipped: needs Chromium (apt install chromium, or CHROMIUM=path)");
      this.skip();
    }
    const [program] = await fencedBlocks("docs/browser.md", "js");
    await withFolder(async (folder) => {
      const site = join(folder, "site");
      await mkdir(join(folder, "node_modules"), { recursive: true });
      await mkdir(site);
      await symlink(fromRoot("."), join(folder, "node_modules/elegant-faces"), "dir");
      await writeFile(join(folder, "program.js"), program);
      await build({
        entryPoints: [join(folder, "program.js")],
        outfile: join(site, "program.js"),
        bundle: true,
        format: "esm",
        minify: true,
        logLevel: "silent",
      });
      await writeFile(join(site, "index.html"), HTML);
      await copyPage(PAGE_FOLDER, join(folder, "page"), new AbortController().signal);
      await cp(join(folder, "page/files"), join(site, "files"), { recursive: true });
      await copyFile(join(folder, "page/models/painted-64.safetensors"), join(site, "painted-64.safetensors"));
      await copyFile(PHOTO, join(site, "photo.jpg"));
      await copyFile(GLASSES, join(site, "glasses.jpg"));
      const server = await serveFolder(site, { port: 0 });
      const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        const failures: string[] = [];
        page.on("pageerror", ({ message }) => failures.push(message));
        await page.goto(server.url);
        const isDrawn = (): boolean => (document.querySelector("canvas")?.width ?? 0) > 300; // the width of an empty one
        await page.waitForFunction(isDrawn, null, { timeout: 120_000 }).catch((error: unknown) => {
          throw new Error(`${String(error)} ${failures.join(" ")}`);
        });
        const received = await shownPixels(page);
        const swap = ["--model", "painted", "--attribute", "Eyeglasses", "--input", PHOTO, "--reference", GLASSES];
        const { code, stderr } = await runNode(fromRoot("bin/elegant.js"), [
          ...["swap", ...swap, "--paste-back", "--device", "wasm", "--out", join(folder, "out")],
        ]);
        assert.equal(code, 0, stderr);
        const expected = await decodeImage(await readFile(join(folder, "out/painted-Eyeglasses.png")), "expected");
        assert.equal(received.length, expected.data.length);
        const worst = received.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i])), 0);
        assert.ok(worst <= MOST_LEVELS, `${worst} levels`);
      } finally {
        await browser.close();
        await server.close();
      }
    });
  });
});
