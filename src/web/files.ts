/** Finds the file that a request names: one of the served folder, or one of those that the page reads from elsewhere. */
import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

/** A file of the served folder, open for reading. Close its handle. */
export interface ServedFile {
  readonly handle: FileHandle;
  /** The path without links. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Changes with the size and the time of the last change. It is a weak tag, because each encoding has other bytes. */
  readonly etag: string;
}

/** Characters that separate folders, drives or streams on some system, and control characters, among them NUL. */
const NEVER_IN_NAMES = /[/\\:\p{Cc}]/u;

/**
 * The names along the path of a request, decoded once. "/" stands for index.html. The query is ignored.
 * @param target the request's first line between the method and the version, as it was sent
 * @returns null if the target is not a path, cannot be decoded, or has a name that is not one name
 */
export function readTarget(target: string): readonly string[] | null {
  const [path] = target.split("?", 1);
  if (!path.startsWith("/")) return null;
  if (path === "/") return ["index.html"];
  try {
    const names = path.slice(1).split("/").map(decodeURIComponent);
    return names.some((name) => NEVER_IN_NAMES.test(name)) ? null : names;
  } catch {
    return null; // a percent sign without two digits, or bytes that are not UTF-8
  }
}

/** A link as the last name is refused, because links have been followed before. A pipe does not make the opening wait. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Failures that mean that there is no such file, or none that may be read. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EPERM", "ELOOP", "ENAMETOOLONG", "ENXIO"]);

/** "..", hidden names and empty names. */
const isRefused = (name: string): boolean => name === "" || name.startsWith(".");

/**
 * Opens a regular file below `root`, or the one that `elsewhere` has for this address. Links are followed, but not to files that the server would refuse by their own path.
 * @param root      the folder's path without links
 * @param elsewhere paths of files outside the folder by their addresses, such as "models/painted-64.safetensors"
 * @param names     from readTarget()
 * @returns null if there is no such file, or if it is hidden, not regular or outside the folder
 */
export async function openFile(
  root: string,
  elsewhere: ReadonlyMap<string, string>,
  names: readonly string[],
): Promise<ServedFile | null> {
  if (names.some(isRefused)) return null;
  const other = elsewhere.get(names.join("/"));
  try {
    const path = await realpath(other ?? join(root, ...names));
    const within = relative(root, path);
    const isOutside = isAbsolute(within) || within.split(sep).some(isRefused);
    if (other === undefined && isOutside) return null;
    return await examine(await open(path, READ_ONLY), path);
  } catch (error) {
    if (error instanceof Error && "code" in error && ABSENT.has(String(error.code))) return null;
    throw error;
  }
}

/** Closes what is not a regular file. */
async function examine(handle: FileHandle, path: string): Promise<ServedFile | null> {
  try {
    const found = await handle.stat({ bigint: true });
    if (found.isFile()) {
      const etag = `W/"${found.size.toString(16)}-${found.mtimeNs.toString(16)}"`;
      return { handle, path, size: Number(found.size), etag };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/** Bytes per read. */
const PIECE = 256 * 1024;

/** Reads a file piece by piece. @throws Error if it has become shorter since it was opened */
export async function* readPieces({ handle, path, size }: ServedFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; ) {
    const length = Math.min(PIECE, size - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) throw new Error(`${path}: expected ${size} bytes, received ${at}. Load the page again.`);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
