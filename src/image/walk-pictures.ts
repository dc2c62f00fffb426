/** Finds the images in a folder. All commands that accept a folder use this walk, so they agree on what it contains. */
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { fromSystemError } from "../errors.js";
import { endingOf, hasReadableEnding, hasUnreadPictureEnding } from "./endings.js";

export interface PictureWalk {
  /** Names of the images within the folder, sorted, with / between folders. */
  readonly names: readonly string[];
  /** The members of `names` that are links to nothing. Reading one fails with a message that names it. */
  readonly broken: readonly string[];
  /** Images of kinds that decodeImage does not read, sorted. */
  readonly notRead: readonly string[];
  /** Number of visible entries that are not images, plus the number of folders that were not entered. */
  readonly others: number;
}

/** Names without a leading dot that file managers, archives and network storage put next to images. */
const HOUSEKEEPING = new Set([
  ...["__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found"],
  ...["PaxHeader", "PaxHeaders"],
]);

/**
 * True for a file or folder that is not meant to be seen: `._a.jpg`, `.ipynb_checkpoints`, `__MACOSX`.
 * @param name one part of a path
 */
export function isHidden(name: string): boolean {
  return name.startsWith(".") || HOUSEKEEPING.has(name) || /^PaxHeaders\.\d+$/.test(name);
}

/**
 * Finds the images of a folder and, with `recursive`, of the folders below it. Hidden entries are skipped. A folder is
 * never an image, whatever its name. Links to files are images. A folder that can be reached in several ways is visited
 * once: through its own location if that is within the folder, otherwise through the first link in the order of names.
 * A link to a parent of the folder is not followed.
 * @throws InputError if a folder cannot be listed; RetryableError if the file system fails for now
 */
export async function walkPictures(folder: string, recursive = true): Promise<PictureWalk> {
  const names: string[] = [];
  const broken: string[] = [];
  const notRead: string[] = [];
  let others = 0;
  const visited = new Set<string>();
  let links: string[] = [];
  const addFile = (name: string): void => {
    if (hasReadableEnding(name)) names.push(name);
    else if (hasUnreadPictureEnding(name)) notRead.push(name);
    else others++;
  };
  const visit = async (below: string): Promise<void> => {
    const here = join(folder, below);
    const place = await realpath(here);
    if (visited.has(place)) return;
    visited.add(place);
    for (const entry of await readdir(here, { withFileTypes: true })) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (isHidden(entry.name)) others++;
      else if (entry.isDirectory()) await enter(name);
      else if (entry.isSymbolicLink()) await follow(name);
      else addFile(name);
    }
  };
  const enter = async (name: string): Promise<void> => {
    if (recursive) await visit(name);
    else others++;
  };
  const follow = async (name: string): Promise<void> => {
    const target = await stat(join(folder, name)).catch(() => null);
    if (target?.isDirectory() === true) {
      if (recursive) links.push(name);
      else others++;
      return;
    }
    if (target === null && hasReadableEnding(name)) broken.push(name);
    addFile(name);
  };
  try {
    const root = await realpath(folder);
    await visit("");
    // Folders at their own location come first. Folders behind links may contain more links.
    while (links.length > 0) {
      const found = links.sort();
      links = [];
      for (const name of found) {
        const target = await realpath(join(folder, name));
        const isParent = `${root}${sep}`.startsWith(target.endsWith(sep) ? target : `${target}${sep}`);
        if (!isParent) await visit(name);
      }
    }
  } catch (error) {
    throw fromSystemError(error, `Listing '${folder}'`);
  }
  return { names: names.sort(), broken: broken.sort(), notRead: notRead.sort(), others };
}

/** Endings of image formats whose name is not simply the ending. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  HEIC: [".heic", ".heif", ".hif", ".heics"],
  "JPEG 2000": [".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".jpm"],
  "JPEG XL": [".jxl"],
  "JPEG XR": [".jxr", ".wdp"],
  Photoshop: [".psd", ".psb"],
  "camera raw": [".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"],
};
const KIND_OF = new Map(Object.entries(KINDS).flatMap(([kind, endings]) => endings.map((ending) => [ending, kind])));
const NAMES_SHOWN = 3;

/** One line that says which images of a folder are left out because of their kind; null if there are none. */
export function describeNotRead(folder: string, names: readonly string[]): string | null {
  if (names.length === 0) return null;
  const counts = new Map<string, number>();
  for (const name of names) {
    const ending = endingOf(name);
    const kind = KIND_OF.get(ending) ?? ending.slice(1).toUpperCase();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const kinds = [...counts].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `${kind} (${count})`);
  const shown =
    names.slice(0, NAMES_SHOWN).join(", ") +
    (names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : "");
  const files = names.length === 1 ? "1 file is" : `${names.length} files are`;
  const because = `because elegant-faces does not read ${kinds.join(", ")}`;
  return `${folder}: ${files} left out ${because}: ${shown}. To use them, convert them to PNG or JPEG.`;
}
