/** Computes features of image files. The pool decodes and resizes them, ahead of the network. */
import * as tf from "@tensorflow/tfjs-core";
import type { InceptionMode } from "../image/inception-input.js";
import { createImagePool } from "../image/tasks.js";
import { type Feeding, fixedFeeding, MOST_AHEAD } from "../pool/feeding.js";
import { ItemFailures } from "../pool/item-failures.js";
import { prefetch } from "../pool/prefetch.js";
import type { ItemFailure, SlotRange } from "../pool/protocol.js";
import { BatchRing } from "../pool/ring.js";
import type { OnProgress } from "../types.js";

/** A network that turns images into rows of features. FID's Inception is one (inception.ts). */
export interface FeatureExtractor {
  /** Name in outputs and messages. */
  readonly name: string;
  /** False if scores cannot be compared with published ones. All outputs state it. */
  readonly comparable: boolean;
  readonly dims: number;
  /** Side of its input images in pixels. */
  readonly size: number;
  /** @param images [N, size, size, 3] @returns [N, dims] on the current device */
  extract(images: tf.Tensor4D): tf.Tensor2D;
}

export interface ExtractOptions {
  readonly paths: readonly string[];
  readonly mode: InceptionMode;
  /** Number of threads, or a Feeding that may change it during the work. */
  readonly workers: number | Feeding;
  readonly batch: number;
  readonly onProgress?: OnProgress;
  /** Receives an image that could not be read and is skipped. */
  readonly onFailure: (failure: ItemFailure) => void;
}

/** Features of the images of a batch that could be read. */
export interface FeatureBatch {
  /** [indices, dims] */
  readonly features: Float32Array;
  /** Index in the paths of each row's file, ascending. */
  readonly indices: readonly number[];
}

/**
 * Yields features of all files in the order of the paths, one batch at a time. It uses memory for a few batches,
 * whatever the number of files.
 */
export async function* extractFeatures(
  extractor: FeatureExtractor,
  { paths, mode, workers, batch, onProgress, onFailure }: ExtractOptions,
): AsyncGenerator<FeatureBatch> {
  const { size } = extractor;
  const length = size * size * 3;
  const feeding = typeof workers === "number" ? fixedFeeding(workers, 1) : workers;
  const ring = new BatchRing(MOST_AHEAD + 1, batch * length);
  const pool = await createImagePool(feeding.most);
  const run = async (part: readonly string[], target: SlotRange): Promise<readonly (ItemFailure | null)[]> => {
    const { seconds, thread, failures } = await pool.run("loadInceptionInputs", { size, mode, paths: part, target });
    feeding.onTimes({ ...seconds }, part.length, thread);
    return failures;
  };
  const load = async (first: number) => {
    const some = paths.slice(first, first + batch);
    const slot = await ring.acquire();
    const { workers: threads } = feeding;
    pool.use(threads);
    const perTask = Math.ceil(some.length / threads);
    const tasks = [];
    for (let at = 0; at < some.length; at += perTask) {
      const part = some.slice(at, at + perTask);
      tasks.push(run(part, ring.range(slot, at * length, part.length * length)));
    }
    const failures = (await Promise.all(tasks)).flat();
    return { first, slot, failures, count: some.length };
  };
  const watch = new ItemFailures();
  let before = performance.now();
  try {
    const batches = prefetch(Math.ceil(paths.length / batch), feeding, (index) => load(index * batch));
    for await (const { first, slot, failures, count } of batches) {
      const { buffer, byteOffset } = ring.range(slot, 0, count * length);
      const inputs = new Float32Array(buffer, byteOffset, count * length);
      const good = failures.flatMap((failure, i) => (failure === null ? [i] : []));
      for (const failure of failures) {
        watch.note(failure);
        if (failure !== null) onFailure(failure);
      }
      const pictures = new Float32Array(good.length * length);
      for (const [to, from] of good.entries()) {
        pictures.set(inputs.subarray(from * length, (from + 1) * length), to * length);
      }
      ring.release(slot);
      if (good.length > 0) {
        const began = performance.now();
        const features = await featuresOf(extractor, pictures);
        feeding.onTimes({ features: (performance.now() - began) / 1000 }, good.length);
        yield { features, indices: good.map((i) => first + i) };
      }
      // Includes the time that the reader spends on the features.
      const now = performance.now();
      feeding.onUnit(count, (now - before) / 1000);
      before = now;
      onProgress?.({ stage: "features", done: first + count, total: paths.length, unit: "images" });
    }
  } finally {
    await pool.close();
  }
}

/** @param pictures [N, size, size, 3] in the extractor's range @returns [N, dims] */
export async function featuresOf(extractor: FeatureExtractor, pictures: Float32Array): Promise<Float32Array> {
  const { size } = extractor;
  const n = pictures.length / (size * size * 3);
  const rows = tf.tidy(() => extractor.extract(tf.tensor4d(pictures, [n, size, size, 3])));
  const features = ((await rows.data()) as Float32Array).slice();
  rows.dispose();
  return features;
}
