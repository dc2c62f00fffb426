/** Files that others may read or that must survive a crash: written whole under another name, then renamed. */
import { randomInt } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "./errors.js";

/** Names of temporary files: hidden, with the process and a count. */
const TEMPORARY = /^\..+\.\d+-\d+\.tmp$/;

/** True for the names of files that are being written, or whose writer was killed. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Of this process, in names; machines that share a folder may have processes of the same number. */
const OWN_NUMBER = `${process.pid}${String(randomInt(1e6)).padStart(6, "0")}`;
let temporaryCount = 0;

/** Where a file is written before it gets its name: the same folder, because a rename is atomic within one file system only. */
export function temporaryName(path: string): string {
  // Hidden from `*` patterns.
  return join(dirname(path), `.${basename(path)}.${OWN_NUMBER}-${temporaryCount++}.tmp`);
}

/**
 * Writes `bytes` to `path` so that a reader, or the next run after a crash, sees the old file or the new one and
 * never a part. The folder must exist. Throws a RetryableError when the disk is full, an InputError when the path
 * cannot be written; the temporary file is gone in both cases.
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
 * Removes what writers that were killed have left in a folder; only where nobody else writes. A folder that is not there has none.
 */
export async function removeTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((entry) => TEMPORARY.test(entry))) {
    await rm(join(folder, name), { force: true }).catch(() => {}); // in nobody's way
  }
}

/** Makes a folder and its parents; no failure when it is there. Throws an InputError when a file is in the way. */
export async function ensureDir(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // What is there is no folder.
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
