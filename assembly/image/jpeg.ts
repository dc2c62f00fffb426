/**
 * Writes the entropy-coded scan of a baseline JPEG file (ITU T.81), 4:2:0, from RGBA. src/image/jpeg-writer.ts writes
 * the headers and fills the tables. Reference implementation: src/kernels/reference/jpeg.ts.
 *
 * tables (see jpegTables() in src/kernels/jpeg-tables.ts), 16-byte aligned:
 *      0  f32[64]     reciprocal divisors of luminance, transposed (index = column * 8 + row)
 *    256  f32[64]     the same for chrominance
 *    512  u8[64]      zigzag position -> transposed index
 *    576  u32[4][256] Huffman codes by symbol, (length << 16 | code): DC and AC of luminance, DC and AC of chrominance
 * scratch, 16-byte aligned, SCRATCH bytes: six blocks f32[64], one block i16[64], one tile of 16 x 16 RGBA pixels.
 */

const CODES: usize = 576;
const BLOCK: usize = 256;
const COEFFICIENTS: usize = 6 * BLOCK;
const TILE: usize = COEFFICIENTS + 128;
/** cos(4 pi / 16). */
const SQRT_HALF: f32 = Mathf.SQRT1_2;

// State of the bit writer. These are globals of the instance, set by each call, not memory.
let output: usize = 0;
let bits: u64 = 0;
let bitCount: i32 = 0;

/** Writes a byte of the scan, and a zero after 0xff, so that no marker can begin within the scan. Returns the new end. */
function putByte(out: usize, byte: u32): usize {
  store<u8>(out, u8(byte));
  if (byte !== 0xff) return out + 1;
  store<u8>(out, 0, 1);
  return out + 2;
}

/** Writes four bytes, the high byte first. Returns the new end. */
function putWord(out: usize, word: u32): usize {
  const inverted = ~word;
  if (((inverted - 0x01010101) & ~inverted & 0x80808080) === 0) {
    store<u32>(out, bswap<u32>(word)); // no byte is 0xff
    return out + 4;
  }
  out = putByte(out, word >>> 24);
  out = putByte(out, (word >>> 16) & 0xff);
  out = putByte(out, (word >>> 8) & 0xff);
  return putByte(out, word & 0xff);
}

function sizeOf(value: i32): i32 {
  return 32 - clz<i32>(value < 0 ? -value : value);
}

/**
 * One pass of the scaled 8-point DCT of Arai, Agui and Nakajima (1988) down 4 columns; rows are 32 bytes apart. Output
 * k is the orthonormal DCT times sqrt(8) and, for k > 0, times sqrt(2) cos(k pi / 16). The divisors reverse this scale.
 */
function transformColumns(at: usize): void {
  const d0 = v128.load(at);
  const d1 = v128.load(at, 32);
  const d2 = v128.load(at, 64);
  const d3 = v128.load(at, 96);
  const d4 = v128.load(at, 128);
  const d5 = v128.load(at, 160);
  const d6 = v128.load(at, 192);
  const d7 = v128.load(at, 224);
  const s0 = f32x4.add(d0, d7);
  const s1 = f32x4.add(d1, d6);
  const s2 = f32x4.add(d2, d5);
  const s3 = f32x4.add(d3, d4);
  const t4 = f32x4.sub(d3, d4);
  const t5 = f32x4.sub(d2, d5);
  const t6 = f32x4.sub(d1, d6);
  const t7 = f32x4.sub(d0, d7);

  const e0 = f32x4.add(s0, s3);
  const e1 = f32x4.add(s1, s2);
  const e2 = f32x4.sub(s1, s2);
  const e3 = f32x4.sub(s0, s3);
  const z1 = f32x4.mul(f32x4.add(e2, e3), f32x4.splat(SQRT_HALF));
  v128.store(at, f32x4.add(e0, e1));
  v128.store(at, f32x4.sub(e0, e1), 128);
  v128.store(at, f32x4.add(e3, z1), 64);
  v128.store(at, f32x4.sub(e3, z1), 192);

  const o0 = f32x4.add(t4, t5);
  const o1 = f32x4.add(t5, t6);
  const o2 = f32x4.add(t6, t7);
  const z5 = f32x4.mul(f32x4.sub(o0, o2), f32x4.splat(0.38268343)); // cos(6 pi / 16)
  const z2 = f32x4.add(f32x4.mul(o0, f32x4.splat(0.5411961)), z5); // cos(2) - cos(6)
  const z4 = f32x4.add(f32x4.mul(o2, f32x4.splat(1.306563)), z5); // cos(2) + cos(6)
  const z3 = f32x4.mul(o1, f32x4.splat(SQRT_HALF));
  const p = f32x4.add(t7, z3);
  const m = f32x4.sub(t7, z3);
  v128.store(at, f32x4.add(m, z2), 160);
  v128.store(at, f32x4.sub(m, z2), 96);
  v128.store(at, f32x4.add(p, z4), 32);
  v128.store(at, f32x4.sub(p, z4), 224);
}

