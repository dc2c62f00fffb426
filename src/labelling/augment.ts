/** Makes varied copies of training images for the labeller: mirrored, moved, turned, scaled, with other light and colours. */
import type { Random } from "../random.js";

/** Largest angle in radians, relative change of scale, and shift as a share of the side. */
const ANGLE = 0.12;
const SCALE = 0.08;
const SHIFT = 0.05;
/** Factors of all channels and of each channel, and the largest value that is added to all. */
const CONTRAST = [0.8, 1.2] as const;
const TINT = [0.9, 1.1] as const;
const BRIGHTNESS = 0.15;

/**
 * Writes one varied copy. Places outside the image get the nearest edge's colour.
 * @param levels RGB, 0 to 255: [side, side, 3]
 * @param out    about [-1, 1]: [side, side, 3]
 */
export function augment(levels: Uint8ClampedArray, out: Float32Array, side: number, random: Random): void {
  const flip = random.chance(0.5) ? -1 : 1;
  const angle = random.between(-ANGLE, ANGLE);
  const scale = random.between(1 - SCALE, 1 + SCALE);
  const [right, down] = [0, 0].map(() => side * random.between(-SHIFT, SHIFT));
  const contrast = random.between(...CONTRAST);
  const factors = [0, 1, 2].map(() => (contrast * random.between(...TINT)) / 127.5);
  const offset = random.between(-BRIGHTNESS, BRIGHTNESS);
  const offsets = factors.map((factor) => offset - factor * 127.5);
  const [cosine, sine] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const centre = (side - 1) / 2;
  const last = side - 1;
  let to = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      // Where the pixel comes from.
      const [dx, dy] = [flip * (x - centre), y - centre];
      const fromX = Math.min(last, Math.max(0, centre + cosine * dx - sine * dy + right));
      const fromY = Math.min(last, Math.max(0, centre + sine * dx + cosine * dy + down));
      const [left, top] = [Math.min(last - 1, Math.floor(fromX)), Math.min(last - 1, Math.floor(fromY))];
      const [fx, fy] = [fromX - left, fromY - top];
      const at = (top * side + left) * 3;
      const below = at + side * 3;
      for (let c = 0; c < 3; c++) {
        const upper = levels[at + c] + fx * (levels[at + 3 + c] - levels[at + c]);
        const lower = levels[below + c] + fx * (levels[below + 3 + c] - levels[below + c]);
        out[to++] = factors[c] * (upper + fy * (lower - upper)) + offsets[c];
      }
    }
  }
}
