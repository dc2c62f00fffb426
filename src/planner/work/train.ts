/** `elegant train` as the planner sees it: its own updates of an untrained model that is thrown away. An item is a pair. */
import { resolve } from "node:path";
import type { FaceDataset } from "../../dataset/dataset.js";
import type { ModelConfig } from "../../methods/elegant/config.js";
import { disposeState } from "../../methods/elegant/update.js";
import { planBatch } from "../../training/batch-choice.js";
import { PairBatches } from "../../training/batches.js";
import { takeUpdate } from "../../training/loop.js";
import { createPairSampler } from "../../training/pairs.js";
import { newTrainingState } from "../../training/run.js";
import { type RunSettings, stepSettings } from "../../training/settings.js";
import { loadShapes, type Work } from "./work.js";

export type TrainMethod = Omit<RunSettings, "dataset">;

/** What the costs of updates depend on: all choices of a method but those that only change values. */
export function updateKey(config: ModelConfig, { seed: _, learningRate: __, ...method }: TrainMethod): string {
  const settings = Object.entries(method).sort(([a], [b]) => (a < b ? -1 : 1)); // in one order for all callers
  return JSON.stringify([config, settings]);
}

export function trainWork(dataset: FaceDataset, config: ModelConfig, method: TrainMethod): Work {
  const { size, attributes } = config;
  const { batch, seed, flip, joint } = method;
  return {
    items: "pairs",
    doing: "decode ahead",
    key: JSON.stringify(["train", resolve(dataset.dir), updateKey(config, method)]),
    shapes: [
      ...loadShapes(size, 2),
      { name: "upload", group: "update", place: "device", outputBytes: 2 * size * size * 3 * 4 },
      { name: "update", group: "update", place: "device", outputBytes: 0 },
    ],
    batches: [batch],
    async rehearse({ feeding, isOver }) {
      const sampler = createPairSampler(dataset, attributes, { batch, seed, flip, joint });
      const onStep = stepSettings({ ...method, dataset: sampler.fingerprint }, 0);
      const { part } = planBatch({ config, ...method }, { batch, reason: null }); // as the command divides it
      const state = newTrainingState(config, seed, method.ema > 0, method.initialisation);
      const batches = new PairBatches({ dataset, sampler, size, batch, workers: feeding, fromStep: 0 });
      try {
        while (!isOver()) await takeUpdate({ state, batches, batch, part, feeding }, onStep);
      } finally {
        await batches.close();
        disposeState(state);
      }
    },
  };
}
