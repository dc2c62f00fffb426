/**
 * Measures whether the model ever has to wait for reading. It reads batches in random order, as training does, from
 * image files, packed raw pixels and WebDataset's tar files, and compares with the time of model updates for the same number
 * of images. All take turns in one process. Usage: npm run bench:reading [-- FOLDER...]. FOLDERs are further data sets
 * to read; it paints and aligns its own photos in any case.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type FaceDataset, openDataset } from "../src/dataset/dataset.js";
import { openDevice } from "../src/device/open.js";
import { BatchLoader } from "../src/image/loader.js";
import { createConfig, OFFICIAL_NETWORK } from "../src/methods/elegant/config.js";
import { elegantModel } from "../src/methods/elegant/model.js";
import { PRESETS } from "../src/methods/elegant/presets.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import { Random } from "../src/random.js";
import { writeSynth } from "../src/synth/write.js";
import { disposeBatch, PairBatches } from "../src/training/batches.js";
import { createPairSampler } from "../src/training/pairs.js";
import { disposeState, newTrainingState } from "../src/training/run.js";
import { type Row, row, timingOf } from "./measure.js";
import { report } from "./report.js";

const PHOTOS = 96;
const SEED = 1;
const ATTRIBUTES = ["Bangs", "Eyeglasses"];
const ROUNDS = 5;
/** BATCHES: batches per stretch of reading. AHEAD: batches requested ahead, as in PairBatches. */
const BATCHES = 12;
const AHEAD = 3;
/** Number of formats that are image files; they come first. */
const FILES = 2;
const threads = availableParallelism();
/** The number of workers that `elegant train` uses by default. */
const workers = Math.max(1, Math.floor(threads / 2));

interface Case {
  readonly size: number;
  readonly width: number;
  readonly batch: number;
  readonly updates: number;
}

interface Source {
  readonly name: string;
  readonly dataset: FaceDataset;
}

/** Makes one data set in each format. */
async function makeSources(folder: string, photos: string, size: number): Promise<Source[]> {
  const sources: Source[] = [];
  for (const format of ["jpg", "png", "raw", "webdataset"] as const) {
    const out = join(folder, `${format}-${size}`);
    const options = { size, format, quality: 95, images: undefined, crop: null, limit: null, workers: threads };
    await preprocess(photos, out, options);
    const name = { jpg: "jpg files", png: "png files", raw: "packed raw pixels", webdataset: "webdataset" }[format];
    sources.push({ name, dataset: await openDataset(out) });
  }
  return sources;
}

/** Reads batches in random order while nothing else runs. Returns the milliseconds for all of them. */
async function readBatches(loader: BatchLoader, { dataset }: Source, pictures: number, seed: number): Promise<number> {
  const random = Random.fromSeed(seed, "reading");
  const began = performance.now();
  const load = () =>
    loader.load(Array.from({ length: pictures }, () => dataset.picture(random.below(dataset.files.length))));
  const queue = Array.from({ length: AHEAD }, load);
  for (let i = 0; i < BATCHES; i++) {
    if (i + AHEAD < BATCHES) queue.push(load());
    (await queue.shift()!).release();
  }
  return performance.now() - began;
}

async function benchCase(folder: string, photos: string, { size, width, batch, updates }: Case): Promise<Row[]> {
  const sources = await makeSources(folder, photos, size);
  const model = elegantModel(createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ATTRIBUTES }));
  const { method } = PRESETS.official;
  const loader = new BatchLoader({ size, workers, batch: 2 * batch, slots: AHEAD + 1 });
  const sampler = createPairSampler(sources[0].dataset, ATTRIBUTES, { batch, seed: SEED });
  const settings = { ...method, batch, seed: SEED, dataset: sampler.fingerprint };
  const training = model.training(settings, "bench");
  const state = newTrainingState(model, settings);
  // bench:feeding asks the same of image files.
  const feeds = sources.slice(FILES).map(({ dataset }) => {
    const own = createPairSampler(dataset, ATTRIBUTES, { batch, seed: SEED });
    return new PairBatches({ dataset, sampler: own, size, batch, workers, fromStep: 0 });
  });
  const held = await feeds[0].next();
  const read = sources.map((): number[] => []);
  const fed = feeds.map((): number[] => []);
  const alone: number[] = [];
  try {
    for (let round = -1; round < ROUNDS; round++) {
      const timed = async (times: number[], work: () => Promise<void>): Promise<void> => {
        const began = performance.now();
        for (let i = 0; i < updates; i++) await work();
        if (round >= 0) times.push(performance.now() - began);
      };
      await timed(alone, async () => {
        await training.update(state, held, { step: 0, progress: 0 }, batch);
      });
      for (const [i, source] of sources.entries()) {
        const milliseconds = await readBatches(loader, source, 2 * batch, round);
        if (round >= 0) read[i].push(milliseconds);
        if (i < FILES) continue;
        await timed(fed[i - FILES], async () => {
          const pairs = await feeds[i - FILES].next();
          await training.update(state, pairs, { step: 0, progress: 0 }, batch);
          disposeBatch(pairs);
        });
      }
    }
  } finally {
    for (const feed of feeds) await feed.close();
    await loader.close();
    disposeBatch(held);
    disposeState(state);
  }
  // The model's time for one picture: an update takes 2 * batch of them.
  const perPicture = timingOf(alone.map((ms) => ms / updates / (2 * batch)));
  const perUpdate = timingOf(alone.map((ms) => ms / updates));
  const shape = `${size} px, width ${width}, batch ${batch} + ${batch}`;
  return sources.flatMap(({ name }, i) => {
    const reading = timingOf(read[i].map((ms) => ms / BATCHES / (2 * batch)));
    const rate = (1000 / reading.ms).toFixed(0);
    const work = `a picture read, ${name}, ${size} px, ${workers} of ${threads} threads (${rate}/s)`;
    const alone = row(work, reading, 1, { name: `its share of an update, width ${width}`, timing: perPicture }, 0.5);
    if (i < FILES) return [alone];
    const updating = timingOf(fed[i - FILES].map((ms) => ms / updates));
    return [
      alone,
      row(`update fed from ${name}, ${shape}`, updating, 1, { name: "a batch in memory", timing: perUpdate }, 1.1),
    ];
  });
}

/** Reads a given data set, without a model. */
async function benchFolder(path: string, size: number): Promise<Row> {
  const source = { name: basename(path), dataset: await openDataset(path) };
  const loader = new BatchLoader({ size, workers: threads, batch: 32, slots: AHEAD + 1 });
  const times: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const milliseconds = await readBatches(loader, source, 32, round);
    if (round >= 0) times.push(milliseconds / BATCHES / 32);
  }
  await loader.close();
  const reading = timingOf(times);
  const { format, files } = source.dataset;
  return row(
    `a picture read, ${source.name} (${format}, ${files.length}), ${(1000 / reading.ms).toFixed(0)}/s`,
    reading,
    1,
  );
}

const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
try {
  const photos = join(folder, "photos");
  await writeSynth({ directory: photos, count: PHOTOS, seed: SEED, workers: threads });
  const device = await openDevice("wasm", threads);
  const rows = await benchCase(folder, photos, { size: 64, width: 16, batch: 8, updates: 4 });
  rows.push(...(await benchCase(folder, photos, { size: 256, width: 8, batch: 4, updates: 4 })));
  await device.close();
  for (const path of process.argv.slice(2)) rows.push(await benchFolder(path, 256));
  await report("reading", rows);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);
