/**
 * Checks whether five landmarks can be a face at all, in any rotation. Rows of lists are sometimes zeros, mirrored or
 * in another order.
 */
import type { FivePoints } from "../types.js";
import { MEAN_FACE } from "./align.js";

/** Smallest extent of the points in pixels. Lists contain whole pixels, so closer points no longer have a direction. */
const LEAST_EXTENT = 3;
/**
 * How far left and right may be exchanged, as they seem to be in a profile; as a share of the distance from the eyes to
 * the mouth.
 */
const MOST_EXCHANGED = 0.25;
/**
 * Smallest distance from the eyes to the mouth, as a share of the distance between the eyes. A face seen from far above
 * or below still exceeds it.
 */
const LEAST_HEIGHT = 0.1;
/**
 * Largest share of the points' spread that no similarity to the mean face explains. The 182 faces of shared/faces have
 * at most 0.11, a full profile 0.45, a face with one point in the image's corner 0.7.
 */
const MOST_UNEXPLAINED = 0.6;

type Vector = readonly [x: number, y: number];

const minus = ([a, b]: Vector, [c, d]: Vector): Vector => [a - c, b - d];
const middle = ([a, b]: Vector, [c, d]: Vector): Vector => [(a + c) / 2, (b + d) / 2];
const cross = ([a, b]: Vector, [c, d]: Vector): number => a * d - b * c;
const dot = ([a, b]: Vector, [c, d]: Vector): number => a * c + b * d;

function centred(points: FivePoints): Vector[] {
  const mean = points.reduce<Vector>(([x, y], [u, v]) => [x + u / 5, y + v / 5], [0, 0]);
  return points.map((point) => minus(point, mean));
}

/** 0 for the mean face turned, moved and scaled; 1 for points that no similarity brings closer to it. */
function unexplained(points: FivePoints): number {
  const [from, to] = [centred(points), centred(MEAN_FACE)];
  const sum = (value: (i: number) => number): number => from.reduce((total, _, i) => total + value(i), 0);
  const [real, imaginary] = [sum((i) => dot(from[i], to[i])), sum((i) => cross(from[i], to[i]))];
  return 1 - (real ** 2 + imaginary ** 2) / (sum((i) => dot(from[i], from[i])) * sum((i) => dot(to[i], to[i])));
}

/**
 * Why five points (left eye, right eye, nose, left and right mouth corner, as seen in the image) are not a face; null
 * if they can be one. Turned and upside-down faces are faces; mirrored ones are not.
 */
export function landmarkProblem(points: FivePoints): string | null {
  if (!points.flat().every(Number.isFinite)) return "coordinates that are no numbers";
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const extent = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  if (extent === 0) return "the same point five times";
  if (extent < LEAST_EXTENT) return `five points within ${LEAST_EXTENT} pixels`;
  const [leftEye, rightEye, , leftMouth, rightMouth] = points;
  const [eyes, mouth] = [minus(rightEye, leftEye), minus(rightMouth, leftMouth)];
  const down = minus(middle(leftMouth, rightMouth), middle(leftEye, rightEye));
  const height = dot(down, down);
  if (height <= LEAST_HEIGHT ** 2 * dot(eyes, eyes)) return "the mouth at the eyes";
  // The signs of areas do not change when the face is turned.
  const exchangedEyes = cross(eyes, down) < -MOST_EXCHANGED * height;
  const exchangedMouth = cross(mouth, down) < -MOST_EXCHANGED * height;
  if (exchangedEyes && exchangedMouth) return "a mirrored face: left and right, or x and y, are exchanged";
  if (exchangedEyes) return "left and right eye exchanged";
  if (exchangedMouth) return "left and right corner of the mouth exchanged";
  const isInLine = Math.abs(cross(eyes, down)) < 0.05 * height && Math.abs(dot(eyes, down)) > MOST_EXCHANGED * height;
  if (isInLine) return "both eyes in one line with the mouth";
  return unexplained(points) > MOST_UNEXPLAINED ? "five points that are not arranged like a face" : null;
}
