/** The strips or tiles of a TIFF page: where they lie, how much they can hold, and their bytes. */
import type { Damage, Decoded } from "./damage.js";
import { inflateExactly } from "./inflate.js";
import { decodeLzw } from "./lzw.js";
import { COMPRESSION, PHOTOMETRIC, type TiffLayout } from "./tiff-layout.js";
import { TAG, type TiffPage } from "./tiff-page.js";

/** Decodes a whole JPEG file. Throws an Error unless it has `width` x `height` pixels, or more rows up to `mostRows`. */
export type DecodeJpegBlock = (bytes: Uint8Array, width: number, height: number, mostRows: number) => Promise<Decoded>;

export interface TiffBlock {
  readonly plane: number;
  readonly left: number;
  readonly top: number;
  /** Rows of its own, also those beyond the picture that a tile has. */
  readonly rows: number;
  /** Bytes of its rows once unpacked. */
  readonly length: number;
  /** Bytes that its data may hold: the last strip of some writers is as long as the others. */
  readonly most: number;
  readonly packed: Uint8Array;
}

/** Bytes that one packed byte can stand for. LZW: twelve bits are a string of up to 4096; JPEG: two bits are a block. */
const MAX_RATIO: Readonly<Record<number, number>> = {
  [COMPRESSION.none]: 1,
  [COMPRESSION.packBits]: 64,
  [COMPRESSION.lzw]: 2731,
  [COMPRESSION.jpeg]: 1024,
  [COMPRESSION.deflate]: 1032,
  [COMPRESSION.oldDeflate]: 1032,
};
/** Packed bytes that are read for a block, on top of twice its unpacked ones: those of a whole file need no more. */
const PACKED_ROOM = 4096;
/** The signature and the place of the directory. */
const FILE_HEADER_BYTES = 8;

/**
 * Finds the blocks and checks that they can hold the picture, before memory for it is allocated. Blocks that the file
 * does not have are noted as damage and left out.
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
    // No length, or one of 0, says nothing: such a block ends with its data. The cap keeps blocks that share their bytes
    // from being read for longer than what they unpack to.
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

/** A JPEG file of a block's data and the page's tables, with Adobe's segment to say which colours it has. */
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
  return Buffer.concat([adobe, tables?.subarray(2, -2) ?? new Uint8Array(0), packed.subarray(2)]);
}

/** A block's samples, [rows, blockWidth, samples], as far as the file has them. */
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
      return new Uint8Array(packed.subarray(0, length)); // a copy: the predictor is undone in place
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
