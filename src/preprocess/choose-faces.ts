/** Decides which of the faces that were found in a photo are used, and says why the others are not. */
import { poseProblem } from "../detection/pose.js";
import type { DetectedFace } from "../detection/protocol.js";
import { describeMismatch, InputError } from "../errors.js";
import type { FivePoints, Rectangle } from "../types.js";
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

/** A face in messages: where it is in the photo. */
export function describeFace(file: string, { x, y, width, height }: Rectangle): string {
  return `${file}: face at ${[x, y, width, height].map(Math.round).join(",")}`;
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
  if (found.length === 0) {
    const remedy = "Use a photo in which it is larger or better lit, or a lower --min-score.";
    throw new InputError(describeMismatch(file, "a face", `none of a score of ${minScore} or more`, remedy));
  }
  const faces: DetectedFace[] = [];
  const dropped: string[] = [];
  for (const face of found.slice(0, choice === "all" ? MOST_FACES : 1).map(stored)) {
    const { width, height } = face.box;
    const where = describeFace(file, face.box);
    const problem = poseProblem(face.points, photo);
    if (problem !== null) {
      dropped.push(
        `${where}: ${problem}. Use another photo${choice === "all" ? "" : ", or --faces all for its other faces"}.`,
      );
    } else if (Math.min(width, height) < minFace) {
      const received = `${width.toFixed(1)} x ${height.toFixed(1)}`;
      const remedy = "Use a larger photo, or a lower --min-face.";
      dropped.push(describeMismatch(where, `a face of at least ${minFace} pixels`, received, remedy));
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
