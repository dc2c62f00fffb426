/** Makes baseline JPEG files of any sampling and restart interval from seeded coefficients, with the tables of Annex K. */
import { HUFFMAN_TABLES, quantisationTables } from "../../src/kernels/jpeg-tables.js";
import type { Random } from "../../src/random.js";

export interface JpegShape {
  readonly width: number;
  readonly height: number;
  /** Sampling factors of luminance. */
  readonly h: number;
  readonly v: number;
  readonly grey: boolean;
  readonly restartInterval: number;
}

class BitWriter {
  readonly bytes: number[] = [];
  private pending = 0;
  private used = 0;

  put(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit--) {
      this.pending = (this.pending << 1) | ((value >> bit) & 1);
      if (++this.used < 8) continue;
      this.bytes.push(this.pending);
      if (this.pending === 0xff) this.bytes.push(0);
      [this.pending, this.used] = [0, 0];
    }
  }

  align(): void {
    while (this.used > 0) this.put(1, 1);
  }

  /** Writes a symbol's code and the bits of its value. */
  symbol(table: number, symbol: number, value = 0): void {
    let [code, next] = [0, 0];
    const { counts, symbols } = HUFFMAN_TABLES[table];
    for (let length = 1; length <= 16; length++) {
      for (let i = 0; i < counts[length - 1]; i++, code++) {
        if (symbols[next++] === symbol) this.put(code, length);
      }
      code <<= 1;
    }
    const size = symbol & 15;
    this.put(value < 0 ? value + (1 << size) - 1 : value, size);
  }
}

const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value));

/** Most blocks have a few small coefficients; some are flat, and some are full of long runs. */
function putBlock(bits: BitWriter, random: Random, last: number, chroma: number): number {
  const dc = Math.max(-60, Math.min(60, last + random.below(21) - 10));
  bits.symbol(2 * chroma, sizeOf(dc - last), dc - last);
  const most = [0, 3, 12, 40][random.below(4)];
  let k = 1;
  for (let i = 0; i < most && k < 64; i++) {
    let zeros = random.below(8) === 0 ? random.below(30) : random.below(3);
    if (k + zeros > 63) break;
    k += zeros + 1;
    for (; zeros > 15; zeros -= 16) bits.symbol(2 * chroma + 1, 0xf0);
    const value = (1 + random.below(random.below(6) === 0 ? 20 : 3)) * (random.below(2) * 2 - 1);
    bits.symbol(2 * chroma + 1, (zeros << 4) | sizeOf(value), value);
  }
  if (k < 64) bits.symbol(2 * chroma + 1, 0);
  return dc;
}

function scanOf(random: Random, { width, height, h, v, grey, restartInterval }: JpegShape): number[] {
  const bits = new BitWriter();
  const mcus = grey
    ? Math.ceil(width / 8) * Math.ceil(height / 8)
    : Math.ceil(width / (8 * h)) * Math.ceil(height / (8 * v));
  const components = grey ? [1] : [h * v, 1, 1];
  let predictors = [0, 0, 0];
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restartInterval > 0 && mcu > 0 && mcu % restartInterval === 0) {
      bits.align();
      bits.bytes.push(0xff, 0xd0 | ((mcu / restartInterval - 1) & 7));
      predictors = [0, 0, 0];
    }
    components.forEach((blocks, c) => {
      for (let i = 0; i < blocks; i++) predictors[c] = putBlock(bits, random, predictors[c], c === 0 ? 0 : 1);
    });
  }
  bits.align();
  return bits.bytes;
}

export function jpegFile(random: Random, shape: JpegShape): Uint8Array {
  const { width, height, h, v, grey, restartInterval } = shape;
  const segment = (marker: number, ...body: number[]): number[] => [0xff, marker, 0, body.length + 2, ...body];
  const [luma, chroma] = quantisationTables(93);
  const ids = grey ? [1] : [1, 2, 3];
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xdb, 0, ...luma, 1, ...chroma),
    ...[0xff, 0xc0, 0, 8 + 3 * ids.length],
    ...[8, height >> 8, height & 255, width >> 8, width & 255, ids.length],
    ...ids.flatMap((id) => [id, id === 1 ? (h << 4) | v : 0x11, id === 1 ? 0 : 1]),
    ...HUFFMAN_TABLES.flatMap(({ id, counts, symbols }) => segment(0xc4, id, ...counts, ...symbols)),
    ...(restartInterval > 0 ? segment(0xdd, restartInterval >> 8, restartInterval & 255) : []),
    ...segment(0xda, ids.length, ...ids.flatMap((id) => [id, id === 1 ? 0 : 0x11]), 0, 63, 0),
    ...scanOf(random, shape),
    ...[0xff, 0xd9],
  ]);
}

export interface FlatJpeg {
  /** Level of each component, 0 to 255; one, three or four of them. */
  readonly levels: readonly number[];
  readonly ids: readonly number[];
  /** Sampling factors of the first component (and the fourth); the others have 1 x 1. */
  readonly h: number;
  readonly v: number;
  /** Whole segments after the start marker. */
  readonly head: readonly number[];
}

/** A baseline file of 16 x 16 pixels of one colour. */
export function flatJpegFile({ levels, ids, h, v, head }: FlatJpeg): Uint8Array {
  const segment = (marker: number, ...body: number[]): number[] => [0xff, marker, 0, body.length + 2, ...body];
  const factors = levels.map((_, c) => (levels.length > 1 && (c === 0 || c === 3) ? [h, v] : [1, 1]));
  const bits = new BitWriter();
  const most = levels.length > 1 ? [h, v] : [1, 1];
  for (let mcu = Math.ceil(2 / most[0]) * Math.ceil(2 / most[1]), first = true; mcu > 0; mcu--, first = false) {
    levels.forEach((level, c) => {
      for (let block = 0; block < factors[c][0] * factors[c][1]; block++) {
        const step = first && block === 0 ? level - 128 : 0;
        bits.symbol(0, sizeOf(step), step);
        bits.symbol(1, 0);
      }
    });
  }
  bits.align();
  return Uint8Array.from([
    ...[0xff, 0xd8, ...head],
    ...segment(0xdb, 0, ...Array<number>(64).fill(8)), // so that a step of the mean is one level
    ...segment(
      0xc0,
      8,
      0,
      16,
      0,
      16,
      ids.length,
      ...ids.flatMap((id, c) => [id, (factors[c][0] << 4) | factors[c][1], 0]),
    ),
    ...HUFFMAN_TABLES.slice(0, 2).flatMap(({ id, counts, symbols }) => segment(0xc4, id, ...counts, ...symbols)),
    ...segment(0xda, ids.length, ...ids.flatMap((id) => [id, 0]), 0, 63, 0),
    ...bits.bytes,
    ...[0xff, 0xd9],
  ]);
}
