/** The layout of a run's sample sheet, for drawing it and for cutting its images out again. */

import type { Model } from "../methods/method.js";
import { layOutSheet, type SheetOptions, sheetScale } from "../sheet/sheet.js";
import type { RgbaImage } from "../types.js";

/** Most pairs for each attribute. */
export const SAMPLE_PAIRS = 3;

export interface SampleOptions extends SheetOptions {
  readonly labels: { readonly rows: readonly string[]; readonly columns: readonly string[] };
}

/** Returns the options of a sheet with `pairs` rows for each attribute. */
export function sampleOptions({ config: { attributes, size }, sheet }: Model, pairs: number): SampleOptions {
  const rows = attributes.flatMap((attribute) => Array<string>(pairs).fill(attribute));
  return { labels: { rows, columns: [...sheet.columns] }, scale: sheetScale(size) };
}

export interface Samples {
  /** Attribute of each row. */
  readonly rows: readonly string[];
  /** Images of each row, one for each column. */
  readonly pictures: readonly (readonly RgbaImage[])[];
}

/** Cuts out the images of a sample sheet without its labels; null if this version would have drawn it differently. */
export function cutSamples(sheet: RgbaImage, model: Model): Samples | null {
  for (let pairs = SAMPLE_PAIRS; pairs > 0; pairs--) {
    const options = sampleOptions(model, pairs);
    const { rows } = options.labels;
    const extent = { width: model.config.size, height: model.config.size };
    const layout = layOutSheet(
      rows.map(() => model.sheet.columns.map(() => extent)),
      options,
    );
    if (layout.width !== sheet.width || layout.height !== sheet.height) continue;
    const cut = (left: number, top: number, width: number, height: number): RgbaImage => {
      const data = new Uint8Array(width * height * 4);
      for (let y = 0; y < height; y++) {
        const from = ((top + y) * sheet.width + left) * 4;
        data.set(sheet.data.subarray(from, from + width * 4), y * width * 4);
      }
      return { width, height, data };
    };
    const { lefts, tops, widths, heights } = layout;
    const pictures = rows.map((_, r) => widths.map((width, c) => cut(lefts[c], tops[r], width, heights[r])));
    return { rows, pictures };
  }
  return null;
}
