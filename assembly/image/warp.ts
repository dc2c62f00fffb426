/**
 * Affine bilinear warp of RGBA pixels. Reference implementation: src/kernels/reference/warp.ts.
 *
 * Each output pixel (u, v) is read at (x, y) = (a u + b v + tx, c u + d v + ty); pixel centres have integer
 * coordinates. Positions are rounded to 1/128 pixel, so the four weights are exact integers that sum to 2^14. Samples
 * outside the source count as black. WASM has no gather: one 64-bit load gets two neighbouring pixels. Pixels whose
 * four neighbours are all within the source are left to warp-inside.ts; this file does the rest.
 */
import { entersAt, leavesAt, PIXEL_BITS, storeFloats, warpInside } from "./warp-inside";

const FRACTION_BITS: i32 = 7;
const FRACTION_MASK: i32 = (1 << FRACTION_BITS) - 1;
const WEIGHT_BITS: i32 = 2 * FRACTION_BITS;
/** Positions must be below 2^23 pixels. A row with a position beyond that is black. */
const LIMIT: f64 = 8388608;
/** Pixels behind this one of a wider or higher source are beyond the limit. */
const MOST_PIXELS: i32 = 8388607;
const HALF: i64 = 0x80000000;

/** A position in 1/128 pixel as 64-bit fixed point. The integer part is the high half, which can be read as an i32. */
function toFixed(position: f64): i64 {
  return i64(position * (128.0 * 4294967296.0)); // saturates
}

/** True if all of a row's positions, from `first` to `first + length * step`, fit the fixed point. */
function rowFits(first: f64, step: f64, length: i32): bool {
  return abs(first) < LIMIT && abs(first + step * f64(length)) < LIMIT;
}

/** Pixels (ix, iy) and (ix + 1, iy) in the low 64 bits. Pixels outside the source are zero. */
function edgePair(src: usize, width: i32, height: i32, stride: i32, ix: i32, iy: i32): v128 {
  let pair: u64 = 0;
  if (u32(iy) < u32(height)) {
    const row = src + usize(iy) * usize(stride);
    if (u32(ix) < u32(width)) pair = u64(load<u32>(row + (usize(ix) << 2)));
    if (u32(ix + 1) < u32(width)) pair |= u64(load<u32>(row + (usize(ix + 1) << 2))) << 32;
  }
  return i64x2.replace_lane(i64x2.splat(0), 0, i64(pair));
}

/** Black from pixel `first` to before pixel `end` of a row. */
function fillOutside(row: usize, first: i32, end: i32, asFloat: bool): void {
  if (asFloat) for (let u = first * 3; u < end * 3; u++) store<f32>(row + (usize(u) << 2), -1);
  else for (let u = first; u < end; u++) store<u32>(row + (usize(u) << 2), 0xff000000);
}

/** Warps pixels `first` to before `end` of a row, one after the other, wherever they are. `x` and `y` are pixel 0's. */
function warpEdge(
  src: usize,
  srcWidth: i32,
  srcHeight: i32,
  srcStride: i32,
  row: usize,
  first: i64,
  end: i64,
  x: i64,
  y: i64,
  stepX: i64,
  stepY: i64,
  asFloat: bool,
): void {
  const rounding = i32x4.splat(1 << (WEIGHT_BITS - 1));
  const scale = f32x4.splat(127.5 * 16384); // exact in f32, as is every sum (< 2^24)
  x += first * stepX;
  y += first * stepY;
  let out = row + usize(first) * (asFloat ? 12 : 4);
  for (; first < end; first++, x += stepX, y += stepY) {
    const qx = i32(x >> 32);
    const qy = i32(y >> 32);
    const ix = qx >> FRACTION_BITS;
    const iy = qy >> FRACTION_BITS;
    const upper = edgePair(src, srcWidth, srcHeight, srcStride, ix, iy);
    const lower = edgePair(src, srcWidth, srcHeight, srcStride, ix, iy + 1);
    // r0 g0 b0 a0 r1 g1 b1 a1 of both rows -> r0 r1 g0 g1 b0 b1 a0 a1 of each
    const pairs = i8x16.shuffle(upper, lower, 0, 4, 1, 5, 2, 6, 3, 7, 16, 20, 17, 21, 18, 22, 19, 23);
    const fx = qx & FRACTION_MASK;
    const fy = qy & FRACTION_MASK;
    const across = i32x4.splat((fx << 16) | (128 - fx)); // two i16: the left pixel's weight, then the right one's
    const down = i16x8.mul(across, i16x8.splat(i16(fy)));
    const up = i16x8.sub(i16x8.shl(across, FRACTION_BITS), down);
    const sum = i32x4.add(
      i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(pairs), up),
      i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(pairs), down),
    );
    if (asFloat) {
      storeFloats(out, sum, scale);
      out += 12;
    } else {
      const rounded = i32x4.shr_s(i32x4.add(sum, rounding), WEIGHT_BITS);
      const words = i16x8.narrow_i32x4_s(rounded, rounded);
      store<i32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) | 0xff000000);
      out += 4;
    }
  }
}

