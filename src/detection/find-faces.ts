/** Finds the faces of a photo, refuses faces that cannot be aligned, and crops the others. */
import { describeMismatch, InputError } from "../errors.js";
import { similarityFromLandmarks } from "../image/align.js";
import type { Pixels } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, Rectangle, RgbaImage } from "../types.js";
import type { CroppedFace } from "./cropped-face.js";
import { poseProblem } from "./pose.js";
import type { DetectedFace, SearchOptions } from "./protocol.js";

/** Detects faces: FaceDetector in a thread of its own, or FaceFinder with networks of the calling thread. */
export interface PhotoDetector {
  /** Detects the faces of a photo, the largest first. */
  detect(photo: RgbaImage, options: SearchOptions): Promise<readonly DetectedFace[]>;
}

export interface FoundFaces {
  /** Faces that can be aligned, the largest first. */
  readonly faces: readonly DetectedFace[];
  /** Reasons why other faces cannot be aligned. */
  readonly refused: readonly string[];
}

/** @param name of the photo, for the message */
export function noFaceError(name: string, minScore: number): InputError {
  const remedy = "Use a photo in which it is larger or better lit, or a lower --min-score.";
  return new InputError(describeMismatch(name, "a face", `none of a score of ${minScore} or more`, remedy));
}

/** A face in messages: where it is in the photo. @param name of the photo */
export function describeFace(name: string, { x, y, width, height }: Rectangle): string {
  return `${name}: face at ${[x, y, width, height].map(Math.round).join(",")}`;
}

/**
 * Why a face cannot be aligned, or null.
 * @param allOption the option with which the photo's other faces are used; null if they are
 */
export function refusalOf(
  name: string,
  face: DetectedFace,
  photo: { readonly width: number; readonly height: number },
  allOption: string | null,
): string | null {
  const problem = poseProblem(face.points, photo);
  if (problem === null) return null;
  const others = allOption === null ? "" : `, or ${allOption} for its other faces`;
  return `${describeFace(name, face.box)}: ${problem}. Use another photo${others}.`;
}

/**
 * Finds the largest face of a photo, or `all` faces.
 * @param name of the photo, for messages
 * @throws InputError if there is no face that can be aligned
 */
export async function findFaces(
  detector: PhotoDetector,
  photo: RgbaImage,
  name: string,
  { all, minScore }: SearchOptions,
): Promise<FoundFaces> {
  const found = await detector.detect(photo, { all, minScore });
  if (found.length === 0) throw noFaceError(name, minScore);
  const faces: DetectedFace[] = [];
  const refused: string[] = [];
  for (const face of all ? found : found.slice(0, 1)) {
    const reason = refusalOf(name, face, photo, all ? null : "--all");
    if (reason === null) faces.push(face);
    else refused.push(reason);
  }
  return { faces, refused };
}

/** Crops the faces that can be aligned, in their order. Faces that are turned to the side are left out. */
export function cropFrontal(
  pixels: Pixels,
  photo: RgbaImage,
  found: readonly DetectedFace[],
  size: number,
): CroppedFace[] {
  const frontal = found.filter(({ points }) => poseProblem(points, photo) === null);
  return frontal.map((face) => ({ score: face.score, box: face.box, ...cropFound(pixels, photo, face, size) }));
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
