/** Makes files with an orientation: EXIF blocks of both byte orders in JPEG and PNG, and TIFF's tag. */
import { crc32 } from "node:zlib";
import type { RgbaImage } from "../../src/types.js";

/** A TIFF header and a directory whose only entry is the orientation. */
export function exifBlock(orientation: number, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, 0x112, little);
  view.setUint16(12, 3, little);
  view.setUint32(14, 1, little);
  view.setUint16(18, orientation, little);
  return new Uint8Array(view.buffer);
}

/** A JPEG file with an APP1 segment after its start marker. */
export function jpegWithExif(jpeg: Uint8Array, block: Uint8Array): Uint8Array {
  const length = block.length + 8;
  const head = Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255, 0x45, 0x78, 0x69, 0x66, 0, 0);
  return Buffer.concat([head, block, jpeg.subarray(2)]);
}

/** A PNG chunk with its length and checksum. */
export function pngChunk(type: string, body: Uint8Array): Uint8Array {
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type, "latin1"), body, Buffer.alloc(4)]);
  chunk.writeUInt32BE(body.length, 0);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}

/** A PNG file with an eXIf chunk after its header. */
export function pngWithExif(png: Uint8Array, block: Uint8Array): Uint8Array {
  return Buffer.concat([png.subarray(0, 33), pngChunk("eXIf", block), png.subarray(33)]);
}

/** An uncompressed RGB TIFF file in one strip. */
export function tiffFile({ width, height, data }: RgbaImage, orientation: number, little: boolean): Uint8Array {
  const tags = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 2],
    [273, 4, 256],
    [274, 3, orientation],
    [277, 3, 3],
    [278, 4, height],
    [279, 4, width * height * 3],
  ] as const;
  const file = new Uint8Array(256 + width * height * 3);
  const view = new DataView(file.buffer);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, tags.length, little);
  for (const [i, [tag, type, value]] of tags.entries()) {
    const at = 10 + i * 12;
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, 1, little);
    if (type === 3) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  }
  for (let i = 0; i < width * height; i++) file.set(data.subarray(i * 4, i * 4 + 3), 256 + i * 3);
  return file;
}
