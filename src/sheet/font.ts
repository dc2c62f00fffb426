/**
 * A small font of our own for labels on images: printable ASCII on a grid of 5 x 9 units (capitals are 7 high,
 * descenders have two rows). Round strokes join neighbouring marks, so the text is smooth at any size.
 */
import type { RgbaImage } from "../types.js";

export type Rgb = readonly [red: number, green: number, blue: number];

/** CAPITAL_UNITS: height of a capital, from its top to the base line, in units. LINE_UNITS: height of a line of text. */
export const CAPITAL_UNITS = 7;
export const LINE_UNITS = 11;

const COLUMNS = 5;
const ROWS = 9;
const SPACE_UNITS = 3;
const GAP_UNITS = 1;
const STROKE_RADIUS = 0.46;
const FIRST = 0x20;

// Sixteen characters per band, in ASCII order.
const BANDS: readonly (readonly string[])[] = [
  [
    //  !"#$%&'()*+,-./
    "..... #.... #.#.. .#.#. ..#.. ##... .##.. #.... ..#.. #.... ..... ..... ..... ..... ..... ....#",
    "..... #.... #.#.. .#.#. .#### ##..# #..#. #.... .#... .#... ..#.. ..#.. ..... ..... ..... ....#",
    "..... #.... #.#.. ##### #.#.. ...#. #.#.. #.... #.... ..#.. #.#.# ..#.. ..... ..... ..... ...#.",
    "..... #.... ..... .#.#. .###. ..#.. .#... ..... #.... ..#.. .###. ##### ..... ####. ..... ..#..",
    "..... #.... ..... ##### ..#.# .#... #.#.# ..... #.... ..#.. #.#.# ..#.. ..... ..... ..... .#...",
    "..... ..... ..... .#.#. ####. #..## #..#. ..... .#... .#... ..#.. ..#.. ..... ..... ..... #....",
    "..... #.... ..... .#.#. ..#.. ...## .##.# ..... ..#.. #.... ..... ..... .#... ..... #.... #....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #.... ..... ..... .....",
  ],
  [
    // 0123456789:;<=>?
    ".###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... #.... .###.",
    "#...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# ..... ..... ..#.. ..... .#... #...#",
    "#..## #.#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# #.... .#... .#... ####. ..#.. ....#",
    "#.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### ..... ..... #.... ..... ...#. ...#.",
    "##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....# ..... ..... .#... ####. ..#.. ..#..",
    "#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. ..... ..... ..#.. ..... .#... .....",
    ".###. ##### ##### .###. ...#. .###. .###. .#... .###. .##.. #.... .#... ...#. ..... #.... ..#..",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #.... ..... ..... ..... .....",
  ],
  [
    // @ABCDEFGHIJKLMNO
    ".###. .###. ####. .###. ####. ##### ##### .###. #...# ###.. ...#. #...# #.... #...# #...# .###.",
    "#...# #...# #...# #...# #...# #.... #.... #...# #...# .#... ...#. #..#. #.... ##.## ##..# #...#",
    "#.### #...# #...# #.... #...# #.... #.... #.... #...# .#... ...#. #.#.. #.... #.#.# ##..# #...#",
    "#.#.# #...# ####. #.... #...# ####. ####. #.### ##### .#... ...#. ##... #.... #.#.# #.#.# #...#",
    "#.##. ##### #...# #.... #...# #.... #.... #...# #...# .#... ...#. #.#.. #.... #...# #..## #...#",
    "#.... #...# #...# #...# #...# #.... #.... #...# #...# .#... #..#. #..#. #.... #...# #..## #...#",
    ".###. #...# ####. .###. ####. ##### #.... .###. #...# ###.. .##.. #...# ####. #...# #...# .###.",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....",
  ],
  [
    // PQRSTUVWXYZ[\]^_
    "####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### ##... #.... ##... ..#.. .....",
    "#...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# #.... #.... .#... .#.#. .....",
    "#...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. #.... .#... .#... #...# .....",
    "####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. #.... ..#.. .#... ..... .....",
    "#.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... #.... ...#. .#... ..... .....",
    "#.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... #.... ....# .#... ..... .....",
    "#.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### ##... ....# ##... ..... .....",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #####",
    "..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....",
  ],
  [
    // `abcdefghijklmno
    "#.... ..... #.... ..... ....# ..... ..##. ..... #.... #.... ..#.. #.... #.... ..... ..... .....",
    ".#... ..... #.... ..... ....# ..... .#... ..... #.... ..... ..... #.... #.... ..... ..... .....",
    "..... .###. ####. .###. .#### .###. ####. .#### ####. #.... ..#.. #..#. #.... ####. ####. .###.",
    "..... ....# #...# #.... #...# #...# .#... #...# #...# #.... ..#.. #.#.. #.... #.#.# #...# #...#",
    "..... .#### #...# #.... #...# ##### .#... #...# #...# #.... ..#.. ##... #.... #.#.# #...# #...#",
    "..... #...# #...# #.... #...# #.... .#... #...# #...# #.... ..#.. #.#.. #.... #.#.# #...# #...#",
    "..... .#### ####. .###. .#### .###. .#... .#### #...# #.... ..#.. #..#. .#... #.#.# #...# .###.",
    "..... ..... ..... ..... ..... ..... ..... ....# ..... ..... ..#.. ..... ..... ..... ..... .....",
    "..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ##... ..... ..... ..... ..... .....",
  ],
  [
    // pqrstuvwxyz{|}~
    "..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... ..#.. #.... #.... ..... .....",
    "..... ..... ..... ..... .#... ..... ..... ..... ..... ..... ..... .#... #.... .#... ..... .....",
    "####. .#### #.##. .###. ####. #...# #...# #...# #...# #...# ####. .#... #.... .#... ..... .....",
    "#...# #...# ##... #.... .#... #...# #...# #.#.# .#.#. #...# ...#. #.... #.... ..#.. .#..# .....",
    "#...# #...# #.... .##.. .#... #...# .#.#. #.#.# ..#.. #...# ..#.. .#... #.... .#... #.##. .....",
    "#...# #...# #.... ...#. .#... #...# .#.#. #.#.# .#.#. #...# .#... .#... #.... .#... ..... .....",
    "####. .#### #.... ###.. ..##. .#### ..#.. .#.#. #...# .#### ####. ..#.. #.... #.... ..... .....",
    "#.... ....# ..... ..... ..... ..... ..... ..... ..... ....# ..... ..... ..... ..... ..... .....",
    "#.... ....# ..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ..... ..... ..... .....",
  ],
];

