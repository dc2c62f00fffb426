/**
 * Measures the page in Chromium on this machine: from opening it to its first edited picture, with nothing in the cache, and from
 * moving a slider to the next picture. Usage: npm run bench:web. CHROMIUM names the browser, by default Debian's.
 */
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { serveFolder } from "../src/web/server.js";
import { row, timingOf } from "./measure.js";
import { report } from "./report.js";

const OPENINGS = 7;
const STEPS = 21;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Runs in the page: milliseconds until the status says that an edit is done. */
function untilEdited(percent: string): Promise<number> {
  const status = document.querySelector("#status");
  const slider = document.querySelector<HTMLInputElement>("[data-attribute=Eyeglasses] input[type=range]");
  if (status === null || slider === null) throw new Error("no slider");
  return new Promise((resolve) => {
    const start = performance.now();
    const isDone = (): boolean => status.textContent?.startsWith(`Glasses ${percent} %`) === true;
    new MutationObserver((_, observer) => {
      if (!isDone()) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - start));
    }).observe(status, { childList: true, characterData: true, subtree: true });
    slider.value = percent;
    slider.dispatchEvent(new Event("input"));
  });
}

/** Milliseconds from the start of the navigation to the first edit. */
async function open(page: Page, url: string): Promise<number> {
  await page.goto(url);
  await page.waitForFunction(() => /Edited in/.test(document.querySelector("#status")?.textContent ?? ""), null, {
    polling: "raf",
  });
  return page.evaluate(() => performance.now());
}

const server = await serveFolder(fileURLToPath(new URL("../web/", import.meta.url)), { port: 0 });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const openings: number[] = [];
  const steps: number[] = [];
  for (let i = 0; i < OPENINGS; i++) {
    // Each context has a cache of its own.
    const context = await browser.newContext();
    const page = await context.newPage();
    openings.push(await open(page, server.url));
    if (i === OPENINGS - 1) {
      await page.waitForSelector("body[data-ready=true]");
      for (let step = 0; step < STEPS; step++) steps.push(await page.evaluate(untilEdited, String(5 + step * 4)));
    }
    await context.close();
  }
  console.log(`Chromium ${browser.version()}`);
  await report("web", [
    row("the page: from opening it to the first edited picture", timingOf(openings), 1),
    row("the page: from a slider's step to its picture", timingOf(steps), 1),
  ]);
} finally {
  await browser.close();
  await server.close();
}
