/** The sheet of swaps to judge by eye. */
import { composeSheet } from "../image/sheet.js";
import type { RgbaImage } from "../types.js";
import type { SwappedPair } from "./groups.js";

/** Swaps of each attribute and direction. */
export const SHOWN_SWAPS = 16;
const SCALE = 2;
const GREY = 128;

/** The change from `input` to `swap` around grey: 128 is no change, one level is one level. */
export function changePicture(input: RgbaImage, swap: RgbaImage): RgbaImage {
  const data = new Uint8ClampedArray(swap.data.length).fill(255);
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) data[i + c] = GREY + swap.data[i + c] - input.data[i + c];
  }
  return { width: swap.width, height: swap.height, data };
}

/**
 * For each attribute and direction, rows of inputs, references, swaps, true answers where they are known, and changes around
 * grey. One column is one swap; pixels are shown twice as large.
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
