/** Reduces the 68 points of the iBUG convention to CelebA's five, with pure functions. */
import type { FivePoints } from "../types.js";

type Point = readonly [x: number, y: number];
export type Points68 = readonly Point[];

/** First and last of the six points around each eye. Left and right are as seen by the viewer. */
const LEFT_EYE = [36, 41] as const;
const RIGHT_EYE = [42, 47] as const;
const NOSE_TIP = 30;
const LEFT_MOUTH = 48;
const RIGHT_MOUTH = 54;

function mean(points: Points68, [first, last]: readonly [number, number]): Point {
  const part = points.slice(first, last + 1);
  const sum = part.reduce(([x, y], [u, v]) => [x + u, y + v] as const, [0, 0] as const);
  return [sum[0] / part.length, sum[1] / part.length];
}

/** Centres of the eyes, tip of the nose, corners of the mouth. */
export function fivePoints(points: Points68): FivePoints {
  return [mean(points, LEFT_EYE), mean(points, RIGHT_EYE), points[NOSE_TIP], points[LEFT_MOUTH], points[RIGHT_MOUTH]];
}

/** The five points of an image of `width` pixels, from those of its mirror image. Left and right are exchanged. */
export function unmirror([left, right, nose, leftMouth, rightMouth]: FivePoints, width: number): FivePoints {
  return [right, left, nose, rightMouth, leftMouth].map(([x, y]) => [width - 1 - x, y]);
}

/** The mean of each point. */
export function meanPoints(all: readonly FivePoints[]): FivePoints {
  return all[0].map((_, i) => {
    const x = all.reduce((sum, points) => sum + points[i][0], 0) / all.length;
    const y = all.reduce((sum, points) => sum + points[i][1], 0) / all.length;
    return [x, y];
  });
}
