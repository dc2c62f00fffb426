/** Decides which of the faces that were found in a photo are used, and says why the others are not. */
import { describeFace, noFaceError, refusalOf } from "../detection/find-faces.js";
import type { DetectedFace } from "../detection/protocol.js";
import { describeMismatch } from "../errors.js";
import type { FivePoints } from "../types.js";
import { MOST_FACES } from "./crop-names.js";
import { rounded } from "./quality.js";
import type { DetectSettings } from "./tasks.js";

/** Digits of landmarks and boxes after the point. Landmarks are rounded before they are used, so that a list has the very numbers. */
const DIGITS = 2;
const SCORE_DIGITS = 4;

/** The face as the lists store it. */
function stored({ score, box, points }: DetectedFace): DetectedFace {
  const short = (value: number): number => rounded(value, DIGITS);
  return {
    score: rounded(score, SCORE_DIGITS),
    box: { x: short(box.x), y: short(box.y), width: short(box.width), height: short(box.height) },
    points: points.map(([x, y]) => [short(x), short(y)] as const) satisfies FivePoints,
  };
}

export interface ChosenFaces {
  /** With landmarks of two digits after the point, the largest first. */
  readonly faces: readonly DetectedFace[];
  /** The reasons of the others, in the same order. */
  readonly dropped: readonly string[];
}

/**
 * Chooses the largest face, or all of them, and drops profiles and faces below --min-face.
 * @param found the largest first
 * @throws InputError if nothing was found
 */
export function chooseFaces(
  found: readonly DetectedFace[],
  photo: { readonly width: number; readonly height: number },
  file: string,
  { faces: choice, minScore, minFace }: DetectSettings,
): ChosenFaces {
  if (found.length === 0) throw noFaceError(file, minScore);
  const faces: DetectedFace[] = [];
  const dropped: string[] = [];
  for (const face of found.slice(0, choice === "all" ? MOST_FACES : 1).map(stored)) {
    const { width, height } = face.box;
    const refusal = refusalOf(file, face, photo, choice === "all" ? null : "--faces all");
    if (refusal !== null) dropped.push(refusal);
    else if (Math.min(width, height) < minFace) {
      const received = `${width.toFixed(1)} x ${height.toFixed(1)}`;
      const remedy = "Use a larger photo, or a lower --min-face.";
      dropped.push(
        describeMismatch(describeFace(file, face.box), `a face of at least ${minFace} pixels`, received, remedy),
      );
    } else faces.push(face);
  }
  return { faces, dropped };
}

/** Why a face is too blurred, or null. */
export function blurProblem(where: string, sharpness: number, { minSharpness }: DetectSettings): string | null {
  if (sharpness >= minSharpness) return null;
  const remedy = "Use a sharper photo, or a lower --min-sharpness.";
  return describeMismatch(where, `a sharpness of at least ${minSharpness}`, `${sharpness}`, remedy);
}
