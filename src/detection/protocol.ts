/** Messages between the threads of the face networks and their owners. */
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

/** The data that the thread gets once. */
export interface DetectorWorkerData {
  readonly imageModule: WebAssembly.Module;
  readonly threads: number;
}

export interface DetectRequest {
  readonly id: number;
  readonly image: RgbaImage;
  /** Lowest score of returned faces, 0 to 1. */
  readonly minScore: number;
}

export type DetectReply =
  | { readonly id: number; readonly faces: readonly DetectedFace[] }
  | { readonly id: number; readonly failure: string };

/** The data that the thread of FaceDescriptors gets once. */
export interface DescriptorWorkerData {
  readonly threads: number;
}

export interface DescribeRequest {
  readonly id: number;
  /** Squares of RECOGNITION_SIZE x RECOGNITION_SIZE pixels. */
  readonly pictures: readonly RgbaImage[];
}

export type DescribeReply =
  | { readonly id: number /** [pictures, 128] */; readonly descriptors: Float32Array<ArrayBuffer> }
  | { readonly id: number; readonly failure: string };
