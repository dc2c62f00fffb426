/** Compares our pixels with Pillow's. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { runPython } from "./torch.js";

export interface PixelDifference {
  readonly mode: string;
  /** Largest difference of a level. */
  readonly most: number;
  /** Share of the values that differ by more than two levels. */
  readonly over2: number;
}

/**
 * Decodes every file of `folder` and compares with Pillow's upright RGB pixels, written below `out`. Files that Pillow
 * refuses must be refused by us, too, except for `ours`. The returned map contains the others.
 */
export async function comparePillow(
  folder: string,
  out: string,
  ours: readonly string[] = [],
): Promise<ReadonlyMap<string, PixelDifference>> {
  await mkdir(out, { recursive: true });
  const theirs = JSON.parse(runPython("pillow-pixels.py", [folder, out])) as Record<
    string,
    { size?: [number, number]; mode?: string; error?: string }
  >;
  const differences = new Map<string, PixelDifference>();
  for (const file of await readdir(folder)) {
    const { size, mode } = theirs[file];
    const decoding = decodeImage(await readFile(join(folder, file)), file);
    if (size === undefined) {
      if (ours.includes(file)) {
        await decoding;
        continue;
      }
      await assert.rejects(decoding, InputError, `${file} is refused by Pillow: ${theirs[file].error}`);
      continue;
    }
    const { width, height, data } = await decoding;
    assert.deepEqual([width, height], size, file);
    const expected = await readFile(join(out, `${file}.rgb`));
    let [most, over] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(data[Math.floor(i / 3) * 4 + (i % 3)] - expected[i]);
      most = Math.max(most, difference);
      if (difference > 2) over++;
    }
    differences.set(file, { mode: mode!, most, over2: over / expected.length });
  }
  return differences;
}
