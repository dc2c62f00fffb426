/** Finds the first frame of a GIF file: the blocks before it, its position on the screen, its colours. */

export interface GifFrame {
  /** Size of the screen in pixels, enlarged until the frame fits on it. */
  readonly screenWidth: number;
  readonly screenHeight: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** RGB triples; grey levels if the file has no table, as in Pillow. */
  readonly table: Uint8Array;
  readonly transparent: number | null;
  /** Byte offset of the compressed data, which begin with a byte for the length of codes. */
  readonly dataStart: number;
  /** Offset of the first byte between two blocks that is neither a block nor padding; null if there is none. */
  readonly stray: number | null;
}

const [EXTENSION, FRAME, TRAILER] = [0x21, 0x2c, 0x3b];
const GRAPHIC_CONTROL = 0xf9;
const GREY_TABLE = Uint8Array.from({ length: 256 * 3 }, (_, i) => Math.floor(i / 3));

/** Where a chain of sub-blocks that begins at `from` ends: after its empty block, or beyond the end of the file. */
function endOfBlocks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at];
  return at + 1;
}

/** The bytes of a chain of sub-blocks. `whole` is false if the file ends before the chain does. */
export function readBlocks(bytes: Uint8Array, from: number): { data: Uint8Array; whole: boolean } {
  const end = endOfBlocks(bytes, from);
  // One buffer instead of a list of blocks, because there can be as many blocks as bytes.
  const data = new Uint8Array(Math.max(0, Math.min(end, bytes.length) - from));
  let length = 0;
  for (let at = from; at < bytes.length && bytes[at] !== 0; at += 1 + bytes[at]) {
    const block = bytes.subarray(at + 1, at + 1 + bytes[at]);
    data.set(block, length);
    length += block.length;
  }
  return { data: data.subarray(0, length), whole: end <= bytes.length };
}

/**
 * Finds the first frame of a file that begins with GIF's signature. @throws Error if there is no frame or the file ends
 * before it
 */
export function findGifFrame(bytes: Uint8Array): GifFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tableAt = (at: number, flags: number): Uint8Array | null =>
    (flags & 0x80) === 0 ? null : bytes.subarray(at, at + (3 << ((flags & 7) + 1)));
  const globalTable = tableAt(13, bytes[10]);
  let at = 13 + (globalTable?.length ?? 0);
  let transparent: number | null = null;
  let stray: number | null = null;
  for (;;) {
    if (at + 10 > bytes.length) throw new Error("the file ends before its first frame");
    const kind = bytes[at];
    if (kind === FRAME) break;
    if (kind === TRAILER) throw new Error("the file holds no frame");
    if (kind === EXTENSION) {
      if (bytes[at + 1] === GRAPHIC_CONTROL && (bytes[at + 3] & 1) === 1) transparent = bytes[at + 6];
      at = endOfBlocks(bytes, at + 2);
    } else {
      if (kind !== 0) stray ??= at;
      at++;
    }
  }
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
  const flags = bytes[at + 9];
  const localTable = tableAt(at + 10, flags);
  return {
    screenWidth: Math.max(view.getUint16(6, true), left + width),
    screenHeight: Math.max(view.getUint16(8, true), top + height),
    ...{ left, top, width, height },
    interlaced: (flags & 0x40) !== 0,
    table: localTable ?? globalTable ?? GREY_TABLE,
    transparent,
    dataStart: at + 10 + (localTable?.length ?? 0),
    stray,
  };
}
