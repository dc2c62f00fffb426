/** Moves pairs from files to the device: the pool decodes them while the model trains, and each is uploaded in turn. */
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../dataset/dataset.js";
import { mirror } from "../image/floats.js";
import { BatchLoader, type LoadedBatch } from "../image/loader.js";
import type { PairBatch } from "../methods/method.js";
import { type Feeding, fixedFeeding, MOST_AHEAD } from "../pool/feeding.js";
import { type LeftOut, mostLeftOut, Substitution } from "./left-out.js";
import type { PairIndices, PairSampler } from "./pairs.js";

interface Pending {
  readonly step: number;
  /** Number of the update within its step. */
  readonly update: number;
  readonly pairs: PairIndices;
  /** Positions of the positives, then of the negatives, as they are loaded: unreadable images are replaced. */
  readonly files: number[];
  readonly loaded: Promise<LoadedBatch & { readonly leftOut: readonly LeftOut[] }>;
}

export interface BatchesOptions {
  readonly dataset: FaceDataset;
  readonly sampler: PairSampler;
  readonly size: number;
  readonly batch: number;
  /** Number of threads, or a feeding that decides it during the run. */
  readonly workers: number | Feeding;
  /** The first step to deliver. */
  readonly fromStep: number;
  /** Images that are known to be unreadable, by their position in the data set's files, with the reason. */
  readonly unreadable?: ReadonlyMap<number, string>;
  /** Receives the unreadable images that a batch leaves out, just before next() returns that batch. */
  readonly onLeftOut?: (leftOut: readonly LeftOut[]) => void;
}

/** Delivers the batches of each step's updates in order and without end. */
export class PairBatches {
  private readonly options: BatchesOptions;
  private readonly feeding: Feeding;
  private readonly loader: BatchLoader;
  private readonly queue: Pending[] = [];
  private readonly unreadable: Map<number, string>;
  private isClosed = false;
  private step: number;
  private update = 0;

  constructor(options: BatchesOptions) {
    this.options = options;
    this.step = options.fromStep;
    this.unreadable = new Map(options.unreadable);
    const { size, batch, workers } = options;
    const feeding = typeof workers === "number" ? fixedFeeding(workers, MOST_AHEAD) : workers;
    this.feeding = feeding;
    const ofPictures: Feeding = {
      ...fixedFeeding(feeding.most, MOST_AHEAD),
      get workers() {
        return feeding.workers;
      },
      onTimes: (seconds, pictures, thread) => feeding.onTimes(seconds, pictures / 2, thread), // an item is a pair
    };
    this.loader = new BatchLoader({ size, workers: ofPictures, batch: 2 * batch, slots: MOST_AHEAD + 1 });
    while (this.queue.length < this.ahead) this.request();
  }

  /** Number of batches that are decoded during the training on the current one. */
  private get ahead(): number {
    return Math.min(this.feeding.ahead, MOST_AHEAD);
  }

  private request(): void {
    const { step, update } = this;
    const { sampler } = this.options;
    const pairs = sampler.pairs(step, update);
    const files = [...pairs.positive, ...pairs.negative];
    const loaded = this.load(files, (slot) => sampler.substitutes(step, update, slot));
    loaded.catch(() => {}); // Reported when its turn comes.
    this.queue.push({ step, update, pairs, files, loaded });
    this.update = (this.update + 1) % sampler.updatesPerStep;
    if (this.update === 0) this.step++;
  }

  private async load(files: number[], substitutes: (slot: number) => Iterable<number>): Pending["loaded"] {
    const { dataset, sampler, batch } = this.options;
    const substitution = new Substitution({
      dataset,
      files,
      substitutes,
      known: this.unreadable,
      // The run ends after a step that leaves out too many. A batch fails only if that step could not end.
      most: mostLeftOut(sampler.size) + 2 * batch,
      isClosed: () => this.isClosed,
    });
    const sources = files.map((file) => dataset.picture(file));
    const loaded = await this.loader.load(sources, substitution.replace);
    return { ...loaded, leftOut: substitution.leftOut() };
  }

  /**
   * Returns the next batch on the device; free it with disposeBatch(). Before the first batch of a step it waits for
   * all batches of that step that are being loaded. Unreadable images are therefore found between complete steps.
   */
  async next(): Promise<PairBatch> {
    const { size, batch, sampler } = this.options;
    while (this.queue.length <= this.ahead) this.request();
    const { step, update, pairs, files, loaded } = this.queue[0];
    if (update === 0) await Promise.all(this.queue.filter((other) => other.step === step).map((own) => own.loaded));
    const { data, release, leftOut } = await loaded;
    this.queue.shift();
    if (leftOut.length > 0) this.options.onLeftOut?.(leftOut);
    const began = performance.now();
    const indices = { ...pairs, positive: files.slice(0, batch), negative: files.slice(batch) };
    const result = uploadPairs(data, indices, sampler, size);
    this.feeding.onTimes({ upload: (performance.now() - began) / 1000 }, batch);
    release();
    return result;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.allSettled(this.queue.map(({ loaded }) => loaded));
    await this.loader.close();
  }
}

/**
 * Uploads a batch to the current device; free it with disposeBatch().
 * @param data the images with the attribute, then as many without; it is copied and may be overwritten afterwards
 */
export function uploadPairs(
  data: Float32Array,
  { groups, positive, negative, mirrored }: PairIndices,
  sampler: PairSampler,
  size: number,
): PairBatch {
  const half = data.length / 2;
  // This must be a copy: after its release, the slot belongs to another batch.
  const pictures = data.slice();
  for (const [i, isMirrored] of mirrored.entries()) {
    const length = size * size * 3;
    if (isMirrored) mirror(pictures.subarray(i * length, (i + 1) * length), size);
  }
  const upload = (from: number): tf.Tensor4D =>
    tf.tensor4d(pictures.slice(from, from + half), [positive.length, size, size, 3]);
  const labels = (files: readonly number[]): tf.Tensor2D =>
    tf.tensor2d(
      files.map((file) => [...sampler.labels(file)]),
      undefined,
      "float32",
    );
  return { groups, A: upload(0), B: upload(half), yA: labels(positive), yB: labels(negative) };
}

export function disposeBatch({ A, B, yA, yB }: PairBatch): void {
  tf.dispose([A, B, yA, yB]);
}
