/** Writes the results of edits to files. */
import { basename, dirname } from "node:path";
import { ensureDir, writeFileAtomic } from "../../files.js";
import { encodePng } from "../../image/codec.js";
import { writePicture } from "../../image/picture-files.js";
import type { Feeding } from "../../pool/feeding.js";
import { composeSwapSheet, type Row } from "../swap-rows.js";

/** Largest number of rows on a sheet. A larger sheet would be too big to look at. */
const SHEET_ROWS = 32;

/** Writes the result of each row as a PNG file, completely or not at all. @param feeding receives the times */
export async function writeResults(
  rows: readonly Row[],
  paths: readonly string[],
  feeding: Feeding | undefined,
): Promise<void> {
  for (const [i, { result }] of rows.entries()) {
    const began = performance.now();
    const bytes = await encodePng(result);
    const encoded = performance.now();
    await ensureDir(dirname(paths[i]));
    await writeFileAtomic(paths[i], bytes);
    const seconds = { encode: (encoded - began) / 1000, write: (performance.now() - encoded) / 1000 };
    feeding?.onTimes(seconds, 1);
  }
}

/**
 * Writes the sheet of the first rows.
 * @param references what each reference is for, for the labels
 * @param inputs     the paths of all inputs
 */
export async function writeSheet(
  path: string,
  rows: readonly Row[],
  references: readonly string[],
  inputs: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  const shown = rows.slice(0, SHEET_ROWS);
  const names = inputs.slice(0, shown.length).map((input) => basename(input));
  await writePicture(path, composeSwapSheet(shown, references, names));
  if (rows.length > SHEET_ROWS) print(`sheet.png shows the first ${SHEET_ROWS} of ${rows.length} faces`);
}
