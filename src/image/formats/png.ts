/**
 * Decodes PNG files to RGBA: all colour types and depths, interlaced or not. The size in the header limits the work:
 * only the image data are inflated, and never more than the image needs. Alpha and tRNS are dropped.
 */
import { blankImage, Damage, type Decoded } from "./damage.js";
import { inflateExactly } from "./inflate.js";
import { type PngChunks, type PngPass, passesOf, readPngChunks, samplesOf } from "./png-chunks.js";

function paeth(a: number, b: number, c: number): number {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - c - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/**
 * Reverses a row's filter in place. `above` is the previous row, already reversed, or zeros. `back` is the number of
 * bytes back to the same sample of the pixel on the left. @returns false if the filter does not exist
 */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, back: number): boolean {
  const n = row.length;
  const first = Math.min(back, n);
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = back; i < n; i++) row[i] += row[i - back];
      return true;
    case 2:
      for (let i = 0; i < n; i++) row[i] += above[i];
      return true;
    case 3:
      for (let i = 0; i < first; i++) row[i] += above[i] >> 1;
      for (let i = back; i < n; i++) row[i] += (row[i - back] + above[i]) >> 1;
      return true;
    case 4:
      for (let i = 0; i < first; i++) row[i] += above[i];
      for (let i = back; i < n; i++) row[i] += paeth(row[i - back], above[i], above[i - back]);
      return true;
    default:
      return false;
  }
}

/** Writes the pixels of a row to `out`, starting at `at`, `step` bytes apart. */
type PutRow = (row: Uint8Array, count: number, out: Uint8Array, at: number, step: number) => void;

/** For one sample per pixel with `depth` below 8 bits, which is looked up in a table of RGB triples. */
function putPacked(depth: number, table: Uint8Array): PutRow {
  const mask = (1 << depth) - 1;
  return (row, count, out, at, step) => {
    for (let i = 0; i < count; i++, at += step) {
      const bit = i * depth;
      const sample = (row[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
      out[at] = table[sample * 3];
      out[at + 1] = table[sample * 3 + 1];
      out[at + 2] = table[sample * 3 + 2];
    }
  };
}

/** For `pixel` bytes per pixel. Green and blue are `green` and 2 * `green` bytes after red. */
function putWhole(pixel: number, green: number): PutRow {
  return (row, count, out, at, step) => {
    for (let i = 0, from = 0; i < count; i++, from += pixel, at += step) {
      out[at] = row[from];
      out[at + 1] = row[from + green];
      out[at + 2] = row[from + 2 * green];
    }
  };
}

/** RGB triples for every possible value of a packed sample. Missing palette entries are black. */
function tableOf({ depth, colour, palette }: PngChunks): Uint8Array {
  const table = new Uint8Array(3 << depth);
  if (colour === 3) table.set(palette!.subarray(0, table.length));
  else for (let i = 0; i < table.length; i++) table[i] = (Math.floor(i / 3) * 255) / ((1 << depth) - 1);
  return table;
}

function putRowOf(chunks: PngChunks): PutRow {
  const { depth, colour } = chunks;
  if (colour === 3 || depth < 8) return putPacked(depth, tableOf(chunks));
  const bytes = depth / 8; // of 16 bits, the upper eight are used, as in libpng and Pillow
  return putWhole(samplesOf(chunks) * bytes, colour === 2 || colour === 6 ? bytes : 0);
}

/**
 * Decodes a PNG file that begins with its signature and IHDR chunk. With `tolerant`, everything before the damage is
 * returned and the rest is grey, if header and palette can be read. @throws Error that says what is wrong with the file
 */
export async function decodePng(bytes: Uint8Array, tolerant: boolean): Promise<Decoded> {
  const damage = new Damage(tolerant);
  const chunks = readPngChunks(bytes, damage);
  const passes = passesOf(chunks);
  const total = passes.reduce((sum, { height, rowBytes }) => sum + height * (rowBytes + 1), 0);
  const raw = await inflateExactly(chunks.data, total, Number.POSITIVE_INFINITY, damage);
  const image = blankImage(chunks.width, chunks.height);
  const put = putRowOf(chunks);
  const back = Math.max(1, (samplesOf(chunks) * chunks.depth) >> 3);
  let at = 0;
  const putPass = ({ x, y, stepX, stepY, width, height, rowBytes }: PngPass): boolean => {
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let line = 0; line < height; line++, at += rowBytes + 1) {
      if (at + 1 + rowBytes > raw.length) return false;
      const row = raw.subarray(at + 1, at + 1 + rowBytes);
      if (!unfilter(raw[at], row, above, back)) {
        damage.note(`row filter ${raw[at]} does not exist`);
        return false;
      }
      put(row, width, image.data, ((y + line * stepY) * chunks.width + x) * 4, stepX * 4);
      above = row;
    }
    return true;
  };
  for (const pass of passes) if (!putPass(pass)) break;
  return { ...image, damaged: damage.reason };
}
