/** Checks before `elegant fid` works for hours: paths that do not exist or cannot be written. */
import { open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { temporaryName } from "../files.js";
import type { Side } from "./sides.js";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** True for folders, false for files. @throws InputError if a path does not exist */
export function areFolders(paths: readonly string[]): Promise<readonly boolean[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        return (await stat(path)).isDirectory();
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw fromSystemError(error, `Reading '${path}'`);
        const expected = "a folder of images, .npz statistics or .npy/.npz features";
        throw new InputError(describeMismatch(path || "an empty path", expected, "nothing there", "Check the path."));
      }
    }),
  );
}

/**
 * @throws InputError if the name does not end in .npz, belongs to a folder, or is in a folder that is missing or not
 *   writable; RetryableError if the disk is full
 */
export async function checkStatisticsPath(path: string, option = "--save-stats"): Promise<void> {
  const refuse = (expected: string, received: string, remedy: string): InputError =>
    new InputError(describeMismatch(option, expected, received, remedy));
  if (!path.endsWith(".npz")) throw refuse("a name ending in .npz", `'${path}'`, "Rename it.");
  const isFolder = (name: string): Promise<boolean> =>
    stat(name).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
  if (await isFolder(path)) throw refuse("a file", `the folder '${path}'`, "Name a file in it.");
  const folder = dirname(path);
  if (!(await isFolder(folder))) throw refuse("a folder that exists", `'${folder}'`, "Make it first.");
  // Permissions do not suffice: file systems may be read-only, and the superuser may write anywhere else.
  const trial = temporaryName(path);
  try {
    await (await open(trial, "wx")).close();
    await rm(trial);
  } catch (error) {
    throw fromSystemError(error, `--save-stats: cannot write into '${folder}'`);
  }
}

/**
 * Reports problems with files before the network works on the other side.
 * @param rows whether rows are needed
 * @param dims dimensions of the network; null without a network
 * @throws InputError if files do not fit
 */
export function checkFiles(files: readonly Side[], rows: boolean, dims: number | null): void {
  for (const { kind, source, d } of files) {
    if (rows && kind !== "features") {
      const remedy = "Statistics hold no rows; leave --kid and --prc away or give images or features.";
      throw new InputError(describeMismatch(source, "features for --kid and --prc", "statistics", remedy));
    }
    if (dims !== null && d !== dims) {
      const remedy = "Compare features of one network and layer.";
      throw new InputError(describeMismatch(source, `${dims} dimensions, as --dims says`, String(d), remedy));
    }
  }
}
