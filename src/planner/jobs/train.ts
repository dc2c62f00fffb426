/** `elegant train` for the planner: real updates of a fresh model that is thrown away. An item is a pair of pictures. */
import { resolve } from "node:path";
import type { FaceDataset } from "../../dataset/dataset.js";
import { InputError } from "../../errors.js";
import { createImagePool } from "../../image/tasks.js";
import type { Model, RunSettings } from "../../methods/method.js";
import { BatchRing } from "../../pool/ring.js";
import { planBatch } from "../../training/batch-choice.js";
import { disposeBatch, uploadPairs } from "../../training/batches.js";
import { createPairSampler, type PairIndices } from "../../training/pairs.js";
import { disposeState, newTrainingState } from "../../training/run.js";
import type { Span } from "../types.js";
import { type Job, LOAD_STAGES, loadShapes, type Outline, onDevice, spansOfTask } from "./job.js";

interface Unit {
  readonly indices: PairIndices;
  pictures: Float32Array | null;
}

/** The settings but for the data's fingerprint. */
type Method = Pick<RunSettings, "batch" | "seed"> & Readonly<Record<string, unknown>>;

export function trainOutline(dataset: FaceDataset, { config }: Model, method: Method): Outline {
  const { size } = config;
  // Neither changes what an update costs.
  const { seed: _, learningRate: __, ...dear } = method;
  const settings = Object.entries(dear).sort(([a], [b]) => (a < b ? -1 : 1)); // in one order, whoever asks
  return {
    items: "pairs",
    doing: "decode ahead",
    key: JSON.stringify(["train", resolve(dataset.dir), config, settings]),
    shapes: [
      ...loadShapes(size, 2),
      { name: "upload", group: "update", place: "device", outputBytes: 2 * size * size * 3 * 4 },
      { name: "update", group: "update", place: "device", outputBytes: 0 },
    ],
    batches: [method.batch],
  };
}

/** On the current device. */
export async function trainJob(
  dataset: FaceDataset,
  model: Model,
  method: Method,
  workers: number,
): Promise<Job<Unit>> {
  const { size, attributes } = model.config;
  const { batch, seed } = method;
  const { flip, joint } = model.training({ ...method, dataset: "" }, "train");
  const sampler = createPairSampler(dataset, attributes, { batch, seed, flip, joint });
  const settings: RunSettings = { ...method, dataset: sampler.fingerprint };
  const training = model.training(settings, "train");
  // As the command divides it.
  const { part } = planBatch(training.memory, { batch, reason: null });
  const state = newTrainingState(model, settings);
  const pool = await createImagePool(workers);
  const { updatesPerStep } = sampler;
  const length = 2 * batch * size * size * 3;
  let taken = 0;
  return {
    ...trainOutline(dataset, model, method),
    *units() {
      for (; ; taken++) {
        const indices = sampler.pairs(Math.floor(taken / updatesPerStep), taken % updatesPerStep);
        yield { indices, pictures: null };
      }
    },
    async run(group, _place, unit, signal) {
      const { indices } = unit;
      if (group === "load") {
        const sources = [...indices.positive, ...indices.negative].map((file) => dataset.picture(file));
        const target = new BatchRing(1, length).range(0, 0, length);
        const result = await pool.run("loadImages", { size, crop: null, sources, target }, { signal });
        // The training leaves out a few pictures; a measurement does not need them.
        if (result.failures.length === sources.length) throw new InputError(result.failures[0].reason);
        unit.pictures = new Float32Array(target.buffer);
        return spansOfTask(result, LOAD_STAGES, batch);
      }
      const spans: Span[] = [];
      const pictures = unit.pictures as Float32Array;
      unit.pictures = null;
      const pairs = await onDevice(spans, "upload", batch, () => {
        return uploadPairs(pictures, indices, sampler, size);
      });
      try {
        await onDevice(spans, "update", batch, () => training.update(state, pairs, { step: 0, progress: 0 }, part));
      } finally {
        disposeBatch(pairs);
      }
      return spans;
    },
    async close() {
      await pool.close();
      disposeState(state);
    },
  };
}
