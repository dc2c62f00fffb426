/** Aligned faces from files, and images to files. Loads no TensorFlow.js. */
import { dirname } from "node:path";
import { ensureDir, writeFileAtomic } from "../files.js";
import type { RgbaImage } from "../types.js";
import { encodePng } from "./codec.js";
import { checkSquare, readPhoto } from "./photo.js";

/**
 * Reads an aligned face from an image file of any format that we decode. Grey and transparent images become RGB.
 * @throws InputError if the file is missing, not an image or not square; only an aligned face is cropped to a square
 */
export async function readPicture(path: string): Promise<RgbaImage> {
  const picture = await readPhoto(path, path);
  checkSquare(picture, path);
  return picture;
}

/** Writes a PNG file, whole or not at all, and makes its folder. */
export async function writePicture(path: string, picture: RgbaImage): Promise<void> {
  await ensureDir(dirname(path));
  await writeFileAtomic(path, await encodePng(picture));
}
