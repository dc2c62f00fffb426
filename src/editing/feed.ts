/** Images of faces from many files: decoded by a pool while the model works on those before them. */
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { BatchLoader, type LoadedBatch } from "../image/loader.js";
import { type Feeding, MOST_AHEAD } from "../pool/feeding.js";
import { uploadFloats } from "./faces.js";

/**
 * The images of files in their order, `batch` at a time, each as [n, size, size, 3] in [-1, 1] on the current device. The
 * receiver disposes of them.
 * @throws InputError naming the file that cannot be read or is not square, when its turn comes
 */
export async function* loadImages(
  size: number,
  paths: readonly string[],
  batch: number,
  feeding: Feeding,
): AsyncGenerator<Tensor4D> {
  const loader = new BatchLoader({ size, batch, workers: feeding, slots: MOST_AHEAD + 1 });
  const queue: Promise<LoadedBatch>[] = [];
  let requested = 0;
  const request = (least: number): void => {
    const ahead = Math.max(least, Math.min(feeding.ahead, MOST_AHEAD));
    for (; queue.length < ahead && requested < paths.length; requested += batch) {
      const loading = loader.load(paths.slice(requested, requested + batch).map((path) => ({ path })));
      loading.catch(() => {}); // reported when its turn comes
      queue.push(loading);
    }
  };
  try {
    for (;;) {
      request(1);
      const next = queue.shift();
      if (next === undefined) return;
      const { data, release } = await next;
      request(0);
      const began = performance.now();
      const images = uploadFloats(data, size);
      release();
      feeding.onTimes({ upload: (performance.now() - began) / 1000 }, images.shape[0]);
      yield images;
    }
  } finally {
    await Promise.allSettled(queue);
    await loader.close();
  }
}
