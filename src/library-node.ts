/** Models and trainings of the file system, for users of the package in Node.js, with our own types (library.ts). */
import type { FaceDataset } from "./dataset/dataset.js";
import type { Generator } from "./library.js";
import type { ModelConfig } from "./methods/elegant/config.js";
import { elegantModel } from "./methods/elegant/model.js";
import * as opening from "./models/open.js";
import * as loop from "./training/loop.js";
import type { OnProgress } from "./types.js";

/**
 * Opens a model on the current device. Call openDevice() first.
 * @param model `painted`, the shipped model for painted faces; or the path of a run's folder (its newest checkpoint), a
 *              checkpoint or a generator file
 * @throws InputError if the model does not exist, is damaged, or has tensors that do not fit its configuration
 */
export function openGenerator(model: string): Promise<Generator> {
  return opening.openGenerator(model);
}

/** A training run of ELEGANT. */
export interface TrainOptions {
  /** From openDataset(). */
  readonly dataset: FaceDataset;
  /** The run's folder, new or empty; with `resume`, the folder of the run to continue. */
  readonly folder: string;
  /** From createConfig(). */
  readonly config: ModelConfig;
  /** Pairs per update, the seed, and the choices of the method, as docs/training.md lists them for --set. */
  readonly settings: { readonly batch: number | "auto"; readonly seed: number; readonly [choice: string]: unknown };
  /** Continues from the newest checkpoint. */
  readonly resume: boolean;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Stops earlier, after this much time of this call. */
  readonly seconds?: number;
  /** Steps between checkpoints and between sample sheets. */
  readonly saveEvery: number;
  readonly sampleEvery: number;
  /** Number of threads that decode images. */
  readonly workers: number;
  /** Stops after the current step, with the state saved. */
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Receives lines for the user: what the run starts from, and warnings. */
  readonly onMessage?: (line: string) => void;
}

export interface TrainResult {
  /** Steps of the run so far. */
  readonly step: number;
  /** Updates that this call made, and their seconds without sheets, checkpoints and the start. */
  readonly updates: number;
  readonly trainingSeconds: number;
  /** The checkpoint with the lowest score. */
  readonly best: { readonly step: number; readonly score: number } | null;
  /** Number of training images that cannot be read and were left out (left-out.jsonl). */
  readonly leftOut: number;
}

/**
 * Trains on the current device until `steps`, the time or the signal ends it, and saves.
 * @throws InputError for data that cannot be trained on, before anything is written; InterruptedError after an abort, with the
 *         state saved; RetryableError if a loss is not finite or the device fails
 */
export async function train({ config, ...options }: TrainOptions): Promise<TrainResult> {
  const { step, updates, trainingSeconds, best, leftOut } = await loop.train({
    ...options,
    model: elegantModel(config),
  });
  return { step, updates, trainingSeconds, best, leftOut };
}
