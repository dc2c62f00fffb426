/** Decodes the first frame of GIF files to RGBA, on the screen of the header or a larger one. Later frames are not read. */
import { blankImage, Damage, type Decoded, UNKNOWN_LEVEL } from "./damage.js";
import { findGifFrame, readBlocks } from "./gif-frame.js";
import { decodeLzw } from "./lzw.js";

/** First row and step of the four passes of an interlaced frame. */
const INTERLACE = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** The row of the frame for each row of the file. */
function rowOrder(height: number, interlaced: boolean): number[] {
  const passes = interlaced ? INTERLACE : [[0, 1] as const];
  return passes.flatMap(([first, step]) =>
    Array.from({ length: Math.max(0, Math.ceil((height - first) / step)) }, (_, i) => first + i * step),
  );
}

/** Largest number of pixels per byte of LZW data: a code of twelve bits stands for a string of up to 4096. */
const PIXELS_A_BYTE = (4096 / 12) * 8;

/**
 * Decodes the first frame of a GIF file. Pixels outside the frame have its transparent colour, or the table's first
 * colour. If the frame extends beyond the screen, the image is enlarged. With `tolerant`, everything before the damage
 * is returned and the rest of the frame is grey. @throws Error that says what is wrong
 */
export function decodeGif(bytes: Uint8Array, tolerant: boolean): Decoded {
  const damage = new Damage(tolerant);
  const frame = findGifFrame(bytes);
  const { left, top, table, transparent, screenWidth, screenHeight } = frame;
  if (frame.stray !== null) damage.note(`no block at byte ${frame.stray}`);
  const literalBits = bytes[frame.dataStart] ?? 0;
  if (literalBits < 1 || literalBits > 11) throw new Error(`codes of ${literalBits} bits do not exist`);
  const { data, whole } = readBlocks(bytes, frame.dataStart + 1);
  if (!whole) damage.note("the file ends within its first frame");
  const pixels = frame.width * frame.height;
  if (pixels === 0) throw new Error("a frame without pixels");
  const held = Math.min(pixels, Math.floor(data.length * PIXELS_A_BYTE));
  damage.expectRoom(
    held,
    pixels,
    `${data.length} compressed bytes cannot hold ${frame.width} x ${frame.height} pixels`,
  );
  const image = blankImage(screenWidth, screenHeight);
  const out = image.data;
  const put = (at: number, index: number): void => {
    for (let c = 0; c < 3; c++) out[at + c] = table[index * 3 + c] ?? 0;
  };
  const filled = frame.width === screenWidth && frame.height === screenHeight;
  if (!filled) for (let at = 0; at < out.length; at += 4) put(at, transparent ?? 0);
  const indices = decodeLzw(data, pixels, { literalBits, fromHighestBit: false });
  if (indices.length < pixels) damage.note(`the image data hold ${indices.length} of ${pixels} pixels`);
  for (const [line, y] of rowOrder(frame.height, frame.interlaced).entries()) {
    for (let x = 0, from = line * frame.width; x < frame.width; x++, from++) {
      const at = ((top + y) * screenWidth + left + x) * 4;
      if (from < indices.length) put(at, indices[from]);
      else out.fill(UNKNOWN_LEVEL, at, at + 3);
    }
  }
  return { ...image, damaged: damage.reason };
}
