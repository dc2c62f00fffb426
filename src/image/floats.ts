/** Converts images between 8-bit RGBA and the numbers in [-1, 1] that the networks use. */
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { Pixels, wholeOf } from "./pixels.js";

/**
 * Images in the form that the generator expects, [n, size, size, 3] in [-1, 1]. Images of another size are resized with
 * an antialiasing filter.
 */
export async function toFloats(pictures: readonly RgbaImage[], size: number): Promise<Float32Array> {
  const pixels = new Pixels(await loadModule("image"));
  const length = size * size * 3;
  const floats = new Float32Array(pictures.length * length);
  for (const [i, picture] of pictures.entries()) {
    pixels.resizeToFloat(picture, wholeOf(picture), size, size, floats.subarray(i * length, (i + 1) * length));
  }
  return floats;
}

/** One opaque image from [size, size, 3] in [-1, 1], rounded to the nearest of 256 levels and clipped. */
export function fromFloats(floats: Float32Array, size: number): RgbaImage {
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let i = 0, from = 0; i < data.length; i += 4, from += 3) {
    // A clamped array rounds and clips the stored values.
    for (let c = 0; c < 3; c++) data[i + c] = (floats[from + c] + 1) * 127.5;
  }
  return { width: size, height: size, data };
}

/** Turns left and right around in place. @param picture [size, size, 3] */
export function mirror(picture: Float32Array, size: number): void {
  for (let row = 0; row < picture.length; row += size * 3) {
    for (let [left, right] = [row, row + (size - 1) * 3]; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const kept = picture[left + c];
        picture[left + c] = picture[right + c];
        picture[right + c] = kept;
      }
    }
  }
}
