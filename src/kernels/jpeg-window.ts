/**
 * Lays out the arguments of decodeJpegScan and colourJpegWindow in an arena. The layouts are described in
 * assembly/image/jpeg-decode.ts.
 */
import { textOf } from "../bytes.js";
import type { Rectangle } from "../types.js";
import type { Arena } from "./arena.js";
import { type HuffmanTable, ZIGZAG } from "./jpeg-tables.js";

/** Number of bits that index the direct table. */
const DIRECT_BITS = 10;
const DECODE_TABLE_BYTES = 4232 + 256;
const PARAMS_BYTES = 160;
/** Number of coefficients that marks the end of a block in the table of skips. */
const ENDED = 128;
/**
 * A skip joins no further code once it covers this many coefficients. With one more code, runs of zeros included, it
 * stays far below ENDED.
 */
const MOST_JOINED = 48;
/** Largest number of bits in one skip. The kernel skips twice with 32 bits at hand. */
const MOST_SKIPPED_BITS = 16;
/** A size of 15 bits with a length of 0: the code is longer than the direct table's index. */
const LONGER_CODE = 15 << 12;
const END_OF_BLOCK = 127;
/** Number of bytes that the kernels may read beyond a plane. */
const PLANE_SLACK = 16;
const KEPT_TABLES = 64;

/** Fills the entries of one code, starting at `from`: one entry for each value of the next `bits` bits. */
function fillDirect(
  direct: Uint32Array,
  from: number,
  bits: number,
  symbol: number,
  length: number,
  isAc: boolean,
): void {
  const size = symbol & 15;
  const zeros = symbol >> 4;
  const to = from + (1 << bits);
  if (size === 0) direct.fill(length | ((isAc && zeros !== 15 ? END_OF_BLOCK : zeros) << 5), from, to);
  else if (size > bits) direct.fill(length | (zeros << 5) | (size << 12), from, to);
  else {
    const run = 1 << (bits - size);
    for (let raw = 0; raw < 1 << size; raw++) {
      const value = raw < 1 << (size - 1) ? raw - (1 << size) + 1 : raw;
      const entry = (length + size) | (zeros << 5) | (value << 16);
      direct.fill(entry, from + raw * run, from + (raw + 1) * run);
    }
  }
}

/**
 * Joins all complete codes at the start of DIRECT_BITS bits into one entry: length including the values | coefficients
 * << 5, [2^DIRECT_BITS].
 */
function fillSkips(skips: Uint16Array, { counts, symbols }: HuffmanTable): void {
  const firsts = new Uint16Array(skips.length); // the first code alone
  const lengths = new Uint8Array(skips.length); // its length without the value
  let place = 0;
  let next = 0;
  for (let length = 1; length <= DIRECT_BITS; length++) {
    for (let i = counts[length - 1]; i > 0; i--) {
      const symbol = symbols[next++];
      const size = symbol & 15;
      const coefficients = size === 0 && symbol !== 0xf0 ? ENDED : (symbol >> 4) + 1;
      const end = place + (1 << (DIRECT_BITS - length));
      if (length + size <= MOST_SKIPPED_BITS) {
        firsts.fill((length + size) | (coefficients << 5), place, end);
        lengths.fill(length, place, end);
      }
      place = end;
    }
  }
  for (let head = 0; head < skips.length; head++) {
    let entry = firsts[head];
    while (entry !== 0 && entry >> 5 <= MOST_JOINED) {
      const bits = entry & 31;
      const rest = (head << bits) & (skips.length - 1);
      if (lengths[rest] === 0 || bits + lengths[rest] > DIRECT_BITS) break;
      if (bits + (firsts[rest] & 31) > MOST_SKIPPED_BITS) break;
      entry += firsts[rest];
    }
    skips[head] = entry;
  }
}

function makeDecodeTable(table: HuffmanTable): Uint8Array {
  const { id, counts, symbols } = table;
  const isAc = id >= 0x10;
  const block = new Uint8Array(DECODE_TABLE_BYTES + (isAc ? 2 << DIRECT_BITS : 0));
  const direct = new Uint32Array(block.buffer, 0, 1 << DIRECT_BITS).fill(LONGER_CODE);
  const limits = new Uint32Array(block.buffer, 4096, 17);
  const offsets = new Int32Array(block.buffer, 4164, 17);
  block.set(symbols, 4232);
  let [code, next] = [0, 0];
  for (let length = 1; length <= 16; length++) {
    offsets[length] = next - code;
    for (let i = 0; i < counts[length - 1]; i++, code++, next++) {
      const bits = DIRECT_BITS - length;
      if (bits < 0) continue;
      fillDirect(direct, code << bits, bits, symbols[next], length, isAc);
    }
    limits[length] = code << (16 - length);
    code <<= 1;
  }
  if (isAc) fillSkips(new Uint16Array(block.buffer, DECODE_TABLE_BYTES), table);
  return block;
}

const tables = new Map<string, Uint8Array>();

/** The kernel's form of a Huffman table. Most files share the standard tables, so the last few are cached. */
export function decodeTable(table: HuffmanTable): Uint8Array {
  const key = `${table.id >> 4} ${textOf(table.counts)}${textOf(table.symbols)}`;
  let made = tables.get(key);
  if (made === undefined) {
    if (tables.size >= KEPT_TABLES) tables.clear();
    made = makeDecodeTable(table);
    tables.set(key, made);
  }
  return made;
}

