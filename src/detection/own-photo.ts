/** A photo of one's own: read, its faces found, and those refused that cannot be aligned. */
import { describeMismatch, InputError } from "../errors.js";
import { similarityFromLandmarks } from "../image/align.js";
import { readPhoto } from "../image/photo.js";
import type { Pixels } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, RgbaImage } from "../types.js";
import type { FaceDetector } from "./detector.js";
import { poseProblem } from "./pose.js";
import type { DetectedFace } from "./protocol.js";

export const DEFAULT_MIN_SCORE = 0.5;

/**
 * Reads a photo as people see it: the one place where an orientation in the file has to be applied, since landmarks,
 * crops and what is pasted back all refer to what this returns.
 * @throws InputError, or RetryableError of the file system
 */
export function readOwnPhoto(path: string): Promise<RgbaImage> {
  return readPhoto(path, path);
}

export interface FoundFaces {
  /** Those that can be aligned, the largest first. */
  readonly faces: readonly DetectedFace[];
  /** Why others cannot. */
  readonly refused: readonly string[];
}

/**
 * The largest face of a photo, or `all`. `name` is for messages.
 * @throws InputError when there is none
 */
export async function findFaces(
  detector: FaceDetector,
  photo: RgbaImage,
  name: string,
  { all, minScore }: { readonly all: boolean; readonly minScore: number },
): Promise<FoundFaces> {
  const found = await detector.detect(photo, minScore);
  if (found.length === 0) {
    const remedy = "Use a photo in which it is larger or better lit, or a lower --min-score.";
    throw new InputError(describeMismatch(name, "a face", `none of a score of ${minScore} or more`, remedy));
  }
  const faces: DetectedFace[] = [];
  const refused: string[] = [];
  for (const face of all ? found : found.slice(0, 1)) {
    const problem = poseProblem(face.points, photo);
    const { x, y, width, height } = face.box;
    const where = `face at ${[x, y, width, height].map(Math.round).join(",")}`;
    if (problem === null) faces.push(face);
    else
      refused.push(`${name}: ${where}: ${problem}. Use another photo${all ? "" : ", or --all for its other faces"}.`);
  }
  return { faces, refused };
}

/** The aligned crop, [size, size] RGBA, black outside of the photo, and the matrix photo -> crop. */
export function cropFound(
  pixels: Pixels,
  photo: RgbaImage,
  { points }: DetectedFace,
  size: number,
): { readonly crop: RgbaImage; readonly matrix: Affine } {
  const matrix = similarityFromLandmarks(points, size);
  return { crop: warpReduced(pixels, photo, matrix, size), matrix };
}
