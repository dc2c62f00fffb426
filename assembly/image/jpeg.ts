/**
 * Writes the entropy-coded scan of a baseline JPEG file (ITU T.81), 4:2:0, from RGBA. src/image/jpeg-writer.ts writes
 * the headers and fills the tables. Reference implementation: src/kernels/reference/jpeg.ts.
 *
 * tables (see jpegTables() in src/kernels/jpeg-tables.ts), 16-byte aligned:
 *      0  f32[64]     reciprocal divisors of luminance, transposed (index = column * 8 + row)
 *    256  f32[64]     the same for chrominance
 *    512  u8[64]      zigzag position -> byte offset of its level (order of quantiseBlock() in jpeg-dct.ts)
 *    576  u32[4][256] Huffman codes by symbol: DC and AC of luminance, DC and AC of chrominance. The low 27 bits are the
 *                     code, shifted left by the size of the value that follows; the high 5 the length of both.
 *   4672  u64[8][256] what a byte of quantiseBlock()'s result means: a bit for each zigzag position, none for the first
 *  21056  constants of splitTile() (48 bytes, jpeg-split.ts) and of quantiseBlock() (28 bytes, jpeg-dct.ts)
 * scratch, 16-byte aligned, SCRATCH bytes: six blocks f32[64], one more between the passes of the DCT, levels i16[64],
 *   one tile of 16 x 16 RGBA pixels.
 */
import { beginCodes, copyStuffed, endCodes, writeBlock } from "./jpeg-codes";
import { quantiseBlock } from "./jpeg-dct";
import { copyTile, splitTile } from "./jpeg-split";

const OFFSETS: usize = 512;
const CODES: usize = 576;
const PLACES: usize = 4672;
const CONSTANTS: usize = 21056;
const BLOCK: usize = 256;
const BETWEEN: usize = 6 * BLOCK;
const LEVELS: usize = BETWEEN + BLOCK;
const TILE: usize = LEVELS + 128;
/** Upper bound of a tile's bytes before stuffing: 26 bits per coefficient are 1248. */
const TILE_BYTES: usize = 1280;

/** Bits in the order of the levels -> bits in zigzag order. */
function inZigzag(bits: u64, places: usize): u64 {
  const low = u32(bits);
  const high = u32(bits >> 32);
  return (
    load<u64>(places + ((low & 0xff) << 3)) |
    load<u64>(places + (((low >>> 8) & 0xff) << 3), 2048) |
    load<u64>(places + (((low >>> 16) & 0xff) << 3), 4096) |
    load<u64>(places + ((low >>> 24) << 3), 6144) |
    load<u64>(places + ((high & 0xff) << 3), 8192) |
    load<u64>(places + (((high >>> 8) & 0xff) << 3), 10240) |
    load<u64>(places + (((high >>> 16) & 0xff) << 3), 12288) |
    load<u64>(places + ((high >>> 24) << 3), 14336)
  );
}

/** Transforms and quantises a block and writes its codes. Returns its DC level. */
function encodeBlock(block: usize, divisors: usize, tables: usize, codes: usize, scratch: usize, lastDc: i32): i32 {
  const levels = scratch + LEVELS;
  const bits = quantiseBlock(block, divisors, scratch + BETWEEN, levels, tables + CONSTANTS + 48);
  const dc = i32(load<i16>(levels));
  writeBlock(levels, inZigzag(bits, tables + PLACES), dc - lastDc, codes, tables + OFFSETS);
  return dc;
}

/**
 * Writes the scan's bytes at `out` and returns their number. Alpha is ignored. Sizes are in pixels, the stride in
 * bytes. `out`, 4-byte aligned, needs 2560 bytes for each 16 x 16 tile (26 bits per coefficient, all bytes stuffed) and
 * 16 more. Bytes before stuffing are written into its second half. From there they are copied to its start; stuffing
 * at most doubles them, so the copy never overtakes what is still to be read.
 */
export function encodeJpegScan(
  src: usize,
  width: i32,
  height: i32,
  stride: i32,
  tables: usize,
  scratch: usize,
  out: usize,
): i32 {
  let dcY = 0;
  let dcCb = 0;
  let dcCr = 0;
  const lumaCodes = tables + CODES;
  const chromaCodes = lumaCodes + 2048;
  const chroma = tables + 256;
  const unstuffed = out + usize((width + 15) >> 4) * usize((height + 15) >> 4) * TILE_BYTES;
  beginCodes(unstuffed);
  for (let y = 0; y < height; y += 16) {
    for (let x = 0; x < width; x += 16) {
      if (x + 16 <= width && y + 16 <= height) {
        splitTile(src + usize(y) * usize(stride) + (usize(x) << 2), usize(stride), scratch, tables + CONSTANTS);
      } else {
        copyTile(src, width, height, usize(stride), x, y, scratch + TILE);
        splitTile(scratch + TILE, 64, scratch, tables + CONSTANTS);
      }
      for (let i: usize = 0; i < 4; i++) {
        dcY = encodeBlock(scratch + i * BLOCK, tables, tables, lumaCodes, scratch, dcY);
      }
      dcCb = encodeBlock(scratch + 4 * BLOCK, chroma, tables, chromaCodes, scratch, dcCb);
      dcCr = encodeBlock(scratch + 5 * BLOCK, chroma, tables, chromaCodes, scratch, dcCr);
    }
  }
  return i32(copyStuffed(unstuffed, endCodes(), out) - out);
}
