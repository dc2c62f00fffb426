/** Faces between files and the numbers that the generator works on. Loads no TensorFlow.js. */
import { describeMismatch, InputError } from "../errors.js";
import { readPhoto } from "../image/photo.js";
import { Pixels, wholeOf } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";

/**
 * Reads an aligned face from an image file of any format that we decode; grey and transparent ones become RGB.
 * @throws InputError when the file is missing, no image or not square: only an aligned face is cropped to a square
 */
export async function readPicture(path: string): Promise<RgbaImage> {
  const picture = await readPhoto(path, path);
  const { width, height } = picture;
  if (width === height) return picture;
  const remedy = "Run 'elegant align' (own photos) or 'elegant preprocess' (a data set) on it first.";
  throw new InputError(describeMismatch(path, "a square picture of an aligned face", `${width} x ${height}`, remedy));
}

/**
 * Pictures as the generator takes them, [n, size, size, 3] in [-1, 1]; those of another size are resized with an
 * antialiasing filter.
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

/** One picture, opaque, from [size, size, 3] in [-1, 1]; rounded to the nearest of 256 levels and clipped. */
export function fromFloats(floats: Float32Array, size: number): RgbaImage {
  const data = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let i = 0, from = 0; i < data.length; i += 4, from += 3) {
    // A clamped array rounds and clips what is stored.
    for (let c = 0; c < 3; c++) data[i + c] = (floats[from + c] + 1) * 127.5;
  }
  return { width: size, height: size, data };
}
