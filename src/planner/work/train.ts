/** `elegant train` as the planner sees it: its own updates of an untrained model that is thrown away. An item is a pair. */
import { resolve } from "node:path";
import type { FaceDataset } from "../../dataset/dataset.js";
import type { Model, RunSettings } from "../../methods/method.js";
import { planBatch } from "../../training/batch-choice.js";
import { PairBatches } from "../../training/batches.js";
import { createPairSampler } from "../../training/pairs.js";
import { disposeState, newTrainingState } from "../../training/run.js";
import { takeUpdate } from "../../training/take-update.js";
import { loadShapes, type Work } from "./work.js";

/** A run's settings without the data's fingerprint. */
export type TrainMethod = Pick<RunSettings, "batch" | "seed"> & Readonly<Record<string, unknown>>;

/** Returns a key of the choices on which the costs of updates depend, without those that only change values. */
export function updateKey(
  { method: name, config }: Model,
  { seed: _, learningRate: __, ...method }: TrainMethod,
): string {
  const settings = Object.entries(method).sort(([a], [b]) => (a < b ? -1 : 1)); // One order for all callers.
  return JSON.stringify([name, config, settings]);
}

export function trainWork(dataset: FaceDataset, model: Model, method: TrainMethod): Work {
  const { size, attributes } = model.config;
  const { batch, seed } = method;
  return {
    items: "pairs",
    doing: "decode ahead",
    key: JSON.stringify(["train", resolve(dataset.dir), updateKey(model, method)]),
    shapes: [
      ...loadShapes(size, 2),
      { name: "upload", group: "update", place: "device", outputBytes: 2 * size * size * 3 * 4 },
      { name: "update", group: "update", place: "device", outputBytes: 0 },
    ],
    batches: [batch],
    async rehearse({ feeding, isOver }) {
      const settings = { ...method, dataset: "" };
      const training = model.training(settings, "train");
      const { flip, joint } = training;
      const sampler = createPairSampler(dataset, attributes, { batch, seed, flip, joint });
      const { part } = planBatch(training.memory, { batch, reason: null }); // The command divides it in the same way.
      const state = newTrainingState(model, settings);
      const batches = new PairBatches({ dataset, sampler, size, batch, workers: feeding, fromStep: 0 });
      try {
        while (!isOver())
          await takeUpdate({ training, state, batches, batch, part, feeding }, { step: 0, progress: 0 });
      } finally {
        await batches.close();
        disposeState(state);
      }
    },
  };
}
