/**
 * Pastes an edited face back into its photo. Only the change of the edit, (after - before), is added, carried into the
 * photo by the inverse warp. So the photo keeps its own sharpness if the crop was smaller, and unchanged places stay as
 * they are, without a visible seam. If `before` is the model's reconstruction, anything that the model adds to every
 * face cancels out. A mask fades the change out towards the crop's edge.
 */

import { composeAffine, invertAffine, transformPoint } from "../image/align.js";
import type { Pixels } from "../image/pixels.js";
import { shownPart, warpReduced } from "../image/reduce.js";
import type { Affine, RgbaImage } from "../types.js";

/** Exponent of a rounded square, |x|^4 + |y|^4, with the crop's centre at 0 and its edges at 1. */
const ROUNDNESS = 4;
/** The mask is 1 up to the first radius, and 0 from the second one, which is within the crop. */
const FEATHER = [0.78, 0.98] as const;

/** Decreases smoothly from 1 to 0 between the two radii. `x` and `y` are in pixels of a crop of `size`. */
export function maskAt(x: number, y: number, size: number): number {
  const half = size / 2;
  const [u, v] = [(x + 0.5) / half - 1, (y + 0.5) / half - 1];
  const radius = (u ** ROUNDNESS + v ** ROUNDNESS) ** (1 / ROUNDNESS);
  const t = Math.min(1, Math.max(0, (FEATHER[1] - radius) / (FEATHER[1] - FEATHER[0])));
  return t * t * (3 - 2 * t);
}

/** Crop of `from` pixels -> the same crop of `to` pixels. Pixels are areas here. */
function resizing(from: number, to: number): Affine {
  const scale = to / from;
  return [scale, 0, scale / 2 - 0.5, 0, scale, scale / 2 - 0.5];
}

/**
 * Makes a new image: the photo with an edit in it. Pixels outside the mask are bit-identical to the photo's.
 * @param matrix photo -> crop of `size` pixels
 * @param before the crop without the edit, [S, S], for any S
 * @param after  the crop with the edit, [S, S]
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