/** The properties of a file that the layout depends on. BaselineJpeg in src/image/jpeg-header.ts has them. */
export interface JpegLayout {
  readonly width: number;
  readonly height: number;
  readonly h: number;
  readonly v: number;
  readonly components: readonly {
    readonly quantisation: Uint8Array;
    readonly dc: HuffmanTable;
    readonly ac: HuffmanTable;
  }[];
  readonly restartInterval: number;
}

/** Pointers for the two kernels, in bytes. */
export interface JpegWindow {
  readonly params: number;
  /** Scratch memory for decodeJpegScan and then for colourJpegWindow. */
  readonly scratch: number;
  readonly output: number;
  /** Bytes per row of the output. */
  readonly stride: number;
}

/** Allocates planes, tables, scratch and output for a window (within the image) of a file of `scanBytes` bytes. */
export function layOutJpegWindow(
  arena: Pick<Arena, "alloc" | "put">,
  jpeg: JpegLayout,
  window: Rectangle,
  scanBytes: number,
): JpegWindow {
  const { width, height, h, v } = jpeg;
  const [mcuWidth, mcuHeight] = [8 * h, 8 * v];
  const [across, down] = mcusOf(jpeg);
  // The window grows by one pixel on each side, because the triangle filter reads the neighbours.
  const left = Math.floor(Math.max(0, window.x - 1) / mcuWidth);
  const top = Math.floor(Math.max(0, window.y - 1) / mcuHeight);
  const right = Math.min(across, Math.ceil((window.x + window.width + 1) / mcuWidth));
  const bottom = Math.min(down, Math.ceil((window.y + window.height + 1) / mcuHeight));
  return layOut(
    arena,
    jpeg,
    { mcus: [left, right, top, bottom], pixels: window, size: [width, height], side: 8 },
    scanBytes,
  );
}

/** Allocates the same for the whole image at an eighth of its size, with one pixel per block of 8 x 8, rounded up. */
export function layOutJpegMeans(
  arena: Pick<Arena, "alloc" | "put">,
  jpeg: JpegLayout,
  scanBytes: number,
): JpegWindow & { readonly width: number; readonly height: number } {
  const [across, down] = mcusOf(jpeg);
  const [width, height] = [Math.ceil(jpeg.width / 8), Math.ceil(jpeg.height / 8)];
  const pixels = { x: 0, y: 0, width, height };
  const laidOut = { mcus: [0, across, 0, down], pixels, size: [width, height], side: 1 } as const;
  return { ...layOut(arena, jpeg, laidOut, scanBytes), width, height };
}

function mcusOf({ width, height, h, v }: JpegLayout): readonly [across: number, down: number] {
  return [Math.ceil(width / (8 * h)), Math.ceil(height / (8 * v))];
}

interface Layout {
  /** Left, right, top and bottom of the window in MCUs. */
  readonly mcus: readonly [number, number, number, number];
  /** The window in pixels of the result, and the size of the whole result. */
  readonly pixels: Rectangle;
  readonly size: readonly [width: number, height: number];
  /** Samples of a block along each axis: 8, or 1 for its mean. */
  readonly side: 1 | 8;
}

function layOut(
  arena: Pick<Arena, "alloc" | "put">,
  jpeg: JpegLayout,
  { mcus: [left, right, top, bottom], pixels: window, size, side }: Layout,
  scanBytes: number,
): JpegWindow {
  const { h, v, components } = jpeg;
  const stride = Math.ceil(window.width / 8) * 32;
  const zigzag = arena.put(Uint8Array.from(ZIGZAG));
  const placed = new Map<Uint8Array, number>();
  const putTable = (table: HuffmanTable): number => {
    const block = decodeTable(table);
    const pointer = placed.get(block) ?? arena.put(block);
    placed.set(block, pointer);
    return pointer;
  };
  const rows: number[][] = components.map(({ quantisation, dc, ac }, i) => {
    const [blocksAcross, blocksDown] = i === 0 ? [h, v] : [1, 1];
    const planeStride = (right - left) * blocksAcross * side;
    const natural = new Int16Array(64);
    ZIGZAG.forEach((index, position) => {
      natural[index] = quantisation[position];
    });
    const plane = arena.alloc(planeStride * (bottom - top) * blocksDown * side + PLANE_SLACK);
    const pointers = [putTable(dc), putTable(ac), arena.put(natural)];
    return [blocksAcross, blocksDown, plane, planeStride, ...pointers, 0];
  });
  const head = [...mcusOf(jpeg), jpeg.restartInterval, components.length, left, right, top, bottom];
  const pixels = [window.x, window.y, window.width, window.height, ...size, zigzag, side === 1 ? 1 : 0];
  const block = new Int32Array(PARAMS_BYTES / 4);
  block.set([...head, ...pixels, ...rows.flat()]);
  const params = arena.put(block);
  const scratch = arena.alloc(Math.max(scanBytes + 1024, window.width * 4 + 256));
  return { params, scratch, output: arena.alloc(stride * window.height), stride };
}
