/** The tasks of the image workers (worker.ts): what the main thread imports in place of the worker itself. */
import type { WasmModule } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { WorkerPool } from "../pool/pool.js";
import type { ItemFailure, SlotRange } from "../pool/protocol.js";
import type { Affine, FivePoints, Rectangle } from "../types.js";
import type { InceptionMode } from "./inception-input.js";
import type { PictureSource } from "./source.js";

/** What each worker gets once. */
export interface ImageWorkerData {
  readonly imageModule: WasmModule;
}

/** Where the face is: landmarks to align by, or a square of an aligned photo to cut out. */
export type Placement =
  | { readonly kind: "landmarks"; readonly points: FivePoints }
  | { readonly kind: "crop"; readonly square: Rectangle };

/** How a crop leaves the worker; `rgb` is [size, size, 3] of bytes. */
export type CropFormat = "jpg" | "png" | "rgb";

/** As the pixels lie in the file, or as EXIF orientation turns them. */
export type LandmarkFrame = "stored" | "upright";

export interface AlignItem {
  /** The name in reports. */
  readonly file: string;
  readonly input: string;
  /** Null: not written, the bytes come back. */
  readonly output: string | null;
  readonly placement: Placement;
}

/** Reads and aligns a few photos (8 to 32); images that are written get a temporary name first. */
export interface AlignTask {
  readonly size: number;
  readonly format: CropFormat;
  /** 1 to 100, JPEG only. */
  readonly quality: number;
  /** The frame in which the photos' landmarks are stated, where EXIF turns them. Default upright. */
  readonly landmarkFrame?: LandmarkFrame | undefined;
  /** Larger photos fail. */
  readonly maxPixels?: number | undefined;
  /** Of damaged photos what can be decoded is used. */
  readonly tolerant?: boolean | undefined;
  readonly items: readonly AlignItem[];
}

export interface AlignedPhoto {
  readonly ok: true;
  readonly file: string;
  /** Frame of the landmarks -> crop. */
  readonly matrix: Affine;
  /** The crop, where it was not written. */
  readonly bytes?: Uint8Array;
  /** What was wrong with a photo that was used all the same (`tolerant`); null when nothing was. */
  readonly damaged: string | null;
}

/** Seconds of one thread spent in each stage. */
export interface StageSeconds {
  read: number;
  decode: number;
  warp: number;
  /** Resizing and scaling to what a network takes. */
  normalise: number;
  encode: number;
  write: number;
}

/** Those of an alignment. */
export const STAGES = ["read", "decode", "warp", "encode", "write"] as const;

/** What each task tells of its work. */
export interface TaskTimes {
  readonly seconds: StageSeconds;
  /** Of the worker, from 1. */
  readonly thread: number;
}

export interface AlignResult extends TaskTimes {
  readonly results: readonly (AlignedPhoto | ItemFailure)[];
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

/** Reads images for FID's network, [items, size, size, 3] in its range, into a range of a ring slot. */
export interface InceptionTask {
  readonly size: number;
  readonly mode: InceptionMode;
  readonly paths: readonly string[];
  readonly target: SlotRange;
}

export interface InceptionResult extends TaskTimes {
  /** In the order of the paths; null for those that were read. */
  readonly failures: readonly (ItemFailure | null)[];
}

/** Decodes pictures and forgets them: which are damaged, and how large are they? */
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
  readonly alignPhotos: { readonly task: AlignTask; readonly result: AlignResult };
  readonly loadImages: { readonly task: LoadTask; readonly result: LoadResult };
};

export type ImagePool = WorkerPool<ImageTasks>;

/** A pool of image workers, the kernels compiled once for all. Close it when done. */
export async function createImagePool(threads: number): Promise<ImagePool> {
  const workerData: ImageWorkerData = { imageModule: await loadModule("image") };
  return new WorkerPool<ImageTasks>(new URL("./worker.js", import.meta.url), { threads, workerData });
}
