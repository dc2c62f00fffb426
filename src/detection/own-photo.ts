/** Reads a user's own photo, finds its faces, and refuses faces that cannot be aligned. */
import { describeMismatch, InputError } from "../errors.js";
import { similarityFromLandmarks } from "../image/align.js";
import { readPhoto } from "../image/photo.js";
import type { Pixels } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, RgbaImage } from "../types.js";
import type { FaceDetector } from "./detector.js";
import { poseProblem } from "./pose.js";
import type { DetectedFace } from "./protocol.js";

/**
 * Reads a photo upright. No other place has to apply the orientation in the file: landmarks, crops and edits that are
 * pasted back all refer to this image.
 * @throws InputError if it cannot be read or decoded; RetryableError if the file system fails
 */
export function readOwnPhoto(path: string): Promise<RgbaImage> {
  return readPhoto(path, path);
}

export interface FoundFaces {
  /** Faces that can be aligned, the largest first. */
  readonly faces: readonly DetectedFace[];
  /** Reasons why other faces cannot be aligned. */
  readonly refused: readonly string[];
}

/**
 * Finds the largest face of a photo, or `all` faces.
 * @param name of the photo, for messages
 * @throws InputError if there is no face that can be aligned
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

/** The aligned crop, [size, size] RGBA, black outside the photo, and the matrix photo -> crop. */
export function cropFound(
  pixels: Pixels,
  photo: RgbaImage,
  { points }: DetectedFace,
  size: number,
): { readonly crop: RgbaImage; readonly matrix: Affine } {
  const matrix = similarityFromLandmarks(points, size);
  return { crop: warpReduced(pixels, photo, matrix, size), matrix };
}