/**
 * Both warps. Each row is black, then at the source's edge, then inside, then at the edge, then black; any part may be
 * empty.
 */
function warp(
  src: usize,
  srcWidth: i32,
  srcHeight: i32,
  srcStride: i32,
  dst: usize,
  dstWidth: i32,
  dstHeight: i32,
  dstStride: i32,
  a: f64,
  b: f64,
  tx: f64,
  c: f64,
  d: f64,
  ty: f64,
  asFloat: bool,
): void {
  const stepX = toFixed(a);
  const stepY = toFixed(c);
  // Inside, both neighbours exist. The last column and row have no partner.
  const insideX = i64(min(srcWidth - 1, MOST_PIXELS)) << PIXEL_BITS;
  const insideY = i64(min(srcHeight - 1, MOST_PIXELS)) << PIXEL_BITS;
  const before = -(i64(1) << PIXEL_BITS); // beyond one pixel before the first, nothing is seen
  const behindX = insideX - before;
  const behindY = insideY - before;
  const length = i64(dstWidth);
  for (let v = 0; v < dstHeight; v++) {
    const row = dst + usize(v) * usize(dstStride);
    const firstX = b * f64(v) + tx;
    const firstY = d * f64(v) + ty;
    if (!rowFits(firstX, a, dstWidth) || !rowFits(firstY, c, dstWidth)) {
      fillOutside(row, 0, dstWidth, asFloat);
      continue;
    }
    // Adding half a step makes the integer part the nearest one.
    const x = toFixed(firstX) + HALF;
    const y = toFixed(firstY) + HALF;
    let first: i64 = max(entersAt(0, insideX, x, stepX), entersAt(0, insideY, y, stepY));
    let end: i64 = min(min(leavesAt(0, insideX, x, stepX), leavesAt(0, insideY, y, stepY)), length);
    let seen: i64 = 0;
    let unseen = length;
    if (first > 0 || end < length) {
      seen = max(entersAt(before, behindX, x, stepX), entersAt(before, behindY, y, stepY));
      unseen = min(leavesAt(before, behindX, x, stepX), leavesAt(before, behindY, y, stepY));
      seen = min(seen, length);
      unseen = min(max(unseen, seen), length);
      fillOutside(row, 0, i32(seen), asFloat);
      fillOutside(row, i32(unseen), dstWidth, asFloat);
    }
    if (end - first < 4) first = end = unseen; // too few for a vector
    warpEdge(src, srcWidth, srcHeight, srcStride, row, seen, first, x, y, stepX, stepY, asFloat);
    if (first < end) warpInside(src, srcStride, row, first, end, x, y, stepX, stepY, asFloat);
    warpEdge(src, srcWidth, srcHeight, srcStride, row, end, unseen, x, y, stepX, stepY, asFloat);
  }
}

/**
 * RGBA u8 -> RGBA u8, opaque (alpha 255), rounded to the nearest grey level, black outside the source. `src` and `dst`
 * are byte pointers without alignment; strides are in bytes (>= 4 * width), sizes in pixels. `a b tx c d ty` is the
 * matrix from output pixels to source pixels.
 */
export function warpAffineRgba(
  src: usize,
  srcWidth: i32,
  srcHeight: i32,
  srcStride: i32,
  dst: usize,
  dstWidth: i32,
  dstHeight: i32,
  dstStride: i32,
  a: f64,
  b: f64,
  tx: f64,
  c: f64,
  d: f64,
  ty: f64,
): void {
  warp(src, srcWidth, srcHeight, srcStride, dst, dstWidth, dstHeight, dstStride, a, b, tx, c, d, ty, false);
}

/**
 * RGBA u8 -> RGB f32 in [-1, 1] (x / 127.5 - 1, not rounded to grey levels; black outside the source = -1). `dst` is
 * 4-byte aligned, `dstStride` in bytes (>= 12 * dstWidth); the rest is as in warpAffineRgba.
 */
export function warpAffineFloat(
  src: usize,
  srcWidth: i32,
  srcHeight: i32,
  srcStride: i32,
  dst: usize,
  dstWidth: i32,
  dstHeight: i32,
  dstStride: i32,
  a: f64,
  b: f64,
  tx: f64,
  c: f64,
  d: f64,
  ty: f64,
): void {
  warp(src, srcWidth, srcHeight, srcStride, dst, dstWidth, dstHeight, dstStride, a, b, tx, c, d, ty, true);
}
