/** How far two alignments of a face are apart. */
import { similarityFromLandmarks, transformPoint } from "../../src/image/align.js";
import type { FivePoints } from "../../src/types.js";

/** Mean distance, in pixels of a 256 px crop, between the positions that two alignments give the landmarks. */
export function disagreement(given: FivePoints, found: FivePoints): number {
  const [a, b] = [similarityFromLandmarks(given, 256), similarityFromLandmarks(found, 256)];
  const distances = given.map(([x, y]) => {
    const [[u, v], [p, q]] = [transformPoint(a, x, y), transformPoint(b, x, y)];
    return Math.hypot(u - p, v - q);
  });
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

export const FIND = { minScore: 0.5, all: false };
