/** Expands the image arguments of a command: files, and folders of them. */
import { stat } from "node:fs/promises";

/**
 * The images named by arguments: a file stands for itself, a folder for the images in it and below, sorted by their
 * names. A path that does not exist is kept; reading it reports the problem.
 * @param warn receives a line for a folder with images of kinds that we do not read
 * @throws InputError for a folder without images
 */
export async function expandInputs(
  paths: readonly string[],
  warn?: (line: string) => void,
): Promise<readonly string[]> {
  const expanded: string[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => null))?.isDirectory() === true;
    if (!isFolder) expanded.push(path);
    else {
      const { listImages } = await import("../image/list-images.js");
      for (const picture of await listImages(path, true, warn)) expanded.push(picture);
    }
  }
  return expanded;
}
