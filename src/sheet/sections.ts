/** Contact sheets below each other, each under a title. */
import type { RgbaImage } from "../types.js";
import { drawText, LINE_UNITS, type Rgb, wrapText } from "./font.js";
import { composeSheet, type SheetOptions } from "./sheet.js";

export interface Section {
  /** Printable ASCII, or empty for none. It is broken into lines where it is wider than the sheets. */
  readonly title: string;
  readonly rows: readonly (readonly RgbaImage[])[];
  readonly options?: SheetOptions;
}

const MARGIN = 8;
const TEXT: Rgb = [40, 42, 48];
const RULE: Rgb = [196, 199, 206];
/** A title's letters compared with those under the images. */
const TITLE_UNIT = 2;

/** One white, opaque image of all sections, from the top. @throws InputError like composeSheet() */
export function composeSections(sections: readonly Section[]): RgbaImage {
  const parts = sections.map(({ title, rows, options }) => ({ title, sheet: composeSheet(rows, options) }));
  const width = Math.max(...parts.map(({ sheet }) => sheet.width));
  const parted = parts.map(({ title, sheet }) => {
    const lines = wrapText(title, width - 2 * MARGIN, TITLE_UNIT);
    return { lines, sheet, titleHeight: 2 * MARGIN + Math.ceil(lines.length * LINE_UNITS * TITLE_UNIT) };
  });
  const height = parted.reduce((sum, { sheet, titleHeight }) => sum + titleHeight + sheet.height, 0);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const whole: RgbaImage = { width, height, data };
  let top = 0;
  for (const [i, { lines, sheet, titleHeight }] of parted.entries()) {
    if (i > 0) for (let x = MARGIN; x < width - MARGIN; x++) data.set(RULE, (top * width + x) * 4);
    for (const [k, line] of lines.entries()) {
      const place = { left: MARGIN, top: top + MARGIN + k * LINE_UNITS * TITLE_UNIT, unit: TITLE_UNIT };
      drawText(whole, line, place, TEXT);
    }
    top += titleHeight;
    for (let y = 0; y < sheet.height; y++) {
      data.set(sheet.data.subarray(y * sheet.width * 4, (y + 1) * sheet.width * 4), (top + y) * width * 4);
    }
    top += sheet.height;
  }
  return whole;
}
