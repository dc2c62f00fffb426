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
 * @param model `painted` or `celeba-hq`, the models that ship with the package, for painted faces and for photos; or the path of a
 *              run's folder (its newest checkpoint), a
 *              checkpoint or a generator file
 * @returns the model's generator, to be disposed before the device is closed
 * @throws InputError if the model does not exist, is damaged, or has tensors that do not fit its configuration
 * @example
 * ```ts
 * import { openDevice, openGenerator } from "elegant-faces";
 *
 * const device = await openDevice("auto", 2);
 * const model = await openGenerator("runs/first");
 * console.log(model.config.attributes);
 * model.dispose();
 * await device.close();
 * ```
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
  readonly settings: {
    /** Images with the attribute, and as many without it, per update; "auto" is 16, or fewer for a small data set. */
    readonly batch: number | "auto";
    /** The seed that chooses pairs and initial weights, 0 to 4294967295. */
    readonly seed: number;
    readonly [choice: string]: unknown;
  };
  /** Continues from the newest checkpoint. */
  readonly resume: boolean;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Stops earlier, after this much time of this call. */
  readonly seconds?: number;
  /** Steps between checkpoints. */
  readonly saveEvery: number;
  /** Steps between sample sheets. */
  readonly sampleEvery: number;
  /** Number of threads that decode images. */
  readonly workers: number;
  /** Stops after the current step, with the state saved. */
  readonly signal?: AbortSignal;
  /** Receives the number of finished steps. */
  readonly onProgress?: OnProgress;
  /** Receives lines for the user: what the run starts from, and warnings. */
  readonly onMessage?: (line: string) => void;
}

/** What a call of train() did. */
export interface TrainResult {
  /** Steps of the run so far. */
  readonly step: number;
  /** Number of updates that this call made. */
  readonly updates: number;
  /** Seconds of these updates, without sheets, checkpoints and the start. */
  readonly trainingSeconds: number;
  /** The checkpoint with the lowest score; null if there is none yet. */
  readonly best: {
    /** Its step. */
    readonly step: number;
    /** Its score; lower is better (docs/training.md). */
    readonly score: number;
  } | null;
  /** Number of training images that cannot be read and were left out (left-out.jsonl). */
  readonly leftOut: number;
}

/**
 * Trains on the current device until `steps`, the time or the signal ends it, and saves.
 * @throws InputError for data that cannot be trained on, before anything is written; InterruptedError after an abort, with the
 *         state saved; RetryableError if a loss is not finite or the device fails
 * @example
 * ```ts
 * import { type ModelConfig, openDataset, openDevice, PRESETS, train } from "elegant-faces";
 *
 * async function trainFor(minutes: number, config: ModelConfig): Promise<void> {
 *   const device = await openDevice("auto", 2);
 *   const { step, best } = await train({
 *     dataset: await openDataset("faces"),
 *     folder: "runs/first",
 *     config,
 *     settings: { ...PRESETS.modern.method, batch: 16, seed: 1 },
 *     resume: false,
 *     steps: 10_000,
 *     seconds: minutes * 60,
 *     saveEvery: 500,
 *     sampleEvery: 500,
 *     workers: 2,
 *   });
 *   console.log(step, best?.score);
 *   await device.close();
 * }
 * ```
 */
export async function train({ config, ...options }: TrainOptions): Promise<TrainResult> {
  const { step, updates, trainingSeconds, best, leftOut } = await loop.train({
    ...options,
    model: elegantModel(config),
  });
  return { step, updates, trainingSeconds, best, leftOut };
}