/** Transposes the 4 x 4 blocks at `from` and at `to` and swaps them. If both are the same, it is transposed in place. */
function swapTransposed(from: usize, to: usize): void {
  const a0 = v128.load(from);
  const a1 = v128.load(from, 32);
  const a2 = v128.load(from, 64);
  const a3 = v128.load(from, 96);
  const b0 = v128.load(to);
  const b1 = v128.load(to, 32);
  const b2 = v128.load(to, 64);
  const b3 = v128.load(to, 96);
  storeTransposed(to, a0, a1, a2, a3);
  storeTransposed(from, b0, b1, b2, b3);
}

function storeTransposed(at: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(at, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(at, i64x2.shuffle(low01, low23, 1, 3), 32);
  v128.store(at, i64x2.shuffle(high01, high23, 0, 2), 64);
  v128.store(at, i64x2.shuffle(high01, high23, 1, 3), 96);
}

/** Transforms and quantises a block (f32[64] -> i16[64], transposed) and writes its codes. Returns its DC value. */
function encodeBlock(block: usize, divisors: usize, tables: usize, codes: usize, quantised: usize, lastDc: i32): i32 {
  transformColumns(block);
  transformColumns(block + 16);
  swapTransposed(block, block);
  swapTransposed(block + 16, block + 128);
  swapTransposed(block + 144, block + 144);
  transformColumns(block);
  transformColumns(block + 16);
  for (let i: usize = 0; i < 64; i += 8) {
    const low = f32x4.mul(v128.load(block + (i << 2)), v128.load(divisors + (i << 2)));
    const high = f32x4.mul(v128.load(block + (i << 2), 16), v128.load(divisors + (i << 2), 16));
    const lowLevels = i32x4.trunc_sat_f32x4_s(f32x4.nearest(low));
    const highLevels = i32x4.trunc_sat_f32x4_s(f32x4.nearest(high));
    const both = i16x8.narrow_i32x4_s(lowLevels, highLevels);
    // T.81 has codes for ten bits and the sign. At quality 100, rounding may exceed them by one.
    v128.store(quantised + (i << 1), i16x8.max_s(i16x8.min_s(both, i16x8.splat(1023)), i16x8.splat(-1023)));
  }
  // The writer's state is in locals within a block. A code and its value have at most 27 bits and are written together;
  // fewer than 32 bits are pending before them. A value is written as its low bits, a negative one minus one (T.81,
  // F.1.2).
  let out = output;
  let pending = bits;
  let count = bitCount;
  const dc = i32(load<i16>(quantised));
  const difference = dc - lastDc;
  const dcSize = sizeOf(difference);
  const dcEntry = load<u32>(codes + (usize(dcSize) << 2));
  const dcLow = u32(difference + (difference >> 31)) & ((1 << dcSize) - 1);
  const dcLength = i32(dcEntry >>> 16) + dcSize;
  pending = (pending << u64(dcLength)) | u64(((dcEntry & 0xffff) << dcSize) | dcLow);
  count += dcLength;
  if (count >= 32) {
    count -= 32;
    out = putWord(out, u32(pending >> u64(count)));
  }
  const acCodes = codes + 1024;
  const zigzag = tables + 512;
  let run: u32 = 0; // number of zeros, times 16
  for (let k: usize = 1; k < 64; k++) {
    const value = i32(load<i16>(quantised + (usize(load<u8>(zigzag + k)) << 1)));
    if (value === 0) {
      run += 16;
      continue;
    }
    for (; run > 0xf0; run -= 256) {
      const zeros = load<u32>(acCodes, 0xf0 << 2); // sixteen zeros
      pending = (pending << u64(zeros >>> 16)) | u64(zeros & 0xffff);
      count += i32(zeros >>> 16);
      if (count >= 32) {
        count -= 32;
        out = putWord(out, u32(pending >> u64(count)));
      }
    }
    const size = sizeOf(value);
    const entry = load<u32>(acCodes + (usize(run | u32(size)) << 2));
    const low = u32(value + (value >> 31)) & ((1 << size) - 1);
    const length = i32(entry >>> 16) + size;
    pending = (pending << u64(length)) | u64(((entry & 0xffff) << size) | low);
    count += length;
    if (count >= 32) {
      count -= 32;
      out = putWord(out, u32(pending >> u64(count)));
    }
    run = 0;
  }
  if (run > 0) {
    const end = load<u32>(acCodes); // end of block
    pending = (pending << u64(end >>> 16)) | u64(end & 0xffff);
    count += i32(end >>> 16);
    if (count >= 32) {
      count -= 32;
      out = putWord(out, u32(pending >> u64(count)));
    }
  }
  output = out;
  bits = pending;
  bitCount = count;
  return dc;
}

/** c0 R + c1 G + c2 B of four pixels. */
function weigh(r: v128, g: v128, b: v128, c0: f32, c1: f32, c2: f32): v128 {
  const rg = f32x4.add(f32x4.mul(r, f32x4.splat(c0)), f32x4.mul(g, f32x4.splat(c1)));
  return f32x4.add(rg, f32x4.mul(b, f32x4.splat(c2)));
}

/**
 * Splits 16 x 16 RGBA pixels into four blocks of Y - 128, one block of Cb and one of Cr, the last two averaged over 2 x
 * 2 pixels.
 */
function splitTile(src: usize, stride: usize, blocks: usize): void {
  const mask = i32x4.splat(0xff);
  const centre = f32x4.splat(128);
  for (let y: usize = 0; y < 16; y += 2) {
    for (let x: usize = 0; x < 16; x += 4) {
      let cb = f32x4.splat(0);
      let cr = f32x4.splat(0);
      for (let row: usize = 0; row < 2; row++) {
        const four = v128.load(src + (y + row) * stride + (x << 2));
        const r = f32x4.convert_i32x4_s(v128.and(four, mask));
        const g = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 8), mask));
        const b = f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(four, 16), mask));
        const block = blocks + (((y >> 3) << 1) | (x >> 3)) * BLOCK;
        const at = block + (((((y + row) & 7) << 3) + (x & 7)) << 2);
        v128.store(at, f32x4.sub(weigh(r, g, b, 0.299, 0.587, 0.114), centre));
        cb = f32x4.add(cb, weigh(r, g, b, -0.168735892, -0.331264108, 0.5));
        cr = f32x4.add(cr, weigh(r, g, b, 0.5, -0.418687589, -0.081312411));
      }
      // Sums of neighbours: Cb of two pixel pairs, then Cr of the same.
      const left = i32x4.shuffle(cb, cr, 0, 2, 4, 6);
      const right = i32x4.shuffle(cb, cr, 1, 3, 5, 7);
      const means = f32x4.mul(f32x4.add(left, right), f32x4.splat(0.25));
      const at = blocks + 4 * BLOCK + (((y << 2) + (x >> 1)) << 2);
      v128.store64_lane(at, means, 0);
      v128.store64_lane(at, means, 1, BLOCK);
    }
  }
}

