/** What the detector's thread and its owner say to each other. */
import type { FivePoints, Rectangle, RgbaImage } from "../types.js";

/** A face in a photo; everything in pixels of the photo. */
export interface DetectedFace {
  /** The detector's own confidence, 0 to 1. */
  readonly score: number;
  /** About the face without hair and neck; may reach over the photo's edge. */
  readonly box: Rectangle;
  /** In CelebA's sense (see five-points.ts), refined. */
  readonly points: FivePoints;
}

/** What the thread gets once. */
export interface DetectorWorkerData {
  readonly imageModule: WebAssembly.Module;
  readonly threads: number;
}

export interface DetectRequest {
  readonly id: number;
  readonly image: RgbaImage;
  /** Faces below are left out, 0 to 1. */
  readonly minScore: number;
}

export type DetectReply =
  | { readonly id: number; readonly faces: readonly DetectedFace[] }
  | { readonly id: number; readonly failure: string };

/** What the thread of FaceDescriptors gets once. */
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
