/**
 * How long does each stage of preprocessing take, and how many images a second are aligned?
 * Usage: node dist/bench/preprocess.js [FOLDER]: a data set in CelebA's files, by default ../shared/faces/in-the-wild.
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import jpegJs from "@jimp/js-jpeg";
import { preprocess } from "../src/dataset/preprocess.js";
import { planPreprocess } from "../src/dataset/preprocess-plan.js";
import { decodeImage, encodePng } from "../src/image/codec.js";
import { sniffFormat } from "../src/image/header.js";
import { cropFace, writeWhole } from "../src/image/photo.js";
import { Pixels } from "../src/image/pixels.js";
import { loadModule } from "../src/kernels/module.js";
import { measure, type Row, report, row } from "./measure.js";

const SIZE = 256;
const QUALITY = 95;
const MOST_PHOTOS = 64;

async function benchStages(folder: string, out: string): Promise<Row[]> {
  const { imageDir, photos } = await planPreprocess(folder, {
    images: undefined,
    format: "jpg",
    crop: null,
    limit: null,
  });
  const chosen = photos.filter(({ file }) => existsSync(join(imageDir, file))).slice(0, MOST_PHOTOS);
  const n = chosen.length;
  const paths = chosen.map(({ file }) => join(imageDir, file));
  const files = paths.map((path) => readFileSync(path));
  const images = await Promise.all(files.map((bytes, i) => decodeImage(bytes, paths[i])));
  const pixels = new Pixels(await loadModule("image"));
  const crops = images.map((image, i) => cropFace(pixels, image, chosen[i].placement, SIZE, paths[i]).crop);
  const encoded = crops.map((crop) => pixels.encodeJpeg(crop, QUALITY));
  const jimp = jpegJs();
  const asJpeg = files.filter((bytes) => sniffFormat(bytes) === "jpeg");
  const bitmaps = crops.map(({ width, height, data }) => ({ width, height, data: Buffer.from(data) }));

  const decodeOurs = await measure(async () => {
    for (const bytes of asJpeg) await decodeImage(bytes, "bench");
  });
  const decodePeer = await measure(() => asJpeg.map((bytes) => jimp.decode(bytes)), 3, 1);
  const encodeOurs = await measure(() => crops.map((crop) => pixels.encodeJpeg(crop, QUALITY)));
  const encodePeer = await measure(() => bitmaps.map((bitmap) => jimp.encode(bitmap, { quality: QUALITY })), 3, 1);
  const warp = await measure(() =>
    images.map((image, i) => cropFace(pixels, image, chosen[i].placement, SIZE, paths[i])),
  );
  const encodeLossless = await measure(async () => {
    for (const crop of crops) await encodePng(crop);
  }, 3);
  const write = await measure(() => {
    for (const [i, bytes] of encoded.entries()) writeWhole(join(out, `${i}.jpg`), bytes);
  });
  return [
    row("read", await measure(() => paths.map((path) => readFileSync(path))), n),
    row("decode JPEG", decodeOurs, asJpeg.length, { name: "jimp", timing: decodePeer }),
    row(`align and warp to ${SIZE}`, warp, n),
    row(`encode JPEG ${QUALITY}`, encodeOurs, n, { name: "jimp", timing: encodePeer }),
    row("encode PNG", encodeLossless, n),
    row("write", write, n),
  ];
}

async function benchWhole(folder: string, out: string, workers: number): Promise<Row> {
  let done = 0;
  let run = 0;
  const timing = await measure(
    async () => {
      const options = {
        size: SIZE,
        images: undefined,
        format: "jpg",
        quality: QUALITY,
        crop: null,
        limit: null,
      } as const;
      ({ done } = await preprocess(folder, join(out, `${workers}-${run++}`), { ...options, workers }));
    },
    3,
    1,
  );
  return row(`all stages, ${workers} workers, with their start`, timing, done);
}

const folder = resolve(process.argv[2] ?? fileURLToPath(new URL("../../../shared/faces/in-the-wild", import.meta.url)));
if (existsSync(folder)) {
  const out = await mkdtemp(join(tmpdir(), "elegant-bench-"));
  try {
    const rows = await benchStages(folder, out);
    for (const workers of new Set([1, availableParallelism()])) rows.push(await benchWhole(folder, out, workers));
    console.log(`Milliseconds an image, ${folder}`);
    await report("preprocess", rows);
    const whole = rows.at(-1)!;
    console.log(`${(1000 / whole.oursMs).toFixed(0)} images/s`);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
} else {
  console.error(`No photos at ${folder}. Give a folder with photos and list_landmarks_celeba.txt as the argument.`);
  process.exitCode = 2;
}
