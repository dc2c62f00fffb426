/** Loads faces from many files. A pool decodes them while the model works on the previous ones. */
import { BatchLoader, type LoadedBatch } from "../image/loader.js";
import type { Generator } from "../models/generator.js";
import { type Feeding, MOST_AHEAD } from "../pool/feeding.js";
import { prefetch } from "../pool/prefetch.js";
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
  const load = (index: number): Promise<LoadedBatch> => {
    const some = paths.slice(index * batch, (index + 1) * batch);
    return loader.load(some.map((path) => ({ path })));
  };
  try {
    for await (const { data, release } of prefetch(Math.ceil(paths.length / batch), feeding, load)) {
      const images = uploadFloats(data, size);
      release();
      yield encodeFaces(generator, images);
    }
  } finally {
    await loader.close();
  }
}
