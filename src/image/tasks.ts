/** The tasks of the image workers (worker.ts). The main thread imports this file instead of the worker itself. */
import type { WasmModule } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { WorkerPool } from "../pool/pool.js";
import type { ItemFailure, SlotRange } from "../pool/protocol.js";
import type { FivePoints, Rectangle } from "../types.js";
import type { InceptionMode } from "./inception-input.js";
import type { PictureSource } from "./picture-source.js";
import type { StageSeconds } from "./stage-times.js";

/** The data that each worker gets once. */
export interface ImageWorkerData {
  readonly imageModule: WasmModule;
}

/** Where the face is: landmarks to align by, or a square to cut out of an aligned photo. */
export type Placement =
  | { readonly kind: "landmarks"; readonly points: FivePoints }
  | { readonly kind: "crop"; readonly square: Rectangle };

/** Encoding of a crop; `rgb` is [size, size, 3] in bytes. */
export type CropFormat = "jpg" | "png" | "rgb";

/** `stored`: pixels as in the file; `upright`: turned by EXIF orientation. */
export type LandmarkFrame = "stored" | "upright";

/** The times that each task reports. */
export interface TaskTimes {
  readonly seconds: StageSeconds;
  /** Number of the worker, from 1. */
  readonly thread: number;
}

/** Reads images and writes them as RGB floats in [-1, 1], [items, size, size, 3], into a range of a ring slot. */
export interface LoadTask {
  readonly size: number;
  readonly crop: Rectangle | null;
  readonly sources: readonly PictureSource[];
  readonly target: SlotRange;
}

/** `index` is the position among the task's sources. */
export type LoadFailure = ItemFailure & { readonly index: number };

export interface LoadResult extends TaskTimes {
  readonly failures: readonly LoadFailure[];
}

/** Reads images for FID's network and writes them, [items, size, size, 3] in its range, into a range of a ring slot. */
export interface InceptionTask {
  readonly size: number;
  readonly mode: InceptionMode;
  readonly paths: readonly string[];
  readonly target: SlotRange;
}

export interface InceptionResult extends TaskTimes {
  /** In the order of the paths; null for images that were read. */
  readonly failures: readonly (ItemFailure | null)[];
}

/** Decodes images only to find out which are damaged and how large they are. */
export interface CheckTask {
  readonly sources: readonly PictureSource[];
}

export interface CheckResult {
  /** In the order of the sources. */
  readonly results: readonly ({ readonly ok: true; readonly width: number; readonly height: number } | ItemFailure)[];
}

export type ImageTasks = {
  readonly checkPictures: { readonly task: CheckTask; readonly result: CheckResult };
  readonly loadInceptionInputs: { readonly task: InceptionTask; readonly result: InceptionResult };
  readonly loadImages: { readonly task: LoadTask; readonly result: LoadResult };
};

export type ImagePool = WorkerPool<ImageTasks>;

/** Makes a pool of image workers that share the compiled kernels. Close it when you are done. */
export async function createImagePool(threads: number): Promise<ImagePool> {
  const workerData: ImageWorkerData = { imageModule: await loadModule("image") };
  return new WorkerPool<ImageTasks>(new URL("./worker.js", import.meta.url), { threads, workerData });
}
