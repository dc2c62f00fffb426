/** Smooth enlargement of small images for people to look at. It is never used on data that is measured. */
import type { RgbaImage } from "../types.js";

/**
 * The image `factor` times as wide and high, by Catmull-Rom interpolation (Keys, 1981, a = -1/2) with the edge
 * repeated. Alpha is interpolated like the colours.
 */
export function enlarge(image: RgbaImage, factor: number): RgbaImage {
  if (factor === 1) return image;
  const wide = enlargeLines(image.data, image.height, image.width, 4, factor);
  const columns = image.width * factor;
  const data = new Uint8ClampedArray(columns * image.height * factor * 4);
  data.set(enlargeLines(wide, 1, image.height, columns * 4, factor)); // Uint8ClampedArray rounds and clips
  return { width: columns, height: image.height * factor, data };
}

/** Interpolates between `count` neighbouring items of `size` numbers each, in every one of `lines` lines. */
function enlargeLines(
  source: Uint8Array | Uint8ClampedArray | Float32Array,
  lines: number,
  count: number,
  size: number,
  factor: number,
): Float32Array {
  const out = new Float32Array(lines * count * factor * size);
  const taps = Array.from({ length: factor }, (_, phase) => catmullRom((phase + 0.5) / factor - 0.5));
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < count * factor; i++) {
      const { first, weights } = taps[i % factor];
      const start = Math.floor(i / factor) + first;
      const to = (line * count * factor + i) * size;
      for (let tap = 0; tap < 4; tap++) {
        const item = Math.min(count - 1, Math.max(0, start + tap));
        const from = (line * count + item) * size;
        const weight = weights[tap];
        for (let k = 0; k < size; k++) out[to + k] += weight * source[from + k];
      }
    }
  }
  return out;
}

/** The four weights for a point `offset` (-1/2 .. 1/2) from an item, and the first item's index relative to it. */
function catmullRom(offset: number): { first: number; weights: readonly number[] } {
  const below = Math.floor(offset);
  const t = offset - below;
  const weights = [
    ((-t + 2) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((-3 * t + 4) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
  return { first: below - 1, weights };
}
