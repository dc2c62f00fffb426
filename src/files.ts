/**
 * Writes files that others may read or that must survive a crash. A file is written completely under a temporary name
 * and then renamed.
 */
import { randomInt } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "./errors.js";

/** Temporary files have hidden names that contain the process number and a count. */
const TEMPORARY = /^\..+\.\d+-\d+\.tmp$/;

/** True for the names of files that are still being written or whose writer was killed. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * The number of this process in temporary names. It has random digits because machines that share a folder may have
 * processes with the same number.
 */
const OWN_NUMBER = `${process.pid}${String(randomInt(1e6)).padStart(6, "0")}`;
let temporaryCount = 0;

/**
 * The path under which a file is written before it gets its name. It is in the same folder, because a rename is atomic
 * only within one file system.
 */
export function temporaryName(path: string): string {
  // Names with a leading dot do not match `*` patterns.
  return join(dirname(path), `.${basename(path)}.${OWN_NUMBER}-${temporaryCount++}.tmp`);
}

/**
 * Writes `bytes` to `path` so that a reader, or the next run after a crash, sees either the old file or the new one,
 * and never a part of it. The folder must exist.
 * @throws RetryableError if the disk is full; InputError if the path cannot be written. The temporary file is removed
 *   in both cases.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync(); // a rename may reach the disk before the data does
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first failure is the one to report
    throw fromSystemError(error, `Cannot write '${path}'`);
  }
}

/**
 * Removes the temporary files that killed writers have left in a folder. Call it only if no other process writes there.
 * A missing folder is not an error.
 */
export async function removeTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((entry) => TEMPORARY.test(entry))) {
    await rm(join(folder, name), { force: true }).catch(() => {}); // a file that stays does no harm
  }
}

/** Makes a folder and its parents, if they do not exist yet. @throws InputError if a file has that name */
export async function ensureDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // Something other than a folder has this name.
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new InputError(describeMismatch(path, "a folder", "a file of that name", "Choose another path."));
    }
    throw fromSystemError(error, `Cannot make the folder '${path}'`);
  }
}

/** Makes the rename itself durable. Windows cannot open a folder, and some network file systems refuse to sync one. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EISDIR" && code !== "EPERM" && code !== "EACCES" && code !== "EINVAL" && code !== "ENOTSUP")
      throw error;
  }
}
