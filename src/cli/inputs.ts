/** Pictures that a command is given: files, and folders of them. */
import { stat } from "node:fs/promises";

/**
 * The pictures that arguments name: a file stands for itself, a folder for the pictures in it and below, sorted by their names. A path
 * that is not there is kept; reading it says what is wrong with it.
 * @param warn receives a line for a folder with pictures of kinds that we do not read
 * @throws InputError for a folder without pictures
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
      const { listImages } = await import("../metrics/image-list.js");
      for (const picture of await listImages(path, true, warn)) expanded.push(picture);
    }
  }
  return expanded;
}
