/** What a training is asked to do. */
import type { FaceDataset } from "../dataset/dataset.js";
import type { Model, RunSettings } from "../methods/method.js";
import type { NamedModel } from "../models/generator-file.js";
import type { Feeding } from "../pool/feeding.js";
import type { OnProgress } from "../types.js";
import type { BatchChoice } from "./batch-choice.js";
import type { PaceOptions } from "./pace.js";

export interface TrainOptions extends PaceOptions {
  readonly dataset: FaceDataset;
  readonly folder: string;
  readonly model: Model;
  /** The run's settings without the data's fingerprint. */
  readonly settings: { readonly batch: BatchChoice; readonly seed: number; readonly [choice: string]: unknown };
  /** Pairs per update in the method's published code, for the batch "auto"; ELEGANT's by default. */
  readonly publishedBatch?: number;
  readonly resume: boolean;
  /** The generator from which a new run begins; by default, an untrained one. */
  readonly from?: NamedModel | null;
  /** Whether to take over the folder's lock from a process on another machine that may still be alive. */
  readonly takeOver?: boolean;
  readonly saveEvery: number;
  readonly sampleEvery: number;
  /** Number of threads that decode images. */
  readonly workers: number;
  /**
   * Decides the numbers of threads and of batches ahead for the updates. It is called when data and settings are
   * accepted and nothing is on the device yet; null keeps `workers`.
   */
  readonly feeding?: (work: TrainWork) => Promise<Feeding | null>;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Called when data and settings are accepted and nothing has been written. */
  readonly onStart?: () => void;
  /** Receives a line for the user: the start of the run, warnings. */
  readonly onMessage?: (line: string) => void;
}

/** The work that a training is about to do. */
export interface TrainWork {
  readonly settings: RunSettings;
  readonly updates: number;
}
