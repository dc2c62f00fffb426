/** Loads faces from many files. A pool decodes them while the model works on the previous ones. */
import { BatchLoader, type LoadedBatch } from "../image/loader.js";
import type { Generator } from "../models/generator.js";
import { type Feeding, MOST_AHEAD } from "../pool/feeding.js";
import { encodeFaces, type Faces, uploadFloats } from "./faces.js";

/**
 * Yields the faces of files in their order, `batch` at a time. The receiver disposes each batch.
 * @throws InputError that names a file that cannot be read or is not square, when its turn comes
 */
export async function* loadFaces(
  generator: Generator,
  paths: readonly string[],
  batch: number,
  feeding: Feeding,
): AsyncGenerator<Faces> {
  const { size } = generator.config;
  const loader = new BatchLoader({ size, batch, workers: feeding, slots: MOST_AHEAD + 1 });
  const queue: Promise<LoadedBatch>[] = [];
  let requested = 0;
  const request = (): void => {
    const ahead = Math.min(feeding.ahead, MOST_AHEAD);
    for (; queue.length < ahead && requested < paths.length; requested += batch) {
      const loading = loader.load(paths.slice(requested, requested + batch).map((path) => ({ path })));
      loading.catch(() => {}); // reported when its turn comes
      queue.push(loading);
    }
  };
  try {
    request();
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { data, release } = await next;
      request();
      const images = uploadFloats(data, size);
      release();
      yield encodeFaces(generator, images);
    }
  } finally {
    await loader.close();
  }
}
