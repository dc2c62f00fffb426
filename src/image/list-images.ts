/** Lists the images of a folder. */
import { join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { describeNotRead, walkPictures } from "./walk-pictures.js";

/**
 * Paths of the images of a folder, sorted by their names, as found by walkPictures().
 * @param recursive includes images of folders below
 * @param warn receives a line if images are left out because we do not read their kind
 * @throws InputError for a folder without images, or if `folder` is not a folder
 */
export async function listImages(
  folder: string,
  recursive: boolean,
  warn?: (line: string) => void,
): Promise<readonly string[]> {
  const { names, notRead, others } = await walkPictures(folder, recursive);
  const leftOut = describeNotRead(folder, notRead);
  if (names.length > 0) {
    if (leftOut !== null) warn?.(leftOut);
    return names.map((name) => join(folder, name));
  }
  const count = others + notRead.length;
  const received = count === 0 ? "an empty folder" : `a folder of ${count} other entries`;
  const remedy = recursive ? "Choose another folder." : "Choose another folder, or add --recursive.";
  const expected = "images (jpg, png, gif, bmp, tiff, webp, avif)";
  throw new InputError(
    describeMismatch(folder, expected, received, leftOut === null ? remedy : `${remedy} ${leftOut}`),
  );
}
