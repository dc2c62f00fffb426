/** The tasks of the image workers (worker.ts). The main thread imports this file instead of the worker itself. */
import type { WasmModule } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { WorkerPool } from "../pool/pool.js";
import type { ItemFailure, SlotRange } from "../pool/protocol.js";
import type { Affine, FivePoints, Rectangle } from "../types.js";
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

export interface AlignItem {
  /** The name in reports. */
  readonly file: string;
  readonly input: string;
  /** Path of the crop; null if it is not written but returned as bytes. */
  readonly output: string | null;
  readonly placement: Placement;
}

/** Reads and aligns a few photos (8 to 32). Written images get a temporary name first. */
export interface AlignTask {
  readonly size: number;
  readonly format: CropFormat;
  /** 1 to 100, for JPEG only. */
  readonly quality: number;
  /** Whether landmarks refer to the stored or the upright photo, if EXIF turns it. Default upright. */
  readonly landmarkFrame?: LandmarkFrame | undefined;
  /** Largest number of pixels. Larger photos fail. */
  readonly maxPixels?: number | undefined;
  /** If true, the decodable part of a damaged photo is used. */
  readonly tolerant?: boolean | undefined;
  readonly items: readonly AlignItem[];
}

export interface AlignedPhoto {
  readonly ok: true;
  readonly file: string;
  /** Frame of the landmarks -> crop. */
  readonly matrix: Affine;
  /** The crop, if it was not written. */
  readonly bytes?: Uint8Array;
  /** What was wrong with a photo that was used anyway (`tolerant`); null if nothing was. */
  readonly damaged: string | null;
}

/** The times that each task reports. */
export interface TaskTimes {
  readonly seconds: StageSeconds;
  /** Number of the worker, from 1. */
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
  readonly alignPhotos: { readonly task: AlignTask; readonly result: AlignResult };
  readonly loadImages: { readonly task: LoadTask; readonly result: LoadResult };
};

export type ImagePool = WorkerPool<ImageTasks>;

/** Makes a pool of image workers that share the compiled kernels. Close it when you are done. */
export async function createImagePool(threads: number): Promise<ImagePool> {
  const workerData: ImageWorkerData = { imageModule: await loadModule("image") };
  return new WorkerPool<ImageTasks>(new URL("./worker.js", import.meta.url), { threads, workerData });
}
