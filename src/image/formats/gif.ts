/** GIF files to RGBA: the first frame, on the screen that the header states. Later frames are not looked at. */
import { blankImage, Damage, type Decoded } from "./damage.js";
import { decodeLzw } from "./lzw.js";

/** First row and step of an interlaced frame's four passes. */
const INTERLACE = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  readonly table: Uint8Array;
  readonly transparent: number | null;
  readonly literalBits: number;
  readonly data: Uint8Array;
}

/** The end of a chain of sub-blocks and their bytes; `whole` is false when the file ends before the chain does. */
function readBlocks(bytes: Uint8Array, from: number): { data: Uint8Array; end: number; whole: boolean } {
  const parts: Uint8Array[] = [];
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) {
    parts.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
    at += 1 + bytes[at];
  }
  return { data: Buffer.concat(parts), end: at + 1, whole: at < bytes.length };
}

/** Walks to the first frame. Throws an Error when there is none or its header breaks off. */
function readFirstFrame(bytes: Uint8Array, damage: Damage): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tableAt = (at: number, flags: number): Uint8Array | null =>
    (flags & 0x80) === 0 ? null : bytes.subarray(at, at + (3 << ((flags & 7) + 1)));
  const globalTable = tableAt(13, bytes[10]);
  let at = 13 + (globalTable?.length ?? 0);
  let transparent: number | null = null;
  for (;;) {
    if (at + 10 > bytes.length) throw new Error("the file ends before its first frame");
    const kind = bytes[at];
    if (kind === 0x21) {
      if (bytes[at + 1] === 0xf9 && (bytes[at + 3] & 1) === 1) transparent = bytes[at + 6];
      at = readBlocks(bytes, at + 2).end;
    } else if (kind === 0x2c) {
      break;
    } else {
      throw new Error(kind === 0x3b ? "the file holds no frame" : `no block at byte ${at}`);
    }
  }
  const [left, top, width, height] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
  const flags = bytes[at + 9];
  const localTable = tableAt(at + 10, flags);
  at += 10 + (localTable?.length ?? 0);
  const table = localTable ?? globalTable;
  if (table === null) throw new Error("no colour table");
  const literalBits = bytes[at] ?? 0;
  if (literalBits < 1 || literalBits > 11) throw new Error(`codes of ${literalBits} bits do not exist`);
  const { data, whole } = readBlocks(bytes, at + 1);
  if (!whole) damage.note("the file ends within its first frame");
  return { left, top, width, height, interlaced: (flags & 0x40) !== 0, table, transparent, literalBits, data };
}

/** File row -> row of the frame. */
function rowOrder(height: number, interlaced: boolean): number[] {
  const passes = interlaced ? INTERLACE : [[0, 1] as const];
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
}

/**
 * Decodes the first frame of a GIF file whose header says `width` x `height`. What the frame leaves free has its
 * transparent colour, else the table's first. Throws an Error that says what is wrong; with `tolerant` what precedes
 * the damage is returned, the rest of the frame grey.
 */
export function decodeGif(bytes: Uint8Array, width: number, height: number, tolerant: boolean): Decoded {
  const damage = new Damage(tolerant);
  const frame = readFirstFrame(bytes, damage);
  const { left, top, table, transparent, literalBits, data } = frame;
  if (left + frame.width > width || top + frame.height > height) {
    // Also what bounds the memory: the frame's own size is not what the caller has checked.
    damage.note(`a frame of ${frame.width} x ${frame.height} at ${left},${top} leaves the screen`);
  }
  const across = Math.max(0, Math.min(frame.width, width - left));
  const rows = Math.max(0, Math.min(frame.height, height - top));
  const image = blankImage(width, height);
  const out = image.data;
  const put = (at: number, index: number): void => {
    for (let c = 0; c < 3; c++) out[at + c] = table[index * 3 + c] ?? 0;
  };
  if (across < width || rows < height) for (let at = 0; at < out.length; at += 4) put(at, transparent ?? 0);
  const order = rowOrder(frame.height, frame.interlaced);
  // Rows beyond the screen are not decoded, but those of an interlaced frame come between the others.
  const wanted = frame.interlaced ? frame.height : rows;
  const length = Math.min(frame.width * wanted, 4 * width * height);
  const indices = decodeLzw(data, length, { literalBits, fromHighestBit: false });
  if (indices.length < frame.width * rows) {
    damage.note(`the image data hold ${indices.length} of ${frame.width * frame.height} pixels`);
  }
  for (let line = 0; line < order.length; line++) {
    const y = order[line];
    if (y >= rows) continue;
    for (let x = 0, from = line * frame.width; x < across; x++, from++) {
      const at = ((top + y) * width + left + x) * 4;
      if (from < indices.length) put(at, indices[from]);
      else out.fill(128, at, at + 3);
    }
  }
  return { ...image, damaged: damage.reason };
}
