/** Sides of folders in the cache: `statistics-KEY.npz` or `features-KEY.npz`, whose checksums tell damage. */

import { readCached, writeCached } from "../cache.js";
import { describeMismatch, ElegantError, InputError } from "../errors.js";
import { decodeSide, encodeSide, type Side } from "./sides.js";

const fileOf = (kind: Side["kind"], key: string): string => `${kind}-${key.slice(0, 32)}.npz`;

export interface KeptSideOptions {
  /** Of the side in messages. */
  readonly source: string;
  readonly n: number;
  readonly dims: number;
  /** Whether statistics are not enough. */
  readonly rows: boolean;
  readonly warn: (line: string) => void;
}

/** What the cache has of a folder, checked; null when that is nothing, or nothing whole, which is told. */
export async function readKeptSide(
  key: string,
  { source, n, dims, rows, warn }: KeptSideOptions,
): Promise<(Side & { readonly n: number }) | null> {
  for (const kind of rows ? (["features"] as const) : (["statistics", "features"] as const)) {
    const name = fileOf(kind, key);
    const bytes = await readCached(name);
    if (bytes === null) continue;
    try {
      const side = decodeSide(bytes, name);
      if (side.kind === kind && side.n === n && side.d === dims) return { ...side, n, source };
      const received = `${side.kind} of ${side.n} rows of ${side.d}`;
      throw new InputError(describeMismatch(name, `${kind} of ${n} rows of ${dims}`, received, ""));
    } catch (error) {
      if (!(error instanceof ElegantError)) throw error;
      warn(`the cache's file ${name} is damaged and is made anew`);
    }
  }
  return null;
}

/** Keeps a side; one that cannot be kept is computed again the next time. */
export async function keepSide(key: string, side: Side): Promise<void> {
  await writeCached(fileOf(side.kind, key), () => encodeSide(side));
}
