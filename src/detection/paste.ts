/**
 * An edited face back into its photo. What the edit changed is added, (after - before) carried into the photo by the
 * inverse warp: the photo keeps its own sharpness where the crop was smaller, and where nothing changed nothing happens,
 * so that no seam shows. With the model's reconstruction as `before`, what it adds to any face cancels out. A mask fades
 * the change out towards the crop's edge.
 */

import { invertAffine, transformPoint } from "../image/align.js";
import type { Pixels } from "../image/pixels.js";
import { composeAffine, shownPart, warpReduced } from "../image/reduce.js";
import type { Affine, RgbaImage } from "../types.js";

/** A rounded square: |x|^4 + |y|^4, with the crop's middle at 0 and its edges at 1. */
const ROUNDNESS = 4;
/** The mask is 1 up to the first radius, 0 from the second, which is within the crop. */
const FEATHER = [0.78, 0.98] as const;

/** Smoothly from 1 to 0 over the feather; `x`, `y` in pixels of a crop of `size`. */
export function maskAt(x: number, y: number, size: number): number {
  const half = size / 2;
  const [u, v] = [(x + 0.5) / half - 1, (y + 0.5) / half - 1];
  const radius = (u ** ROUNDNESS + v ** ROUNDNESS) ** (1 / ROUNDNESS);
  const t = Math.min(1, Math.max(0, (FEATHER[1] - radius) / (FEATHER[1] - FEATHER[0])));
  return t * t * (3 - 2 * t);
}

/** Crop of `from` pixels -> the same crop of `to` pixels; pixels are areas. */
function resizing(from: number, to: number): Affine {
  const scale = to / from;
  return [scale, 0, scale / 2 - 0.5, 0, scale, scale / 2 - 0.5];
}

/**
 * The photo with an edit in it: a new picture; pixels outside of the mask are the photo's, bit for bit.
 * @param matrix photo -> crop of `size` pixels
 * @param before the crop without the edit, [S, S], of any S; @param after the crop with it, [S, S]
 */
export function pasteFace(
  pixels: Pixels,
  photo: RgbaImage,
  { matrix, size }: { readonly matrix: Affine; readonly size: number },
  before: RgbaImage,
  after: RgbaImage,
): RgbaImage {
  const data = photo.data.slice();
  const result = { width: photo.width, height: photo.height, data };
  const side = before.width;
  const toEdit = composeAffine(resizing(size, side), matrix);
  const part = shownPart(photo, toEdit, [side, side], 1);
  if (part === null) return result;
  const toPart = composeAffine([1, 0, -part.x, 0, 1, -part.y], invertAffine(toEdit));
  const [was, is] = [before, after].map((picture) => warpReduced(pixels, picture, toPart, part.width, part.height));
  for (let y = 0; y < part.height; y++) {
    for (let x = 0; x < part.width; x++) {
      const mask = maskAt(...transformPoint(toEdit, x + part.x, y + part.y), side);
      if (mask === 0) continue;
      const from = (y * part.width + x) * 4;
      const to = ((y + part.y) * photo.width + x + part.x) * 4;
      for (let c = 0; c < 3; c++) {
        const value = photo.data[to + c] + mask * (is.data[from + c] - was.data[from + c]);
        data[to + c] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
  return result;
}
