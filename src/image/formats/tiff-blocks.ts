/** Finds the strips or tiles of a TIFF page, checks how much they can contain, and unpacks them. */
import { concat } from "../../bytes.js";
import type { Damage, Decoded } from "./damage.js";
import { inflateExactly } from "./inflate.js";
import { decodeLzw } from "./lzw.js";
import { COMPRESSION, PHOTOMETRIC, type TiffLayout } from "./tiff-layout.js";
import { TAG, type TiffPage } from "./tiff-page.js";

/** Decodes a complete JPEG file. @throws Error unless it has `width` x `height` pixels, or up to `mostRows` rows */
export type DecodeJpegBlock = (bytes: Uint8Array, width: number, height: number, mostRows: number) => Promise<Decoded>;

export interface TiffBlock {
  readonly plane: number;
  readonly left: number;
  readonly top: number;
  /** Number of rows of the block. For a tile, it includes rows beyond the image. */
  readonly rows: number;
  /** Bytes of its unpacked rows. */
  readonly length: number;
  /** Largest number of bytes that its data may contain. Some writers make the last strip as long as the others. */
  readonly most: number;
  readonly packed: Uint8Array;
}

/** Largest number of bytes per packed byte. In LZW, twelve bits are a string of up to 4096; in JPEG, two bits are a block. */
const MAX_RATIO: Readonly<Record<number, number>> = {
  [COMPRESSION.none]: 1,
  [COMPRESSION.packBits]: 64,
  [COMPRESSION.lzw]: 2731,
  [COMPRESSION.jpeg]: 1024,
  [COMPRESSION.deflate]: 1032,
  [COMPRESSION.oldDeflate]: 1032,
};
/** Packed bytes that are read for a block, in addition to twice its unpacked size. Complete files need no more. */
const PACKED_ROOM = 4096;
/** Bytes of the signature and the position of the directory. */
const FILE_HEADER_BYTES = 8;

/**
 * Finds the blocks and checks that they can contain the image, before memory for it is allocated. Missing blocks are
 * noted as damage and skipped.
 */
export function findBlocks(bytes: Uint8Array, page: TiffPage, layout: TiffLayout, damage: Damage): TiffBlock[] {
  const { tiled, planes, blockWidth, blockHeight, samples, bits, compression } = layout;
  const [across, down] = [Math.ceil(page.width / blockWidth), Math.ceil(page.height / blockHeight)];
  const count = across * down * planes;
  const offsets = page.values(tiled ? TAG.tileOffsets : TAG.stripOffsets, count) ?? [];
  const lengths = page.values(tiled ? TAG.tileBytes : TAG.stripBytes, count) ?? [];
  if (offsets.length < count) damage.note(`the places of ${offsets.length} of ${count} strips or tiles`);
  const rowBytes = Math.ceil((blockWidth * samples * bits) / 8);
  const blocks: TiffBlock[] = [];
  let held = 0;
  for (const [i, offset] of offsets.entries()) {
    const plane = Math.floor(i / (across * down));
    const left = (i % across) * blockWidth;
    const top = (Math.floor(i / across) % down) * blockHeight;
    const rows = tiled ? blockHeight : Math.min(blockHeight, page.height - top);
    const length = rows * rowBytes;
    if (offset < FILE_HEADER_BYTES) {
      damage.note(`strip or tile ${i} begins at byte ${offset}, within the header`);
      continue;
    }
    // A missing length, or one of 0, is ignored: such a block ends with its data. The cap prevents blocks that share
    // their bytes from being read for longer than their unpacked size requires.
    const stated = lengths[i] || bytes.length;
    const most = blockHeight * rowBytes;
    const packed = bytes.subarray(offset, offset + Math.min(stated, most * 2 + PACKED_ROOM));
    held += Math.min(length, packed.length * MAX_RATIO[compression]);
    blocks.push({ plane, left, top, rows, length, most, packed });
  }
  const needed = planes * (tiled ? across * down * blockHeight : page.height) * rowBytes;
  damage.expectRoom(held, needed, `the file can hold ${held} of the picture's ${needed} bytes`);
  return blocks;
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, bit) => sum | (((byte >> bit) & 1) << (7 - bit)), 0),
);

function unpackBits(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [at, written] = [0, 0];
  while (at < bytes.length && written < length) {
    const count = bytes[at++];
    if (count < 128) {
      const literal = bytes.subarray(at, Math.min(at + count + 1, at + length - written));
      out.set(literal, written);
      written += literal.length;
      at += count + 1;
    } else if (count > 128) {
      if (at >= bytes.length) break;
      const end = Math.min(length, written + 257 - count);
      out.fill(bytes[at++], written, end);
      written = end;
    }
  }
  return out.subarray(0, written);
}

/** A JPEG file made of a block's data and the page's tables, with Adobe's segment to specify the colour space. */
function jpegFile(packed: Uint8Array, tables: Uint8Array | null, photometric: number): Uint8Array {
  const transform = photometric === PHOTOMETRIC.ycc ? 1 : 0;
  const adobe = Uint8Array.of(
    0xff,
    0xd8,
    0xff,
    0xee,
    0,
    14,
    0x41,
    0x64,
    0x6f,
    0x62,
    0x65,
    0,
    100,
    0,
    0,
    0,
    0,
    transform,
  );
  // Both begin with a start marker, and the tables end with an end marker.
  return concat([adobe, tables?.subarray(2, -2) ?? new Uint8Array(0), packed.subarray(2)]);
}

/** A block's samples, [rows, blockWidth, samples], as far as the file contains them. */
export async function unpackBlock(
  block: TiffBlock,
  page: TiffPage,
  layout: TiffLayout,
  damage: Damage,
  decodeJpeg: DecodeJpegBlock,
): Promise<Uint8Array> {
  const { length, rows } = block;
  const packed = layout.reversed ? block.packed.map((byte) => REVERSED[byte]) : block.packed;
  switch (layout.compression) {
    case COMPRESSION.lzw:
      return decodeLzw(packed, length, { literalBits: 8, fromHighestBit: true });
    case COMPRESSION.packBits:
      return unpackBits(packed, length);
    case COMPRESSION.none:
      return new Uint8Array(packed.subarray(0, length)); // a copy, because the predictor is reversed in place
    case COMPRESSION.jpeg: {
      const file = jpegFile(packed, page.bytes(TAG.jpegTables), layout.photometric);
      let image: Decoded;
      try {
        image = await decodeJpeg(file, layout.blockWidth, rows, layout.blockHeight);
      } catch (error) {
        damage.note(error instanceof Error ? error.message : String(error));
        return new Uint8Array(0);
      }
      if (image.damaged !== null) damage.note(image.damaged);
      const out = new Uint8Array(length);
      for (let at = 0, from = 0; at < length; from += 4) {
        for (let c = 0; c < layout.samples; c++) out[at++] = image.data[from + c];
      }
      return out;
    }
    default:
      return inflateExactly(packed, length, block.most, damage);
  }
}
