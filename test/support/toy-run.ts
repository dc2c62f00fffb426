/** A training run of the toy method. */
import type { FaceDataset } from "../../src/dataset/dataset.js";
import type { TrainOptions } from "../../src/training/options.js";
import { TOY } from "./toy-method.js";

export const TOY_STEPS = 30;

/** Saves every fourth step, so that a run can be killed between two checkpoints. */
export function toyRun(dataset: FaceDataset, folder: string): TrainOptions {
  return {
    dataset,
    folder,
    model: TOY.parse({ method: "toy", size: 64, attributes: ["Bangs", "Smiling"] }, "test"),
    settings: { batch: 2, seed: 3, learningRate: 0.01 },
    resume: false,
    steps: TOY_STEPS,
    saveEvery: 4,
    sampleEvery: 10,
    workers: 1,
  };
}
