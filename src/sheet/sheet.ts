/** Contact sheets: rows of images with labels, in the style of the published code. */
import { describeMismatch, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { enlarge } from "./enlarge.js";
import { CAPITAL_UNITS, drawText, LINE_UNITS, type Rgb, textWidth, wrapText } from "./font.js";

/** Labels to the left of the rows, above the columns, and below single images (row by row; empty for none). */
export interface SheetLabels {
  readonly rows?: readonly string[];
  readonly columns?: readonly string[];
  readonly cells?: readonly (readonly string[])[];
}

export interface SheetOptions {
  /** Pixels between images and around the sheet. Default 6. */
  readonly gap?: number;
  /** Default white. Labels are dark on a light background and light on a dark one. */
  readonly background?: Rgb;
  /** Factor by which each image is enlarged smoothly; an integer from 1. Default 1. */
  readonly scale?: number;
  /** Printable ASCII. Labels that are wider than an image are broken into lines. */
  readonly labels?: SheetLabels;
}

const DEFAULT_GAP = 6;
const WHITE: Rgb = [255, 255, 255];
const DARK_TEXT: Rgb = [40, 42, 48];
const LIGHT_TEXT: Rgb = [226, 228, 233];
/** Pixels of an image's width per unit of the font. A line has room for about sixteen characters. */
const PICTURE_TO_UNIT = 85;

/** How many times images of this side are enlarged, so that people can see what they show. */
export function sheetScale(side: number): number {
  return side < 128 ? 2 : 1;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

interface Caption {
  readonly lines: readonly string[];
  /** The middle of the text or its right edge, depending on `align`. */
  readonly x: number;
  readonly top: number;
  readonly align: "middle" | "right";
}

/** Positions of all parts of a sheet, in its pixels. */
export interface SheetLayout extends Extent {
  /** Left edges of the columns, top edges of the rows, then the width of each column and the height of each row. */
  readonly lefts: readonly number[];
  readonly tops: readonly number[];
  readonly widths: readonly number[];
  readonly heights: readonly number[];
  /** Pixels per unit of the font. */
  readonly unit: number;
  readonly captions: readonly Caption[];
}

/** The layout of a sheet of images of these sizes. @throws InputError like composeSheet() */
export function layOutSheet(rows: readonly (readonly Extent[])[], options: SheetOptions = {}): SheetLayout {
  const { gap = DEFAULT_GAP, scale = 1, labels } = options;
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  checkLayout(rows, columnCount, options);
  const widths = Array.from({ length: columnCount }, (_, c) => scale * Math.max(...rows.map((r) => r[c]?.width ?? 0)));
  const heights = rows.map((row) => scale * Math.max(0, ...row.map((image) => image.height)));
  const unit = Math.min(4, Math.max(1, Math.max(...widths) / PICTURE_TO_UNIT));

  const columnLabels = (labels?.columns ?? []).map((label, c) => wrapText(label, widths[c] + gap / 2, unit));
  const rowLabels = (labels?.rows ?? []).map((label) => wrapText(label, Math.max(...widths), unit));
  const cellLabels = (labels?.cells ?? []).map((row) =>
    row.map((label, c) => (label === "" ? [] : wrapText(label, widths[c] + gap / 2, unit))),
  );
  const labelHeight = Math.max(0, ...columnLabels.map((lines) => blockHeight(lines, unit)));
  const labelWidth = Math.ceil(Math.max(0, ...rowLabels.flat().map((line) => textWidth(line, unit))));
  const space = Math.round(2 * unit);
  const below = rows.map((_, r) => Math.max(0, ...(cellLabels[r] ?? []).map((lines) => blockHeight(lines, unit))));
  const rowHeights = heights.map((height, r) => height + (below[r] === 0 ? 0 : below[r] + space));
  const lefts = positions(widths, gap, labelWidth === 0 ? gap : labelWidth + gap + Math.round(5 * unit));
  const tops = positions(rowHeights, gap, labelHeight === 0 ? gap : labelHeight + gap + space);

  const captions: Caption[] = [
    // The last line of a column's label is directly above the images.
    ...columnLabels.map((lines, c): Caption => {
      const top = gap + labelHeight - blockHeight(lines, unit);
      return { lines, x: lefts[c] + widths[c] / 2, top, align: "middle" };
    }),
    ...rowLabels.map((lines, r): Caption => {
      const capitals = ((lines.length - 1) * LINE_UNITS + CAPITAL_UNITS) * unit;
      return { lines, x: gap + labelWidth, top: tops[r] + (heights[r] - capitals) / 2, align: "right" };
    }),
    ...cellLabels.flatMap((row, r) =>
      row.map((lines, c): Caption => {
        return { lines, x: lefts[c] + widths[c] / 2, top: tops[r] + heights[r] + space, align: "middle" };
      }),
    ),
  ];
  return { width: lefts[columnCount], height: tops[rows.length], lefts, tops, widths, heights, unit, captions };
}

/**
 * Combines images into one: `rows` from the top, each from the left. Rows may have different lengths, and images
 * different sizes. A column is as wide as its widest image, a row as high as its highest, and images are centred.
 * Transparent parts show the background, and the result is opaque. @throws InputError if there are no images, or if the
 * number of labels does not match
 */
export function composeSheet(rows: readonly (readonly RgbaImage[])[], options: SheetOptions = {}): RgbaImage {
  const { background = WHITE, scale = 1 } = options;
  checkPictures(rows);
  const { width, height, lefts, tops, widths, heights, unit, captions } = layOutSheet(rows, options);
  const sheet = fill(width, height, background);
  for (const [r, row] of rows.entries()) {
    for (const [c, image] of row.entries()) {
      const left = lefts[c] + Math.floor((widths[c] - image.width * scale) / 2);
      const top = tops[r] + Math.floor((heights[r] - image.height * scale) / 2);
      paste(sheet, enlarge(flatten(image, background), scale), left, top);
    }
  }
  const color = luminance(background) > 128 ? DARK_TEXT : LIGHT_TEXT;
  for (const { lines, x, top, align } of captions) {
    for (const [i, line] of lines.entries()) {
      const left = x - textWidth(line, unit) / (align === "middle" ? 2 : 1);
      drawText(sheet, line, { left, top: top + i * LINE_UNITS * unit, unit }, color);
    }
  }
  return sheet;
}

function checkLayout(rows: readonly (readonly Extent[])[], columnCount: number, options: SheetOptions): void {
  const { labels, scale = 1 } = options;
  if (columnCount === 0) {
    throw new InputError(describeMismatch("sheet", "at least one picture", "none", "Give rows of pictures."));
  }
  if (!Number.isInteger(scale) || scale < 1) {
    throw new InputError(describeMismatch("sheet scale", "an integer from 1", String(scale), "Use 1, 2, 3 ..."));
  }
  const counts = [
    ["row labels", labels?.rows?.length, rows.length],
    ["column labels", labels?.columns?.length, columnCount],
    ["rows of cell labels", labels?.cells?.length, rows.length],
  ] as const;
  for (const [name, received, expected] of counts) {
    if (received !== undefined && received !== expected) {
      throw new InputError(describeMismatch(name, String(expected), String(received), "Give one each."));
    }
  }
}

function checkPictures(rows: readonly (readonly RgbaImage[])[]): void {
  for (const [r, row] of rows.entries()) {
    for (const [c, { width, height, data }] of row.entries()) {
      if (data.length === width * height * 4) continue;
      const expected = `${width * height * 4} bytes for ${width}x${height}`;
      throw new InputError(describeMismatch(`picture ${r},${c}`, expected, String(data.length), "Give RGBA."));
    }
  }
}

function blockHeight(lines: readonly string[], unit: number): number {
  return Math.ceil(lines.length * LINE_UNITS * unit);
}

/** Start of each part, and the total length at the end. The parts follow each other with a gap after each. */
function positions(sizes: readonly number[], gap: number, start: number): number[] {
  const starts = [start];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size + gap);
  return starts;
}

function fill(width: number, height: number, color: Rgb): RgbaImage {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i += 4) data.set([...color, 255], i);
  return { width, height, data };
}

/** The image over the background, opaque. */
function flatten(image: RgbaImage, background: Rgb): RgbaImage {
  const data = new Uint8ClampedArray(image.data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = image.data[i + 3] / 255;
    for (let c = 0; c < 3; c++) data[i + c] = background[c] + (image.data[i + c] - background[c]) * alpha;
    data[i + 3] = 255;
  }
  return { width: image.width, height: image.height, data };
}

function paste(sheet: RgbaImage, image: RgbaImage, left: number, top: number): void {
  const bytes = image.width * 4;
  for (let y = 0; y < image.height; y++) {
    sheet.data.set(image.data.subarray(y * bytes, (y + 1) * bytes), ((top + y) * sheet.width + left) * 4);
  }
}

/** Rec. 601 luma, 0 to 255. */
function luminance([red, green, blue]: Rgb): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}
