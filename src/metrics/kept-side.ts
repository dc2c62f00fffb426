/** Caches the sides of folders as `statistics-KEY.npz` or `features-KEY.npz`, whose checksums reveal damage. */

import { MOST_CACHED_BYTES, readCached, writeCached } from "../cache.js";
import { describeMismatch, ElegantError, InputError } from "../errors.js";
import { decodeSide, encodeSide, type Side } from "./sides.js";

const fileOf = (kind: Side["kind"], key: string): string => `${kind}-${key.slice(0, 32)}.npz`;

export interface KeptSideOptions {
  /** Name of the side in messages. */
  readonly source: string;
  readonly n: number;
  readonly dims: number;
  /** True if statistics are not enough. */
  readonly rows: boolean;
  readonly warn: (line: string) => void;
}

/** Reads and checks the cached side of a folder; null if there is none, or if it is damaged, which causes a warning. */
export async function readKeptSide(
  key: string,
  { source, n, dims, rows, warn }: KeptSideOptions,
): Promise<(Side & { readonly n: number }) | null> {
  for (const kind of rows ? (["features"] as const) : (["statistics", "features"] as const)) {
    const name = fileOf(kind, key);
    const bytes = await readCached(name, warn);
    if (bytes === null) continue;
    try {
      const side = decodeSide(bytes, name);
      if (side.kind === kind && side.n === n && side.d === dims) return { ...side, n, source };
      const received = `${side.kind} of ${side.n} rows of ${side.d}`;
      throw new InputError(describeMismatch(name, `${kind} of ${n} rows of ${dims}`, received, ""));
    } catch (error) {
      if (!(error instanceof ElegantError)) throw error;
      warn(`the cache's file ${name} is damaged and is computed again`);
    }
  }
  return null;
}

/** Bytes of a file in addition to its numbers: names, shapes, checksums. */
const FRAME_BYTES = 4096;

/**
 * Stores a side in the cache. A side that cannot be stored is computed again next time. A side that would be too large
 * to read back is not stored.
 * @param most largest size of a file in bytes; tests use a smaller one
 */
export async function keepSide(
  key: string,
  side: Side,
  warn: KeptSideOptions["warn"],
  most: number = MOST_CACHED_BYTES,
): Promise<void> {
  const bytes = side.kind === "features" ? side.data.byteLength : side.mean.byteLength + side.covariance.byteLength;
  if (bytes + FRAME_BYTES > most) {
    const sizes = `${(bytes / 2 ** 30).toFixed(1)} GiB, and at most ${(most / 2 ** 30).toFixed(1)} can be read back`;
    warn(`the ${side.kind} of ${side.source} are not kept for the next time: they take ${sizes}`);
    return;
  }
  await writeCached(fileOf(side.kind, key), () => encodeSide(side));
}
