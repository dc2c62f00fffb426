/** The built page in a real browser: Debian's Chromium, driven by playwright-core, which downloads none. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { filesElsewhere, PAGE_FOLDER } from "../../src/web/page-files.js";
import { type FolderServer, serveFolder } from "../../src/web/server.js";

/** Where Debian, Ubuntu and Fedora put it; CHROMIUM names another one. */
const PLACES = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"];
const PAGE_TIMEOUT = 120_000;

/** Path of a Chromium, or null: the test then calls this.skip(). */
export function findChromium(): string | null {
  return PLACES.find((path) => path !== "" && existsSync(path)) ?? null;
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses of all requests so far. */
  readonly requests: readonly string[];
  /** Errors of the page, and reports of its Content-Security-Policy. */
  readonly errors: readonly string[];
}

export class PageBrowser {
  private constructor(
    private readonly browser: Browser,
    private readonly server: FolderServer,
    private readonly downloads: string,
  ) {}

  /** @param args further arguments of Chromium */
  static async open(executablePath: string, args: readonly string[] = []): Promise<PageBrowser> {
    const server = await serveFolder(PAGE_FOLDER, { port: 0, elsewhere: filesElsewhere() });
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...args] });
    return new PageBrowser(browser, server, await mkdtemp(join(tmpdir(), "elegant-test-")));
  }

  /**
   * Opens the page and waits until it has shown its first edit and is ready.
   * @param query of its address, such as "?device=wasm"
   * @param url   of another server
   */
  async openPage(query = "", url = this.server.url): Promise<OpenPage> {
    const context = await this.browser.newContext({ viewport: { width: 1200, height: 900 }, acceptDownloads: true });
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    await page.goto(url + query);
    await page.waitForSelector("body[data-ready=true], #notice p", { timeout: PAGE_TIMEOUT });
    return { page, context, requests, errors };
  }

  /** Chooses a photo, and waits until the page shows it or says why not. */
  async choosePhoto(page: Page, file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
    await page.setInputFiles("#photo input[type=file]", file);
    await settle(page);
  }

  /** The file that a click on "Download PNG" saves. */
  async download(page: Page): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    const started = page.waitForEvent("download");
    await page.click("text=Download PNG");
    const download = await started;
    const path = join(this.downloads, "download.png");
    await download.saveAs(path);
    return { name: download.suggestedFilename(), bytes: await readFile(path) };
  }

  /** Ends the process that drives the GPU, as a driver's fault does. */
  async crashGpu(): Promise<void> {
    const session = await this.browser.newBrowserCDPSession();
    await session.send("Browser.crashGpuProcess");
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
    await rm(this.downloads, { recursive: true, force: true });
  }
}

/** Opens a browser before the tests of the calling suite, which are skipped without one, and closes it after them. */
export function useBrowser(use: (browser: PageBrowser) => void, args: readonly string[] = []): void {
  let opened: PageBrowser | null = null;
  before(async function () {
    const chromium = findChromium();
    if (chromium === null) {
      console.log("        skipped: needs Chromium (apt install chromium, or CHROMIUM=path)");
      this.skip();
    }
    opened = await PageBrowser.open(chromium, args);
    use(opened);
  });
  after(() => opened?.close());
}

/** Waits until the page computes nothing any more. */
export async function settle(page: Page): Promise<void> {
  await page.waitForSelector("body:not([data-busy])", { timeout: PAGE_TIMEOUT });
}

/** The pixels of the shown picture, RGBA. */
export async function shownPixels(page: Page): Promise<Buffer> {
  const text = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("#view canvas");
    const context = canvas?.getContext("2d");
    if (canvas === null || context == null) throw new Error("no picture");
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let characters = "";
    for (let i = 0; i < data.length; i += 8192) characters += String.fromCharCode(...data.subarray(i, i + 8192));
    return btoa(characters);
  });
  return Buffer.from(text, "base64");
}

/** Sum of the absolute differences of two pictures of one size. */
export function distance(a: Buffer, b: Buffer): number {
  if (a.length !== b.length) throw new Error(`pictures of ${a.length} and ${b.length} bytes`);
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0);
}
