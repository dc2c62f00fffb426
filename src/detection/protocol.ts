/** Requests to the threads of the face networks, and what the threads get once. */
import type { FivePoints, Rectangle, RgbaImage } from "../types.js";

/** A face in a photo. All values are in pixels of the photo. */
export interface DetectedFace {
  /** The detector's confidence, 0 to 1. */
  readonly score: number;
  /** Around the face, without hair and neck. It may extend beyond the photo's edge. */
  readonly box: Rectangle;
  /** CelebA's five points (see five-points.ts), refined. */
  readonly points: FivePoints;
}

export interface DetectorWorkerData {
  readonly imageModule: WebAssembly.Module;
  readonly threads: number;
}

export interface DetectRequest {
  readonly image: RgbaImage;
  /** Lowest score of returned faces, 0 to 1. */
  readonly minScore: number;
}

export interface DescriptorWorkerData {
  readonly threads: number;
}