/** Copies the tile at (x0, y0). Beyond the image, the last column and row are repeated. */
function copyTile(src: usize, width: i32, height: i32, stride: usize, x0: i32, y0: i32, tile: usize): void {
  for (let y = 0; y < 16; y++) {
    const row = src + usize(min(y0 + y, height - 1)) * stride;
    for (let x = 0; x < 16; x++) {
      store<u32>(tile + (usize(y * 16 + x) << 2), load<u32>(row + (usize(min(x0 + x, width - 1)) << 2)));
    }
  }
}

/**
 * Writes the scan's bytes at `out` and returns their number. Alpha is ignored. Sizes are in pixels, the stride in
 * bytes. `out` needs 2560 bytes for each 16 x 16 tile (26 bits per coefficient, all bytes stuffed) and 16 more.
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
  output = out;
  bits = 0;
  bitCount = 0;
  let dcY = 0;
  let dcCb = 0;
  let dcCr = 0;
  const lumaCodes = tables + CODES;
  const chromaCodes = lumaCodes + 2048;
  const chroma = tables + 256;
  const levels = scratch + COEFFICIENTS;
  for (let y = 0; y < height; y += 16) {
    for (let x = 0; x < width; x += 16) {
      if (x + 16 <= width && y + 16 <= height) {
        splitTile(src + usize(y) * usize(stride) + (usize(x) << 2), usize(stride), scratch);
      } else {
        copyTile(src, width, height, usize(stride), x, y, scratch + TILE);
        splitTile(scratch + TILE, 64, scratch);
      }
      for (let i: usize = 0; i < 4; i++) dcY = encodeBlock(scratch + i * BLOCK, tables, tables, lumaCodes, levels, dcY);
      dcCb = encodeBlock(scratch + 4 * BLOCK, chroma, tables, chromaCodes, levels, dcCb);
      dcCr = encodeBlock(scratch + 5 * BLOCK, chroma, tables, chromaCodes, levels, dcCr);
    }
  }
  // Fill the last byte with ones.
  while (bitCount >= 8) {
    bitCount -= 8;
    output = putByte(output, u32(bits >> u64(bitCount)) & 0xff);
  }
  if (bitCount > 0) output = putByte(output, (u32(bits << u64(8 - bitCount)) | ((1 << (8 - bitCount)) - 1)) & 0xff);
  return i32(output - out);
}
