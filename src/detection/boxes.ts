/** Boxes with scores, and which of those that overlap stay. The functions are pure. */
import type { Rectangle } from "../types.js";

export interface ScoredBox {
  /** The detector's confidence, 0 to 1. */
  readonly score: number;
  readonly box: Rectangle;
}

/** Area that two boxes share, divided by the area that they cover together: 0 to 1. */
export function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** Keeps the best box of each group of boxes that overlap by more than `most`, the best first (non-maximum suppression). */
export function keepBest(boxes: readonly ScoredBox[], most: number): ScoredBox[] {
  const kept: ScoredBox[] = [];
  for (const candidate of [...boxes].sort((a, b) => b.score - a.score)) {
    if (kept.every(({ box }) => overlap(box, candidate.box) <= most)) kept.push(candidate);
  }
  return kept;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
