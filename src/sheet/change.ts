/** Shows what an edit changed, as an image for people to look at. */
import { describeMismatch, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";

/** The grey level of an unchanged channel. */
const UNCHANGED = 128;

/**
 * Draws the change around medium grey: each channel is 128 + after - before, clipped to 0 to 255. Medium grey means
 * that nothing changed. A light area became lighter, and a coloured area took on that colour. The result is opaque.
 *
 * @param before RGBA, row-major, 0 to 255
 * @param after  an image of the same size
 * @throws InputError if the sizes differ
 * @example changePicture(input, swapped)
 */
export function changePicture(before: RgbaImage, after: RgbaImage): RgbaImage {
  const { width, height } = before;
  if (after.width !== width || after.height !== height) {
    const received = `${after.width}x${after.height}`;
    throw new InputError(describeMismatch("picture size", `${width}x${height}`, received, "Compare one size."));
  }
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i += 4) {
    for (let c = i; c < i + 3; c++) data[c] = UNCHANGED + after.data[c] - before.data[c];
    data[i + 3] = 255;
  }
  return { width, height, data };
}
