/** Makes the sheet of swaps to judge by eye. */
import { changePicture } from "../sheet/change.js";
import { composeSheet } from "../sheet/sheet.js";
import type { RgbaImage } from "../types.js";
import type { SwappedPair } from "./groups.js";

/** Number of swaps per attribute and direction. */
export const SHOWN_SWAPS = 16;
const SCALE = 2;

/**
 * For each attribute and direction, rows of inputs, references, swaps, true results if they are known, and changes
 * around grey. One column is one swap. Pixels are shown twice as large.
 */
export function swapsSheet(groups: readonly (readonly SwappedPair[])[]): RgbaImage {
  const rows: RgbaImage[][] = [];
  const labels: string[] = [];
  for (const pairs of groups.filter(({ length }) => length > 0)) {
    const [{ attribute, adding }] = pairs;
    const add = (label: string, pictures: RgbaImage[]): void => {
      rows.push(pictures);
      labels.push(label);
    };
    add(
      `${attribute} ${adding ? "added" : "removed"}: input`,
      pairs.map(({ inputPicture }) => inputPicture),
    );
    add(
      "reference",
      pairs.map(({ referencePicture }) => referencePicture),
    );
    add(
      "swap",
      pairs.map(({ swap }) => swap),
    );
    const truths = pairs.flatMap(({ truth }) => (truth === null ? [] : [truth.truth]));
    if (truths.length === pairs.length) add("truth", truths);
    add(
      "change",
      pairs.map(({ inputPicture, swap }) => changePicture(inputPicture, swap)),
    );
  }
  return composeSheet(rows, { scale: SCALE, labels: { rows: labels } });
}
