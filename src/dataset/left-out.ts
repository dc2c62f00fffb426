/**
 * The pictures of a data set that nothing uses: those that its left_out.txt names, one per line, as in CelebA's lists. The
 * other lists stay as they are. If you delete the file, all pictures are back.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { fromSystemError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { listImages } from "../image/list-images.js";
import { nameProblem, printable } from "./file-names.js";
import { findImageDir } from "./layout.js";
import { lineError } from "./line-error.js";
import { decodeListText } from "./list-text.js";

export const LEFT_OUT_LIST = "left_out.txt";
/** Number of folders between the images and left_out.txt in the deepest layout of a data set (Img/NAME/NAME). */
const MOST_LEVELS = 3;

/**
 * The names in a data set's left_out.txt, in the order of its lines; empty without the file.
 * @throws InputError for a line that is no file name
 */
export async function readLeftOut(dir: string): Promise<ReadonlySet<string>> {
  const path = join(dir, LEFT_OUT_LIST);
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw fromSystemError(error, `Reading the list ${path}`);
  });
  const names = new Set<string>();
  if (bytes === null) return names;
  for (const [i, line] of decodeListText(bytes, LEFT_OUT_LIST).split("\n").entries()) {
    const name = line.trimEnd();
    if (name === "") continue;
    const problem = nameProblem(name);
    if (problem !== null) {
      const expected = `the name of a picture, and nothing else (${problem})`;
      throw lineError(LEFT_OUT_LIST, i + 1, expected, name, "Correct or remove the line.");
    }
    names.add(name);
  }
  return names;
}

/**
 * Adds names to a data set's left_out.txt, after those that are there.
 * @returns the file's path, and the names that a list cannot hold (line breaks, names that leave their folder)
 */
export async function addLeftOut(
  dir: string,
  names: readonly string[],
): Promise<{ readonly path: string; readonly refused: readonly string[] }> {
  const path = join(dir, LEFT_OUT_LIST);
  const refused = names.filter((name) => nameProblem(name) !== null);
  const listed = new Set([...(await readLeftOut(dir)), ...names.filter((name) => nameProblem(name) === null)]);
  if (listed.size > 0) await writeFileAtomic(path, [...listed].map((name) => `${name}\n`).join(""));
  return { path, refused };
}

/** A line for users about pictures that left_out.txt leaves out; null without any. */
export function describeLeftOut(leftOut: ReadonlySet<string>, files: ReadonlySet<string>): string | null {
  if (leftOut.size === 0) return null;
  const unknown = [...leftOut].filter((name) => !files.has(name));
  const known = leftOut.size - unknown.length;
  const others =
    unknown.length === 0
      ? ""
      : `; it names ${unknown.length} more that the data do not have (${printable(unknown[0])})`;
  return `${LEFT_OUT_LIST} leaves out ${known} of ${files.size} pictures${others}. Delete it to use all.`;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/**
 * Lists the images of a folder like listImages(), without those that the folder's data set leaves out. The folder may be a
 * data set, or the image folder of one.
 * @throws InputError like listImages() and readLeftOut()
 */
export async function listUsedImages(
  folder: string,
  recursive: boolean,
  warn?: (line: string) => void,
): Promise<readonly string[]> {
  const paths = await listImages(folder, recursive, warn);
  const leftOut = new Set<string>();
  const here = resolve(folder);
  for (let dir = here, level = 0; level <= MOST_LEVELS; dir = dirname(dir), level++) {
    // An image folder with a name of its own (--images) is recognised only if it is directly in the data set's folder.
    const images = await findImageDir(dir).catch(() => (level < 2 ? here : null));
    if (images === null || !(level === 0 || isWithin(here, resolve(images)))) continue;
    for (const name of await readLeftOut(dir)) leftOut.add(resolve(images, name));
  }
  const used = paths.filter((path) => !leftOut.has(resolve(path)));
  if (used.length < paths.length) {
    warn?.(
      `${LEFT_OUT_LIST} leaves out ${paths.length - used.length} of ${paths.length} images of ${basename(folder)}`,
    );
  }
  return used;
}
