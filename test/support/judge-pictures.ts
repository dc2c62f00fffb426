/** Images with bright and dark bars for tests of the classifier that judges edits. */
import { Random } from "../../src/random.js";

export const SIDE = 64;

/** Noisy images. Attribute 0 is a bright bar at the top, attribute 1 a dark one at the bottom. */
export function barred(seed: number, n: number): { levels: Uint8ClampedArray; labels: Int8Array; attributes: number } {
  const random = Random.fromSeed(seed, "barred");
  const levels = new Uint8ClampedArray(n * SIDE * SIDE * 3);
  const labels = new Int8Array(n * 2);
  for (let i = 0; i < n; i++) {
    labels[2 * i] = Number(random.chance(0.5));
    labels[2 * i + 1] = Number(random.chance(0.2));
    for (let y = 0; y < SIDE; y++) {
      const bar = y >= 10 && y < 18 ? 60 * labels[2 * i] : y >= 46 && y < 54 ? -60 * labels[2 * i + 1] : 0;
      for (let k = 0; k < SIDE * 3; k++) levels[(i * SIDE + y) * SIDE * 3 + k] = 100 + bar + random.below(60);
    }
  }
  return { levels, labels, attributes: 2 };
}
