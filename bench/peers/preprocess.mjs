/**
 * Crops by jimp alone or by sharp, in as many threads as are said: decode, cut out the square of the face, resize, JPEG. Neither
 * rotates here, which is less work than an alignment.
 * Usage: preprocess.mjs jimp|sharp FOLDER OUT SIZE QUALITY THREADS COUNT; a line on stdin for each round, milliseconds as the answer.
 */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const [library, folder, out, size, quality, threads, count] = isMainThread ? process.argv.slice(2) : workerData;

/** The published crop's square, without its rotation: 256 / 70 eye distances wide. */
function squareOf([lx, ly, rx, ry]) {
  const side = Math.round((Math.hypot(rx - lx, ry - ly) * 256) / 70);
  return { left: Math.round((lx + rx) / 2 - side / 2), top: Math.round((ly + ry) / 2 - side / 2.42), side };
}

async function cropper() {
  if (library === "sharp") {
    const { default: sharp } = await import("sharp");
    sharp.concurrency(1);
    sharp.cache(false);
    return async (bytes, { left, top, side }) => {
      const { width, height } = await sharp(bytes).metadata();
      const x = Math.max(0, Math.min(left, width - 1));
      const y = Math.max(0, Math.min(top, height - 1));
      const area = { left: x, top: y, width: Math.min(side, width - x), height: Math.min(side, height - y) };
      return sharp(bytes)
        .extract(area)
        .resize(Number(size), Number(size), { fit: "fill" })
        .jpeg({ quality: Number(quality) })
        .toBuffer();
    };
  }
  const { Jimp } = await import("jimp");
  return async (bytes, { left, top, side }) => {
    const image = await Jimp.read(bytes);
    const x = Math.max(0, Math.min(left, image.width - 1));
    const y = Math.max(0, Math.min(top, image.height - 1));
    image.crop({ x, y, w: Math.min(side, image.width - x), h: Math.min(side, image.height - y) });
    image.resize({ w: Number(size), h: Number(size) });
    return image.getBuffer("image/jpeg", { quality: Number(quality) });
  };
}

if (isMainThread) {
  const rows = readFileSync(join(folder, "list_landmarks_celeba.txt"), "utf8").split(/\r?\n/).slice(2).filter(Boolean);
  const items = rows.slice(0, Number(count)).map((row) => row.trim().split(/\s+/));
  const workers = Array.from({ length: Number(threads) }, () => {
    return new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) });
  });
  const round = () =>
    Promise.all(
      workers.map((worker, i) => {
        worker.postMessage(items.filter((_, j) => j % workers.length === i));
        return new Promise((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
        });
      }),
    );
  for await (const _ of createInterface({ input: process.stdin })) {
    const began = performance.now();
    await round();
    process.stdout.write(`${performance.now() - began}\n`);
  }
  for (const worker of workers) await worker.terminate();
} else {
  const crop = await cropper();
  parentPort.on("message", async (items) => {
    for (const [name, ...words] of items) {
      const bytes = await crop(await readFile(join(folder, "images", name)), squareOf(words.map(Number)));
      await writeFile(join(out, `${name.replace(/\.\w+$/, "")}.jpg`), bytes);
    }
    parentPort.postMessage("done");
  });
}
