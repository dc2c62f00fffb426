/**
 * Measures whether the pool feeds a training fast enough. It compares updates on batches that the pool decodes at the
 * same time, as in `elegant train`, with updates on one batch that stays in memory. Stretches of both take turns in one
 * process. Usage: npm run bench:feeding. It paints and aligns its own photos in a temporary folder.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "../src/dataset/dataset.js";
import { openDevice } from "../src/device/open.js";
import { createConfig, OFFICIAL_NETWORK } from "../src/methods/elegant/config.js";
import { elegantModel } from "../src/methods/elegant/model.js";
import { PRESETS } from "../src/methods/elegant/presets.js";
import { preprocess } from "../src/preprocess/preprocess.js";
import { writeSynth } from "../src/synth/write.js";
import { disposeBatch, PairBatches } from "../src/training/batches.js";
import { createPairSampler } from "../src/training/pairs.js";
import { disposeState, newTrainingState } from "../src/training/run.js";
import { type Row, row, timingOf } from "./measure.js";
import { report } from "./report.js";

const PHOTOS = 120;
const SEED = 1;
const ATTRIBUTES = ["Bangs", "Eyeglasses"];
const ROUNDS = 9;
const threads = availableParallelism();

/**
 * @param updates number of updates per stretch: more than the batches that are decoded ahead, so that the pool works
 *                during it
 */
async function feedingRow(photos: string, size: number, width: number, batch: number, updates: number): Promise<Row> {
  const faces = `${photos}-${size}`;
  await preprocess(photos, faces, {
    size,
    format: "jpg",
    quality: 95,
    images: undefined,
    crop: null,
    limit: null,
    workers: threads,
  });
  const dataset = await openDataset(faces);
  const model = elegantModel(createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ATTRIBUTES }));
  const sampler = createPairSampler(dataset, ATTRIBUTES, { batch, seed: SEED });
  const { method } = PRESETS.official;
  const settings = { ...method, batch, seed: SEED, dataset: sampler.fingerprint };
  const device = await openDevice("wasm", threads);
  const training = model.training(settings, "bench");
  const state = newTrainingState(model, settings);
  // As the command does by default.
  const workers = Math.max(1, Math.floor(threads / 2));
  const batches = new PairBatches({
    dataset,
    sampler,
    size,
    batch,
    workers,
    fromStep: 0,
  });
  const held = await batches.next();
  const onHeld = async (): Promise<void> => {
    await training.update(state, held, { step: 0, progress: 0 }, batch);
  };
  const onFed = async (): Promise<void> => {
    const pairs = await batches.next();
    await training.update(state, pairs, { step: 0, progress: 0 }, batch);
    disposeBatch(pairs);
  };
  const times: Record<"held" | "fed", number[]> = { held: [], fed: [] };
  for (let round = -1; round < ROUNDS; round++) {
    for (const [kind, update] of [
      ["held", onHeld],
      ["fed", onFed],
    ] as const) {
      const began = performance.now();
      for (let i = 0; i < updates; i++) await update();
      if (round >= 0) times[kind].push(performance.now() - began);
    }
  }
  await batches.close();
  disposeBatch(held);
  disposeState(state);
  await device.close();
  const work = `training update, ${size} px, width ${width}, batch ${batch} + ${batch}, fed by the pool`;
  return row(work, timingOf(times.fed), updates, { name: "a batch in memory", timing: timingOf(times.held) }, 1.1);
}

const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
try {
  const photos = join(folder, "photos");
  await writeSynth({ directory: photos, count: PHOTOS, seed: SEED, workers: threads });
  const rows = [await feedingRow(photos, 64, 32, 16, 6), await feedingRow(photos, 256, 16, 4, 5)];
  await report("feeding", rows);
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);
