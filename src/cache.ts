/** Reads and writes the cache of computed results: files in $XDG_CACHE_HOME/elegant-faces, or in ~/.cache/elegant-faces. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fromSystemError } from "./errors.js";
import { ensureDir, writeFileAtomic } from "./files.js";

export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "elegant-faces");
}

/** The largest file that Node.js reads in one call, in bytes. */
export const MOST_CACHED_BYTES = 2 ** 31 - 1;

type Warn = (line: string) => void;
const warnOnStderr: Warn = (line) => void process.stderr.write(`Warning: ${line}\n`);

/**
 * The bytes of a cached file, or null if the file is missing or unreadable. An unreadable file also causes a warning.
 * After null the caller computes the content again.
 */
export async function readCached(name: string, warn: Warn = warnOnStderr): Promise<Uint8Array | null> {
  try {
    return await readFile(join(cacheFolder(), name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // ENOTDIR: the cache's path is not a folder, as with XDG_CACHE_HOME=/dev/null.
    if (code !== "ENOENT" && code !== "ENOTDIR") warn(`the cache's file ${name} cannot be read: ${message}`);
    return null;
  }
}

/** Stores a file in the cache. If the cache cannot be written, nothing happens: the content is computed again next time. */
export async function writeCached(name: string, encode: () => Uint8Array): Promise<void> {
  try {
    await ensureDir(cacheFolder());
    await writeFileAtomic(join(cacheFolder(), name), encode());
  } catch {
    // The content is computed again next time.
  }
}

/** SHA-256 of a file's contents, in hexadecimal. @throws ElegantError if the file cannot be read */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw fromSystemError(error, `Reading '${path}'`);
  }
  return hash.digest("hex");
}

/** SHA-256, in hexadecimal, of the texts followed by the contents of the files, in the given order. */
export async function contentKey(texts: readonly string[], paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(texts.join("\0"));
  for (const path of paths) hash.update(`\0${await sha256OfFile(path)}`);
  return hash.digest("hex");
}
