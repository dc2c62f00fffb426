/** The task of the painting workers (worker.ts): what the main thread imports in place of the worker itself. */
import { WorkerPool } from "../pool/pool.js";

/** Paints photos of a data set and writes them as images/NNNNNN.jpg, each under a temporary name first. */
export interface PaintTask {
  readonly seed: number;
  /** The folder of the photos. */
  readonly images: string;
  /** 1 to 100. */
  readonly quality: number;
  readonly indices: readonly number[];
}

export interface PaintTasks {
  readonly paintPhotos: { readonly task: PaintTask; readonly result: number };
}

export function createPaintingPool(threads: number): WorkerPool<PaintTasks> {
  return new WorkerPool<PaintTasks>(new URL("./worker.js", import.meta.url), { threads });
}
