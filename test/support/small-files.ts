/** Byte-level writers of small BMP, GIF, TIFF and PNG files, for forms that no library writes. */
import { deflateSync } from "node:zlib";
import type { RgbaImage } from "../../src/types.js";
import { pngChunk } from "./exif.js";

/** RGB rows of an image, without padding. */
export function rgbOf({ width, height, data }: RgbaImage): Buffer {
  const out = Buffer.alloc(width * height * 3);
  for (let i = 0; i < out.length; i++) out[i] = data[Math.floor(i / 3) * 4 + (i % 3)];
  return out;
}

export interface BmpForm {
  readonly bits: number;
  readonly compression?: number;
  /** Length of the header. Beyond byte 40, it contains `masks` and zeros. */
  readonly headerBytes?: number;
  readonly masks?: readonly number[];
  readonly palette?: Uint8Array;
  /** Offset of the pixels stated in the header; the true one if left out. */
  readonly offset?: number;
}

/** A BMP file of rows or of run lengths, which are written unchanged. */
export function bmpFile(width: number, height: number, body: Uint8Array, form: BmpForm): Buffer {
  const { bits, compression = 0, headerBytes = 40, masks = [], palette = new Uint8Array(0), offset } = form;
  const masksInHeader = headerBytes > 40;
  const head = Buffer.alloc(14 + headerBytes + (masksInHeader ? 0 : masks.length * 4));
  const start = head.length + palette.length;
  head.write("BM", "latin1");
  head.writeUInt32LE(start + body.length, 2);
  head.writeUInt32LE(offset ?? start, 10);
  head.writeUInt32LE(headerBytes, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(palette.length / 4, 46);
  for (const [i, mask] of masks.entries()) head.writeUInt32LE(mask, 54 + i * 4);
  return Buffer.concat([head, palette, body]);
}

/** BMP rows of 24 bits, the last one first. */
export function bgrRows(image: RgbaImage): Buffer {
  const { width, height, data } = image;
  const stride = Math.ceil((width * 3) / 4) * 4;
  const rows = Buffer.alloc(stride * height);
  for (let i = 0; i < width * height; i++) {
    const at = (height - 1 - Math.floor(i / width)) * stride + (i % width) * 3;
    for (let c = 0; c < 3; c++) rows[at + c] = data[i * 4 + 2 - c];
  }
  return rows;
}

const [SHORT, LONG] = [3, 4];
type TiffValues = readonly number[] | Uint8Array | null;

/**
 * A little-endian TIFF file whose pixels begin at byte 8. `tags` replace the usual ones of RGB in one strip. Null
 * leaves a tag out, and bytes are stored as type UNDEFINED.
 */
export function tiffOf(
  width: number,
  height: number,
  samples: number,
  body: Uint8Array,
  tags: Readonly<Record<number, TiffValues>> = {},
): Buffer {
  const usual: Readonly<Record<number, TiffValues>> = {
    256: [width],
    257: [height],
    258: Array.from({ length: samples }, () => 8),
    259: [1],
    262: [2],
    273: [8],
    277: [samples],
    278: [height],
    279: [body.length],
    284: [1],
  };
  const entries = Object.entries({ ...usual, ...tags })
    .map(([tag, values]) => [Number(tag), values] as const)
    .filter((entry): entry is readonly [number, readonly number[] | Uint8Array] => entry[1] !== null)
    .sort(([a], [b]) => a - b);
  const padded = Buffer.concat([body, Buffer.alloc(body.length & 1)]);
  const directory = Buffer.alloc(2 + entries.length * 12 + 4);
  directory.writeUInt16LE(entries.length, 0);
  const extra: Buffer[] = [];
  let extraAt = 8 + padded.length + directory.length;
  for (const [i, [tag, values]] of entries.entries()) {
    const at = 2 + i * 12;
    const isLong = tag === 273 || tag === 279;
    const type = values instanceof Uint8Array ? 7 : isLong ? LONG : SHORT;
    const size = values instanceof Uint8Array ? 1 : isLong ? 4 : 2;
    const bytes = Buffer.alloc(values.length * size);
    values.forEach((value, k) => void bytes.writeUIntLE(value, k * size, size));
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(values.length, at + 4);
    if (bytes.length <= 4) bytes.copy(directory, at + 8);
    else {
      directory.writeUInt32LE(extraAt, at + 8);
      extra.push(bytes);
      extraAt += bytes.length;
    }
  }
  const head = Buffer.from("II*\0\0\0\0\0", "latin1");
  head.writeUInt32LE(8 + padded.length, 4);
  return Buffer.concat([head, padded, directory, ...extra]);
}

/** An IHDR chunk of RGB, 8 bits. */
export function pngHeader(width: number, height: number): Uint8Array {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([8, 2, 0, 0, 0], 8);
  return pngChunk("IHDR", body);
}

/** PNG's rows without filters. */
export function pngRows(image: RgbaImage): Buffer {
  const rgb = rgbOf(image);
  const rows = Array.from({ length: image.height }, (_, y) => [
    Buffer.alloc(1),
    rgb.subarray(y * image.width * 3, (y + 1) * image.width * 3),
  ]);
  return Buffer.concat(rows.flat());
}

/** A PNG file of these chunks between signature and IEND. */
export function pngFile(...chunks: readonly Uint8Array[]): Buffer {
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  return Buffer.concat([signature, ...chunks, pngChunk("IEND", new Uint8Array(0))]);
}

/** An IDAT chunk of these rows. */
export const pngData = (rows: Uint8Array): Uint8Array => pngChunk("IDAT", deflateSync(rows));

/** A chunk with a wrong checksum. */
export function withWrongChecksum(chunk: Uint8Array): Buffer {
  const copy = Buffer.from(chunk);
  copy[copy.length - 1] ^= 0xff;
  return copy;
}
