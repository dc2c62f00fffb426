/** Finds the faces that `elegant label` labels, and reads them in batches. */
import { locatePictures, openStore, presentFiles, readLists } from "../dataset/dataset.js";
import type { PictureStore } from "../dataset/store.js";
import { InputError } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import { createImagePool } from "../image/tasks.js";
import { walkPictures } from "../image/walk-pictures.js";
import { fixedFeeding } from "../pool/feeding.js";
import { ItemFailures } from "../pool/item-failures.js";
import { prefetch } from "../pool/prefetch.js";
import type { ItemFailure, SlotRange } from "../pool/protocol.js";
import { BatchRing } from "../pool/ring.js";
import type { OnProgress } from "../types.js";
import { BATCH } from "./predict.js";

/** Number of batches that are read during the work on the current one. */
const AHEAD = 1;

export interface FoundFaces {
  readonly faces: readonly Face[];
  /** True for a folder that has the images in itself, and not in a folder of images. */
  readonly isFlat: boolean;
}

export interface Face {
  /** Name in the lists. */
  readonly file: string;
  /** Null if a list names it and it is missing. */
  readonly source: PictureSource | null;
}

/**
 * Finds the faces of a data set in any format, or of a folder with nothing but crops. The order is that of the partition
 * list, otherwise of the landmarks, otherwise of the sorted names. A list of attributes that is there does not count.
 * @throws InputError if there are no images
 */
export async function findFaces(
  dir: string,
  images: string | undefined,
  onWarning: (line: string) => void,
  onProgress: OnProgress,
): Promise<FoundFaces> {
  const open = (folder: string | undefined): Promise<PictureStore> =>
    openStore(dir, { images: folder, labelled: false, onWarning, onProgress });
  let isFlat = false;
  const store = await open(images).catch(async (error: unknown) => {
    if (!(error instanceof InputError) || images !== undefined) throw error;
    const here = await walkPictures(dir, false).catch(() => null);
    if (here === null || here.names.length === 0) throw error;
    isFlat = true;
    return open(".");
  });
  const { partition, landmarks } = await readLists(dir, images);
  const listed = (partition ?? landmarks)?.files ?? store.names;
  const names = await locatePictures(store, presentFiles(store), listed);
  const faces = listed.map((file) => {
    const name = names.get(file) ?? null;
    return { file, source: name === null ? null : store.source(name) };
  });
  return { faces, isFlat };
}

export interface FaceBatch {
  /** Position of the first face. */
  readonly first: number;
  /** RGB in [-1, 1]: [n, size, size, 3]. Faces that cannot be read are grey. */
  readonly images: Float32Array;
  /** Why faces cannot be read, by their positions in the batch. */
  readonly failures: ReadonlyMap<number, string>;
}

/**
 * Reads faces in batches of BATCH, in their order.
 * @throws RetryableError if the disk fails
 */
export async function* readFaces(
  faces: readonly Face[],
  size: number,
  workers: number,
  onProgress: OnProgress,
): AsyncGenerator<FaceBatch> {
  const length = size * size * 3;
  const ring = new BatchRing(AHEAD + 2, BATCH * length);
  const pool = await createImagePool(Math.max(1, Math.min(workers, Math.ceil(faces.length / BATCH))));
  const watch = new ItemFailures();
  const run = async (some: readonly PictureSource[], target: SlotRange) => {
    const { failures } = await pool.run("loadImages", { size, crop: null, sources: some, target });
    return new Map<number, ItemFailure>(failures.map((failure) => [failure.index, failure]));
  };
  const load = async (index: number) => {
    const first = index * BATCH;
    const some = faces.slice(first, first + BATCH);
    const there = some.flatMap(({ source }, at) => (source === null ? [] : [{ at, source }]));
    const slot = await ring.acquire();
    const failed =
      there.length === 0
        ? new Map<number, ItemFailure>()
        : await run(
            there.map(({ source }) => source),
            ring.range(slot, 0, there.length * length),
          );
    return { first, some, there, slot, failed };
  };
  try {
    const batches = prefetch(Math.ceil(faces.length / BATCH), fixedFeeding(workers, AHEAD), load);
    for await (const { first, some, there, slot, failed } of batches) {
      const { buffer, byteOffset } = ring.range(slot, 0, there.length * length);
      const read = new Float32Array(buffer, byteOffset, there.length * length);
      const images = new Float32Array(some.length * length);
      const failures = new Map<number, string>();
      for (const [at, { file, source }] of some.entries()) {
        if (source === null) failures.set(at, `${file}: a list names it, and it is missing`);
      }
      for (const [from, { at }] of there.entries()) {
        const failure = failed.get(from) ?? null;
        watch.note(failure);
        if (failure !== null) failures.set(at, failure.reason);
        else images.set(read.subarray(from * length, (from + 1) * length), at * length);
      }
      ring.release(slot);
      yield { first, images, failures };
      onProgress({ stage: "label", done: first + some.length, total: faces.length, unit: "pictures" });
    }
  } finally {
    await pool.close();
  }
}