/** A stroke from (x0, y0) to (x1, y1) in units; both are centres of marks. */
type Stroke = readonly [x0: number, y0: number, x1: number, y1: number];

interface Glyph {
  readonly width: number;
  readonly strokes: readonly Stroke[];
}

const GLYPHS: readonly Glyph[] = BANDS.flatMap((band) => {
  const columns = Array.from({ length: 16 }, (_, i) => band.map((row) => row.slice(i * 6, i * 6 + COLUMNS)));
  return columns.map(readGlyph);
});

function readGlyph(rows: readonly string[]): Glyph {
  const marked = (x: number, y: number): boolean => rows[y]?.[x] === "#";
  const strokes: Stroke[] = [];
  let width = 0;
  for (let y = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++) {
      if (!marked(x, y)) continue;
      width = Math.max(width, x + 1);
      strokes.push([x, y, x, y]);
      if (marked(x + 1, y)) strokes.push([x, y, x + 1, y]);
      if (marked(x, y + 1)) strokes.push([x, y, x, y + 1]);
      // Add a diagonal only if no corner joins the two marks already.
      if (marked(x + 1, y + 1) && !marked(x + 1, y) && !marked(x, y + 1)) strokes.push([x, y, x + 1, y + 1]);
      if (marked(x - 1, y + 1) && !marked(x - 1, y) && !marked(x, y + 1)) strokes.push([x, y, x - 1, y + 1]);
    }
  }
  return { width: width === 0 ? SPACE_UNITS : width, strokes };
}

/** Characters outside printable ASCII are shown as '?'. */
function glyphOf(character: string): Glyph {
  return GLYPHS[character.charCodeAt(0) - FIRST] ?? GLYPHS[0x3f - FIRST];
}

/** The width of a line of text in pixels, with `unit` pixels per unit. */
export function textWidth(text: string, unit: number): number {
  let units = 0;
  for (const character of text) units += glyphOf(character).width + GAP_UNITS;
  return Math.max(0, units - GAP_UNITS) * unit;
}

/** Breaks a text at spaces into lines of at most `width` pixels. A longer word is cut and ends in "..". */
export function wrapText(text: string, width: number, unit: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const joined = lines.length === 0 ? word : `${lines[lines.length - 1]} ${word}`;
    if (lines.length > 0 && textWidth(joined, unit) <= width) lines[lines.length - 1] = joined;
    else lines.push(cutText(word, width, unit));
  }
  return lines;
}

function cutText(word: string, width: number, unit: number): string {
  if (textWidth(word, unit) <= width) return word;
  let length = word.length - 1;
  while (length > 1 && textWidth(`${word.slice(0, length)}..`, unit) > width) length--;
  return `${word.slice(0, length)}..`;
}

/** Draws one line of text with its top left corner at (left, top), in pixels. Parts outside the image are not drawn. */
export function drawText(
  image: RgbaImage,
  text: string,
  place: { readonly left: number; readonly top: number; readonly unit: number },
  color: Rgb,
): void {
  const top = Math.round(place.top);
  let left = place.left;
  for (const character of text) {
    const glyph = glyphOf(character);
    drawGlyph(image, glyph, Math.round(left), top, place.unit, color);
    left += (glyph.width + GAP_UNITS) * place.unit;
  }
}

function drawGlyph(image: RgbaImage, glyph: Glyph, left: number, top: number, unit: number, color: Rgb): void {
  const width = Math.ceil(glyph.width * unit);
  const height = Math.ceil(ROWS * unit);
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(width, image.width - left); x++) {
      const distance = distanceToStrokes(glyph.strokes, (x + 0.5) / unit - 0.5, (y + 0.5) / unit - 0.5);
      // A ramp one pixel wide across the stroke's edge.
      const coverage = Math.min(1, Math.max(0, (STROKE_RADIUS - distance) * unit + 0.5));
      if (coverage > 0) blend(image.data, ((top + y) * image.width + left + x) * 4, color, coverage);
    }
  }
}

function distanceToStrokes(strokes: readonly Stroke[], x: number, y: number): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const [x0, y0, x1, y1] of strokes) {
    const dx = x1 - x0;
    const dy = y1 - y0;
    const squared = dx * dx + dy * dy;
    const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squared));
    nearest = Math.min(nearest, Math.hypot(x - x0 - along * dx, y - y0 - along * dy));
  }
  return nearest;
}

function blend(data: Uint8Array | Uint8ClampedArray, at: number, color: Rgb, coverage: number): void {
  for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c] + (color[c] - data[at + c]) * coverage);
}
