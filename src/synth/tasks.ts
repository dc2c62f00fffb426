/** The task of the painting workers (worker.ts). The main thread imports this file instead of the worker itself. */
import { WorkerPool } from "../pool/pool.js";
import type { ItemFailure } from "../pool/protocol.js";

/** Paints photos of a data set and writes them as images/NNNNNN.jpg, each under a temporary name first. */
export interface PaintTask {
  readonly seed: number;
  /** Path of the photos' folder. */
  readonly images: string;
  /** 1 to 100. */
  readonly quality: number;
  readonly indices: readonly number[];
}

export interface PaintTasks {
  /** The number of photos, or the first one that could not be written. */
  readonly paintPhotos: { readonly task: PaintTask; readonly result: number | ItemFailure };
}

export function createPaintingPool(threads: number): WorkerPool<PaintTasks> {
  return new WorkerPool<PaintTasks>(new URL("./worker.js", import.meta.url), { threads });
}
