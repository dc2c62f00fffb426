/** Aligned faces from files. Loads no TensorFlow.js. */
import { describeMismatch, InputError } from "../errors.js";
import { readPhoto } from "../image/photo.js";
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
