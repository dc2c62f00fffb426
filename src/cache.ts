/** Where things that were computed once are kept: $XDG_CACHE_HOME/elegant-faces, else ~/.cache/elegant-faces. */
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

/** More than this Node.js does not read at once. */
export const MOST_CACHED_BYTES = 2 ** 31 - 1;

type Warn = (line: string) => void;
const warnOnStderr: Warn = (line) => void process.stderr.write(`Warning: ${line}\n`);

/** The file's bytes, or null when it is not there, or when it cannot be read, which is told: what it has is computed again. */
export async function readCached(name: string, warn: Warn = warnOnStderr): Promise<Uint8Array | null> {
  try {
    return await readFile(join(cacheFolder(), name));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The second where the cache is no folder, as with XDG_CACHE_HOME=/dev/null.
    if (code !== "ENOENT" && code !== "ENOTDIR") warn(`the cache's file ${name} cannot be read: ${message}`);
    return null;
  }
}

/** Keeps a file; a cache that cannot be written is no failure, since nothing is lost. */
export async function writeCached(name: string, encode: () => Uint8Array): Promise<void> {
  try {
    await ensureDir(cacheFolder());
    await writeFileAtomic(join(cacheFolder(), name), encode());
  } catch {
    // Computed again the next time.
  }
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw fromSystemError(error, `Reading '${path}'`);
  }
  return hash.digest("hex");
}

/** Of texts and of the contents of files, in their order. */
export async function contentKey(texts: readonly string[], paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(texts.join("\0"));
  for (const path of paths) hash.update(`\0${await sha256OfFile(path)}`);
  return hash.digest("hex");
}
