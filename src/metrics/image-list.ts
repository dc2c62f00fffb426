/** Which files of a folder are the pictures of a set. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { IMAGE_EXTENSION } from "../dataset/dataset.js";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";

/**
 * Image files, sorted by their names. Hidden files and folders are none of the set (macOS puts `._a.jpg` beside each `a.jpg` of an
 * archive). Links are followed; a folder that can be reached twice is looked at once, so that a link upwards ends there.
 * @param recursive files of folders below, too
 * @throws InputError for a folder with none, or that is none
 */
export async function listImages(folder: string, recursive: boolean): Promise<readonly string[]> {
  const images: string[] = [];
  const visited = new Set<string>();
  let others = 0;
  const visit = async (below: string): Promise<void> => {
    const here = join(folder, below);
    const place = await realpath(here);
    if (visited.has(place)) return;
    visited.add(place);
    const entries = await readdir(here, { withFileTypes: true });
    // In the order of names, not of the disk: it decides by which of two ways a folder is reached.
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = join(below, entry.name);
      // A link to nothing counts as a file: it is a picture that cannot be read, and is told as one.
      const kind = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => null) : entry;
      if (entry.name.startsWith(".")) others++;
      else if ((kind === null || kind.isFile()) && IMAGE_EXTENSION.test(entry.name)) images.push(name);
      else if (recursive && kind?.isDirectory()) await visit(name);
      else others++;
    }
  };
  try {
    await visit("");
  } catch (error) {
    throw fromSystemError(error, `Listing '${folder}'`);
  }
  if (images.length > 0) return images.sort().map((name) => join(folder, name));
  const received = others === 0 ? "an empty folder" : `a folder of ${others} other entries`;
  const remedy = recursive ? "Choose another folder." : "Choose another folder, or add --recursive.";
  throw new InputError(describeMismatch(folder, "images (jpg, png, bmp, gif, tiff)", received, remedy));
}
