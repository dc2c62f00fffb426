/** Requests to the threads of the face networks, and what the threads get once. */
import type { FivePoints, Rectangle, RgbaImage } from "../types.js";

/** A face in a photo. All values are in pixels of the photo. */
export interface DetectedFace {
  /** How well the landmarks of the face and of its mirror image agree, 0 to 1. Below 0.5 it is hardly a face. */
  readonly score: number;
  /** Around the 68 landmarks, from the brows to the chin. It may extend beyond the photo's edge. */
  readonly box: Rectangle;
  /** CelebA's five points (see five-points.ts), refined. */
  readonly points: FivePoints;
}

export interface SearchOptions {
  /** Lowest score of a face, 0 to 1. */
  readonly minScore: number;
  /** If true, small faces are looked for even if a larger one was found. */
  readonly all: boolean;
}

export interface DetectorWorkerData {
  readonly imageModule: WebAssembly.Module;
  readonly threads: number;
}

export interface DetectRequest extends SearchOptions {
  readonly image: RgbaImage;
}

export interface DescriptorWorkerData {
  readonly threads: number;
}
