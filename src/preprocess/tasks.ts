/** The tasks of the crop workers (worker.ts). The main thread imports this file instead of the worker itself. */
import type { PictureSource } from "../image/picture-source.js";
import type { CropFormat, ImageWorkerData, LandmarkFrame, Placement, TaskTimes } from "../image/tasks.js";
import { loadModule } from "../kernels/module.js";
import { WorkerPool } from "../pool/pool.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { Affine, FivePoints, Rectangle } from "../types.js";
import type { FaceChoice } from "./face-choice.js";

/** How faces are found in photos without landmarks, and which of them are used. */
export interface DetectSettings {
  /** Which of the found faces get a crop. */
  readonly faces: FaceChoice;
  /** Lowest score that counts as a face, 0 to 1. */
  readonly minScore: number;
  /** Smallest side of a face's box in pixels of the photo; 0 accepts all. */
  readonly minFace: number;
  /** Smallest sharpness of a face, as in quality.csv; 0 accepts all. */
  readonly minSharpness: number;
}

/** Where the faces of a photo are: at one place, at the places of a list that names several, or still to be found. */
export type PhotoPlacement =
  | Placement
  | { readonly kind: "faces"; readonly faces: readonly FivePoints[] }
  | { readonly kind: "detect" };

export interface AlignItem {
  /** The name in reports. */
  readonly file: string;
  readonly source: PictureSource;
  /** Path of the photo's first crop, from which those of further faces follow; null if crops are returned as bytes. */
  readonly output: string | null;
  readonly placement: PhotoPlacement;
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
  /** Needed for items whose faces are still to be found. */
  readonly detect?: DetectSettings | undefined;
  readonly items: readonly AlignItem[];
}

/** The detector's result for a face, and measures of its crop (quality.ts). */
export interface FoundFace {
  /** 0 to 1. */
  readonly score: number;
  /** In pixels of the upright photo. */
  readonly box: Rectangle;
  readonly sharpness: number;
  readonly exposure: number;
  readonly clipped: number;
}

/** One crop of a photo. */
export interface MadeCrop {
  /** Frame of the landmarks -> crop. */
  readonly matrix: Affine;
  /** The crop, if it was not written. */
  readonly bytes?: Uint8Array;
  /** The face's landmarks, if the photo may have several faces. */
  readonly points?: FivePoints;
  /** Only for faces that were found by the detector. */
  readonly found?: FoundFace;
}

export interface AlignedPhoto {
  readonly ok: true;
  readonly file: string;
  /** In the order of the faces. Empty if no face could be used. */
  readonly crops: readonly MadeCrop[];
  /** Why other faces of the photo have no crop. */
  readonly dropped: readonly string[];
  /** What was wrong with a photo that was used anyway (`tolerant`); null if nothing was. */
  readonly damaged: string | null;
}

export interface AlignResult extends TaskTimes {
  readonly results: readonly (AlignedPhoto | ItemFailure)[];
}

export type CropTasks = {
  readonly alignPhotos: { readonly task: AlignTask; readonly result: AlignResult };
};

export type CropPool = WorkerPool<CropTasks>;

/** Makes a pool of crop workers that share the compiled kernels. Close it when you are done. */
export async function createCropPool(threads: number): Promise<CropPool> {
  const workerData: ImageWorkerData = { imageModule: await loadModule("image") };
  return new WorkerPool<CropTasks>(new URL("./worker.js", import.meta.url), { threads, workerData });
}
