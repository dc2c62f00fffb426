/** What decodeJpegScan and colourJpegWindow take (layouts in assembly/image/jpeg-decode.ts), laid out in an arena. */
import type { Rectangle } from "../types.js";
import type { Arena } from "./arena.js";
import { type HuffmanTable, ZIGZAG } from "./jpeg-tables.js";

/** Bits that the direct table is indexed by. */
const DIRECT_BITS = 10;
const DECODE_TABLE_BYTES = 4232 + 256;
/** Bits that the table of an AC code's skips is indexed by. */
const SKIP_BITS = 11;
/** Coefficients that stand for the end of a block in that table; runs without it add up to half of it at most. */
const ENDED = 128;
const PARAMS_BYTES = 160;
/** Sizes of 15 bits with a length of 0: look further. */
const LONGER_CODE = 15 << 12;
const END_OF_BLOCK = 127;
/** Bytes that the kernels may read beyond a plane. */
const PLANE_SLACK = 16;
const KEPT_TABLES = 64;

/** The entry of a code with its first bits of value behind it, `rest`: `bits` of them are known. */
function directEntry(symbol: number, length: number, rest: number, bits: number, isAc: boolean): number {
  const size = symbol & 15;
  const zeros = symbol >> 4;
  if (size === 0) return length | ((isAc && zeros !== 15 ? END_OF_BLOCK : zeros) << 5);
  if (size > bits) return length | (zeros << 5) | (size << 12);
  const raw = rest >> (bits - size);
  const value = raw < 1 << (size - 1) ? raw - (1 << size) + 1 : raw;
  return (length + size) | (zeros << 5) | (value << 16);
}

/** All whole codes at the head of SKIP_BITS bits as one entry: length with values | coefficients << 5; [2^SKIP_BITS] */
function fillSkips(skips: Uint16Array, { counts, symbols }: HuffmanTable): void {
  // The first code alone: length | symbol << 8.
  const firsts = new Uint16Array(skips.length);
  let [place, next] = [0, 0];
  for (let length = 1; length <= SKIP_BITS; length++) {
    const width = 1 << (SKIP_BITS - length);
    for (let i = 0; i < counts[length - 1]; i++, place += width) {
      firsts.fill(length | (symbols[next++] << 8), place, place + width);
    }
  }
  for (let head = 0; head < skips.length; head++) {
    let [bits, coefficients] = [0, 0];
    while (bits < SKIP_BITS && coefficients < ENDED) {
      const code = firsts[(head << bits) & (skips.length - 1)];
      const [length, size, zeros] = [code & 31, (code >> 8) & 15, code >> 12];
      if (length === 0 || bits + length > SKIP_BITS) break;
      const ends = size === 0 && zeros !== 15;
      if (!ends && coefficients + zeros + 1 > ENDED / 2) break;
      bits += length + size;
      coefficients += ends ? ENDED : zeros + 1;
    }
    skips[head] = bits | (coefficients << 5);
  }
}

function makeDecodeTable(table: HuffmanTable): Uint8Array {
  const { id, counts, symbols } = table;
  const isAc = id >= 0x10;
  const block = new Uint8Array(DECODE_TABLE_BYTES + (isAc ? 2 << SKIP_BITS : 0));
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
      for (let rest = 0; rest < 1 << bits; rest++) {
        direct[(code << bits) | rest] = directEntry(symbols[next], length, rest, bits, isAc);
      }
    }
    limits[length] = code << (16 - length);
    code <<= 1;
  }
  if (isAc) fillSkips(new Uint16Array(block.buffer, DECODE_TABLE_BYTES), table);
  return block;
}

const tables = new Map<string, Uint8Array>();

/** The kernel's table of a Huffman table; most files share the standard ones, so a few are kept. */
export function decodeTable(table: HuffmanTable): Uint8Array {
  const key = `${table.id >> 4} ${Buffer.from(table.counts).toString("latin1")}${Buffer.from(table.symbols).toString("latin1")}`;
  let made = tables.get(key);
  if (made === undefined) {
    if (tables.size >= KEPT_TABLES) tables.clear();
    made = makeDecodeTable(table);
    tables.set(key, made);
  }
  return made;
}

/** What the layout needs to know of a file; BaselineJpeg in src/image/jpeg-header.ts is one. */
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

/** Pointers for the two kernels. */
export interface JpegWindow {
  readonly params: number;
  /** For decodeJpegScan, and then for colourJpegWindow. */
  readonly scratch: number;
  readonly output: number;
  /** Of the output, bytes a row. */
  readonly stride: number;
}

/** Allocates planes, tables, scratch and output for a window (within the picture) of a file of `scanBytes` bytes. */
export function layOutJpegWindow(
  arena: Pick<Arena, "alloc" | "put">,
  jpeg: JpegLayout,
  window: Rectangle,
  scanBytes: number,
): JpegWindow {
  const { width, height, h, v, components } = jpeg;
  const [mcuWidth, mcuHeight] = [8 * h, 8 * v];
  const [across, down] = [Math.ceil(width / mcuWidth), Math.ceil(height / mcuHeight)];
  // One pixel more on each side: the triangle filter looks at its neighbours.
  const left = Math.floor(Math.max(0, window.x - 1) / mcuWidth);
  const top = Math.floor(Math.max(0, window.y - 1) / mcuHeight);
  const right = Math.min(across, Math.ceil((window.x + window.width + 1) / mcuWidth));
  const bottom = Math.min(down, Math.ceil((window.y + window.height + 1) / mcuHeight));
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
    const planeStride = (right - left) * blocksAcross * 8;
    const natural = new Int16Array(64);
    ZIGZAG.forEach((index, position) => {
      natural[index] = quantisation[position];
    });
    const plane = arena.alloc(planeStride * (bottom - top) * blocksDown * 8 + PLANE_SLACK);
    const pointers = [putTable(dc), putTable(ac), arena.put(natural)];
    return [blocksAcross, blocksDown, plane, planeStride, ...pointers, 0];
  });
  const head = [across, down, jpeg.restartInterval, components.length, left, right, top, bottom];
  const pixels = [window.x, window.y, window.width, window.height, width, height, zigzag, 0];
  const block = new Int32Array(PARAMS_BYTES / 4);
  block.set([...head, ...pixels, ...rows.flat()]);
  const params = arena.put(block);
  const scratch = arena.alloc(Math.max(scanBytes + 1024, window.width * 4 + 256));
  return { params, scratch, output: arena.alloc(stride * window.height), stride };
}
