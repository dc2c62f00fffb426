/** Measurements in the cache: a JSON file for each machine and work. The file contains both as its key. */
import { createHash } from "node:crypto";
import type { z } from "zod";
import { readCached, writeCached } from "../cache.js";
import { parseJson } from "../json.js";
import { packageVersion } from "../version.js";

export interface Entry {
  readonly file: string;
  readonly key: string;
}

/** Names an entry. @param about everything that the measurement depends on, apart from our own version */
export function entryOf(kind: string, ...about: readonly string[]): Entry {
  const key = JSON.stringify([packageVersion(), ...about]);
  return { key, file: `${kind}-${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json` };
}

/** Reads the entry's contents; null if it is missing, damaged or of another kind, so that it is measured again. */
export async function readEntry<T extends { readonly key: string }>(
  { key, file }: Entry,
  schema: z.ZodType<T>,
): Promise<T | null> {
  const bytes = await readCached(file);
  const value = bytes === null ? null : parseJson(schema, Buffer.from(bytes).toString("utf8"));
  return value?.key === key ? value : null;
}

export async function writeEntry({ key, file }: Entry, value: object): Promise<void> {
  await writeCached(file, () => Buffer.from(JSON.stringify({ key, ...value })));
}
