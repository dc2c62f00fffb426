/** Loads faces from many files. A pool decodes them while the model works on the previous ones. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { BatchLoader, type LoadedBatch } from "../../image/loader.js";
import { type Feeding, MOST_AHEAD } from "../../pool/feeding.js";
import { prefetch } from "../../pool/prefetch.js";
import { uploadFloats } from "../faces.js";

/**
 * Yields the images of files in their order, `batch` at a time, each as [n, size, size, 3] in [-1, 1] on the current device.
 * The receiver disposes them.
 * @throws InputError that names a file that cannot be read or is not square, when its turn comes
 */
export async function* loadImages(
  size: number,
  paths: readonly string[],
  batch: number,
  feeding: Feeding,
): AsyncGenerator<Tensor4D> {
  const loader = new BatchLoader({ size, batch, workers: feeding, slots: MOST_AHEAD + 1 });
  const load = (index: number): Promise<LoadedBatch> => {
    const some = paths.slice(index * batch, (index + 1) * batch);
    return loader.load(some.map((path) => ({ path })));
  };
  try {
    for await (const { data, release } of prefetch(Math.ceil(paths.length / batch), feeding, load)) {
      const began = performance.now();
      const images = uploadFloats(data, size);
      release();
      feeding.onTimes({ upload: (performance.now() - began) / 1000 }, images.shape[0]);
      yield images;
    }
  } finally {
    await loader.close();
  }
}
