/**
 * Decodes BMP files to RGBA: 1, 4, 8, 16, 24 and 32 bits, bit masks, run lengths, rows in both directions, all known
 * headers.
 */
import { blankImage, Damage, type Decoded } from "./damage.js";

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** True if rows are stored from the top. */
  readonly fromTop: boolean;
  readonly bits: number;
  /** 0 none, 1 and 2 run lengths with 8 and 4 bits, 3 and 6 bit masks. */
  readonly compression: number;
  /** Masks of red, green and blue; null if the bit depth determines the layout. */
  readonly masks: readonly number[] | null;
  /** Entries of blue, green, red and `stride - 3` unused bytes. */
  readonly palette: Uint8Array;
  readonly stride: 3 | 4;
  /** Byte offset of the pixels. */
  readonly start: number;
}

const [BYTE_RUNS, NIBBLE_RUNS, MASKS, ALPHA_MASKS] = [1, 2, 3, 6];
const FILE_HEADER_BYTES = 14;
/** Bytes of OS/2's second header. In it, compression 3 does not mean bit masks. */
const OS2_BYTES = 64;

const DEFAULT_MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  24: [0xff0000, 0xff00, 0xff],
  32: [0xff0000, 0xff00, 0xff],
};

/** Reads the masks of red, green and blue after the forty bytes that every later header begins with. */
function readMasks(view: DataView, bits: number): readonly number[] {
  const masks = [54, 58, 62].map((at) => view.getUint32(at, true));
  // With 32 bits, masks of zero mean the usual masks for Pillow and for the programs that write them.
  if (bits === 32 && masks.every((mask) => mask === 0)) return DEFAULT_MASKS[32];
  const most = 2 ** bits - 1;
  const apart = masks.every((mask, i) => masks.every((other, j) => i === j || (mask & other) === 0));
  const whole = masks.every((mask) => mask !== 0 && mask <= most && isRun(mask));
  if (!apart || !whole) {
    throw new Error(`bit masks ${masks.map((mask) => mask.toString(16)).join(", ")} of ${bits} bits make no sense`);
  }
  return masks;
}

/** True if the set bits are adjacent. */
function isRun(mask: number): boolean {
  const low = (mask & -mask) >>> 0;
  return Number.isInteger(Math.log2(mask / low + 1));
}

