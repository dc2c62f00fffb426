/**
 * The photos of tar files, as img2dataset and others write them: every member with an image's ending. A photo's name is
 * that of its tar file without .tar, a slash and the member's name.
 */
import { basename } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { hasReadableEnding, hasUnreadPictureEnding } from "../image/endings.js";
import type { PictureSource } from "../image/picture-source.js";
import { isHidden } from "../image/walk-pictures.js";
import type { OnProgress } from "../types.js";
import { nameProblem, printable } from "./file-names.js";
import { readTarHeaders } from "./tar-headers.js";

export interface TarPhotos {
  /** Sorted. */
  readonly names: readonly string[];
  /** Names of images whose kind we do not read. */
  readonly notRead: readonly string[];
  readonly ranges: ReadonlyMap<string, PictureSource>;
}

export interface TarPhotosOptions {
  /** Receives a line about names that occur twice. */
  readonly onWarning?: ((line: string) => void) | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export function isTarName(name: string): boolean {
  return /\.tar$/i.test(name) && !name.startsWith(".");
}

/**
 * Lists the photos of tar files by their headers. If a name occurs twice in a file, the later member counts, as when
 * the file is unpacked.
 * @throws InputError for a damaged tar file, and for a member whose name leaves its place or is not good everywhere
 */
export async function readTarPhotos(
  paths: readonly string[],
  { onWarning, onProgress }: TarPhotosOptions = {},
): Promise<TarPhotos> {
  const ranges = new Map<string, PictureSource>();
  const notRead = new Set<string>();
  const stems = new Set<string>();
  for (const [i, path] of paths.entries()) {
    const stem = basename(path).slice(0, -4);
    if (stems.has(stem)) {
      const remedy = "Rename one of the two files.";
      throw new InputError(describeMismatch(path, "a tar file of another name", `a second '${stem}'`, remedy));
    }
    stems.add(stem);
    const repeated: string[] = [];
    for (const { name: given, offset, length } of readTarHeaders(path)) {
      const member = given.replace(/^(\.\/+)+/, "");
      if (member.split("/").some((part) => part !== "." && part !== ".." && isHidden(part))) continue;
      const isPhoto = hasReadableEnding(member);
      if (!isPhoto && !hasUnreadPictureEnding(member)) continue;
      const problem = nameProblem(member) ?? nameProblem(`${stem}/${member}`);
      if (problem !== null) {
        const expected = `members with names that stay in their folder and are good on every system (${problem})`;
        throw new InputError(describeMismatch(path, expected, `'${printable(given)}'`, "Make the tar file again."));
      }
      const name = `${stem}/${member}`;
      if (!isPhoto) notRead.add(name);
      else {
        if (ranges.has(name)) repeated.push(name);
        ranges.set(name, { path, name: member, range: { offset, length } });
      }
    }
    onProgress?.({ stage: "scan", done: i + 1, total: paths.length, unit: "tar files" });
    await new Promise((resolve) => setImmediate(resolve)); // for signals: the headers are read synchronously
    if (repeated.length === 0) continue;
    const are = repeated.length === 1 ? "1 name occurs" : `${repeated.length} names occur`;
    onWarning?.(
      `${path}: ${are} more than once; the last photo of a name counts (the first such name is ${repeated[0]})`,
    );
  }
  return { names: [...ranges.keys()].sort(), notRead: [...notRead].sort(), ranges };
}
