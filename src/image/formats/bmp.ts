/** BMP files to RGBA: 1, 4, 8, 16, 24 and 32 bits, bit masks, run lengths, rows from either end, all known headers. */
import { blankImage, Damage, type Decoded } from "./damage.js";

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** Rows are stored from the top. */
  readonly fromTop: boolean;
  readonly bits: number;
  /** 0 none, 1 and 2 run lengths of 8 and 4 bits, 3 and 6 bit masks. */
  readonly compression: number;
  /** Red, green, blue; null where the depth says it all. */
  readonly masks: readonly number[] | null;
  /** Bytes blue, green, red and `stride - 3` more an entry. */
  readonly palette: Uint8Array;
  readonly stride: 3 | 4;
  /** Where the pixels begin. */
  readonly start: number;
}

const DEFAULT_MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  32: [0xff0000, 0xff00, 0xff],
};

function readHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  if (size !== 12 && (size < 16 || size > 256)) throw new Error(`a header of ${size} bytes is unknown`);
  const old = size === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = size >= 20 ? view.getUint32(30, true) : 0;
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel are unknown`);
  const fits =
    compression === 0 ||
    (compression === 1 && bits === 8) ||
    (compression === 2 && bits === 4) ||
    ((compression === 3 || compression === 6) && (bits === 16 || bits === 32));
  if (!fits) throw new Error(`compression ${compression} of ${bits} bits is unknown`);
  if (width <= 0) throw new Error(`a width of ${width} does not exist`);
  const masked = compression === 3 || compression === 6;
  const masks = masked ? [54, 58, 62].map((at) => view.getUint32(at, true)) : (DEFAULT_MASKS[bits] ?? null);
  const stride = old ? 3 : 4;
  const used = size >= 36 ? view.getUint32(46, true) : 0;
  const entries = bits > 8 ? 0 : used === 0 || used > 1 << bits ? 1 << bits : used;
  const tableStart = 14 + size + (masked && size === 40 ? 12 : 0);
  // Where the table is shorter than its header says, the pixels begin before its end.
  const tableEnd = Math.min(tableStart + entries * stride, start > tableStart ? start : bytes.length);
  const palette = bytes.subarray(tableStart, tableEnd);
  return { width, height: Math.abs(rows), fromTop: rows < 0, bits, compression, masks, palette, stride, start };
}

/** Bits of a mask, moved down and scaled to 0..255. */
function scaled(value: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return Math.floor((((value & mask) >>> shift) * 255) / most);
}

/** Run lengths -> palette indices, [height, width] in file order; 256 is a pixel that the file leaves out. */
function decodeRuns(bytes: Uint8Array, header: BmpHeader, damage: Damage): Uint16Array {
  const { width, height, start } = header;
  const nibbles = header.compression === 2;
  const out = new Uint16Array(width * height).fill(256);
  let [at, x, y] = [start, 0, 0];
  const put = (index: number): void => {
    if (x < width && y < height) out[y * width + x] = index;
    x++;
  };
  while (y < height) {
    if (at + 2 > bytes.length) {
      damage.note("the image data break off");
      return out;
    }
    const [count, value] = [bytes[at], bytes[at + 1]];
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(!nibbles ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else if (value === 1) {
      return out;
    } else if (value === 2) {
      x += bytes[at] ?? 0;
      y += bytes[at + 1] ?? 0;
      at += 2;
    } else {
      const length = nibbles ? (value + 1) >> 1 : value;
      for (let i = 0; i < value; i++) {
        const byte = bytes[at + (nibbles ? i >> 1 : i)] ?? 0;
        put(!nibbles ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      at += length + (length & 1);
    }
  }
  return out;
}

/**
 * Decodes a BMP file. Throws an Error that says what is wrong with it; with `tolerant` the rows that are missing are
 * grey. Pixels that run lengths leave out have the palette's first colour.
 */
export function decodeBmp(bytes: Uint8Array, tolerant: boolean): Decoded {
  const damage = new Damage(tolerant);
  const header = readHeader(bytes);
  const { width, height, bits, masks, palette, stride, start, fromTop } = header;
  const image = blankImage(width, height);
  const out = image.data;
  const putIndex = (at: number, index: number): void => {
    for (let c = 0; c < 3; c++) out[at + c] = palette[index * stride + 2 - c] ?? 0;
  };
  const targetOf = (line: number): number => (fromTop ? line : height - 1 - line) * width * 4;
  if (header.compression === 1 || header.compression === 2) {
    const indices = decodeRuns(bytes, header, damage);
    for (let line = 0, from = 0; line < height; line++) {
      for (let x = 0, at = targetOf(line); x < width; x++, at += 4, from++) putIndex(at, indices[from] & 255);
    }
    return { ...image, damaged: damage.reason };
  }
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const packedBytes = Math.ceil((width * bits) / 8); // the last row's padding may be missing
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let line = 0; line < height; line++) {
    const row = start + line * rowBytes;
    if (row + packedBytes > bytes.length) {
      damage.note(`the file ends in row ${line} of ${height}`);
      break;
    }
    for (let x = 0, at = targetOf(line); x < width; x++, at += 4) {
      if (bits === 24) {
        const from = row + x * 3;
        [out[at], out[at + 1], out[at + 2]] = [bytes[from + 2], bytes[from + 1], bytes[from]];
      } else if (bits > 8) {
        const value = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
        for (let c = 0; c < 3; c++) out[at + c] = scaled(value, masks![c]);
      } else {
        const bit = x * bits;
        putIndex(at, (bytes[row + (bit >> 3)] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1));
      }
    }
  }
  return { ...image, damaged: damage.reason };
}