function readHeader(bytes: Uint8Array, damage: Damage): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  if (size !== 12 && (size < 16 || size > 256)) throw new Error(`a header of ${size} bytes is unknown`);
  const old = size === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = size >= 20 ? view.getUint32(30, true) : 0;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel are unknown`);
  const masked = compression === MASKS || compression === ALPHA_MASKS;
  const fits =
    compression === 0 ||
    (compression === BYTE_RUNS && bits === 8) ||
    (compression === NIBBLE_RUNS && bits === 4) ||
    (masked && bits >= 16 && size !== OS2_BYTES);
  if (!fits) throw new Error(`compression ${compression} of ${bits} bits is unknown`);
  if (width <= 0) throw new Error(`a width of ${width} does not exist`);
  const masks = masked ? readMasks(view, bits) : (DEFAULT_MASKS[bits] ?? null);
  const stride = old ? 3 : 4;
  const used = size >= 36 ? view.getUint32(46, true) : 0;
  const entries = bits > 8 ? 0 : used === 0 || used > 1 << bits ? 1 << bits : used;
  const maskBytes = !masked || size !== 40 ? 0 : compression === MASKS ? 12 : 16;
  const tableStart = FILE_HEADER_BYTES + size + maskBytes;
  const tableBytes = entries * stride;
  // Some writers leave the position at 0, or point to the end of the header although there is a palette.
  const forgotten = stated === 0 || (stated === tableStart && tableBytes > 0);
  if (!forgotten && stated < tableStart) damage.note(`the pixels begin at byte ${stated}, within the header`);
  const start = forgotten || stated < tableStart ? tableStart + tableBytes : stated;
  // Writers that leave the number of colours at 0 may store fewer of them. The table then ends where the pixels begin.
  if (used !== 0 && start < tableStart + tableBytes) {
    damage.note(`the pixels begin at byte ${start}, within the palette of ${entries} colours`);
  }
  const palette = bytes.subarray(tableStart, Math.min(tableStart + tableBytes, start));
  return { width, height: Math.abs(rows), fromTop: rows < 0, bits, compression, masks, palette, stride, start };
}

/** The bits under a mask, shifted down and scaled to 0..255. */
function scaled(value: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return Math.floor((((value & mask) >>> shift) * 255) / most);
}

/** Receives the palette index of the pixel in column x of line y, in file order. */
type PutPixel = (x: number, y: number, index: number) => void;

/** Unpacks run lengths. Returns the number of pixels before the end of the data, and what is wrong with the data, or null. */
function walkRuns(bytes: Uint8Array, header: BmpHeader, put: PutPixel): { covered: number; reason: string | null } {
  const { width, height, start } = header;
  const nibbles = header.compression === NIBBLE_RUNS;
  let [at, x, y] = [start, 0, 0];
  const next = (index: number): void => {
    if (x < width) put(x, y, index);
    x++;
  };
  while (y < height && (y < height - 1 || x < width)) {
    const [count, value] = [bytes[at], bytes[at + 1]];
    const covered = y * width + Math.min(x, width);
    const literal = count === 0 && value > 2;
    const length = !literal ? 0 : nibbles ? (value + 1) >> 1 : value;
    const jump = count === 0 && value === 2;
    if (at + 2 + (jump ? 2 : length) > bytes.length) return { covered, reason: "the image data break off" };
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) next(!nibbles ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (literal) {
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + (nibbles ? i >> 1 : i)];
        next(!nibbles ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      at += length + (length & 1);
    } else if (jump) {
      x += bytes[at];
      y += bytes[at + 1];
      at += 2;
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else {
      return { covered, reason: `the image data end in row ${y} of ${height}` };
    }
  }
  return { covered: width * height, reason: null };
}

/**
 * Decodes a BMP file. With `tolerant`, missing rows are grey. Pixels that run lengths leave out have the palette's
 * first colour. @throws Error that says what is wrong with the file
 */
export function decodeBmp(bytes: Uint8Array, tolerant: boolean): Decoded {
  const damage = new Damage(tolerant);
  const header = readHeader(bytes, damage);
  const { width, height, bits, masks, palette, stride, start, fromTop } = header;
  const packed = header.compression === BYTE_RUNS || header.compression === NIBBLE_RUNS;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const lastBytes = Math.ceil((width * bits) / 8); // the last row's padding may be missing
  if (packed) {
    const { covered, reason } = walkRuns(bytes, header, () => {});
    if (reason !== null) damage.note(reason);
    damage.expectRoom(covered, width * height, `the file holds ${covered} of ${width * height} pixels`);
  } else {
    const rows = Math.min(height, Math.max(0, Math.floor((bytes.length - start + rowBytes - lastBytes) / rowBytes)));
    damage.expectRoom(rows, height, `the file holds ${rows} of ${height} rows`);
  }
  const image = blankImage(width, height);
  const out = image.data;
  const putIndex = (at: number, index: number): void => {
    for (let c = 0; c < 3; c++) out[at + c] = palette[index * stride + 2 - c] ?? 0;
  };
  const targetOf = (line: number): number => (fromTop ? line : height - 1 - line) * width * 4;
  if (packed) {
    for (let at = 0; at < out.length; at += 4) putIndex(at, 0);
    walkRuns(bytes, header, (x, y, index) => putIndex(targetOf(y) + x * 4, index));
    return { ...image, damaged: damage.reason };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let line = 0; line < height; line++) {
    const row = start + line * rowBytes;
    if (row + lastBytes > bytes.length) break;
    for (let x = 0, at = targetOf(line); x < width; x++, at += 4) {
      if (bits === 24 && masks === DEFAULT_MASKS[24]) {
        const from = row + x * 3;
        [out[at], out[at + 1], out[at + 2]] = [bytes[from + 2], bytes[from + 1], bytes[from]];
      } else if (bits > 8) {
        const from = row + (x * bits) / 8;
        const value =
          bits === 32
            ? view.getUint32(from, true)
            : view.getUint16(from, true) | (bits === 24 ? bytes[from + 2] << 16 : 0);
        for (let c = 0; c < 3; c++) out[at + c] = scaled(value, masks![c]);
      } else {
        const bit = x * bits;
        putIndex(at, (bytes[row + (bit >> 3)] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1));
      }
    }
  }
  return { ...image, damaged: damage.reason };
}
