/**
 * Affine bilinear warp of RGBA pixels. Reference implementation: src/kernels/reference/warp.ts.
 *
 * Each output pixel (u, v) is read at (x, y) = (a u + b v + tx, c u + d v + ty); pixel centres have integer
 * coordinates. Positions are rounded to 1/128 pixel, so the four weights are exact integers that sum to 2^14. Samples
 * outside the source count as black. WASM has no gather: one 64-bit load gets two neighbouring pixels, and one dot
 * product per row weighs both for all channels.
 */

const FRACTION_BITS: i32 = 7;
const FRACTION_MASK: i32 = (1 << FRACTION_BITS) - 1;
const WEIGHT_BITS: i32 = 2 * FRACTION_BITS;
/** Positions must be below 2^23 pixels. A row with a position beyond that is black. */
const LIMIT: f64 = 8388608;
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

/**
 * Both warps in one loop. The sampling code exists only once, so the compiler inlines it, and the branch on `asFloat`
 * always goes the same way.
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
  const step = i64x2.replace_lane(i64x2.splat(toFixed(a)), 1, toFixed(c));
  const rounding = i32x4.splat(1 << (WEIGHT_BITS - 1));
  const scale = f32x4.splat(127.5 * 16384); // exact in f32, as is every sum (< 2^24)
  const lastX = u32(max(srcWidth - 1, 0)); // the last column and row have no partner
  const lastY = u32(max(srcHeight - 1, 0));
  const pixelBytes: usize = asFloat ? 12 : 4;
  for (let v = 0; v < dstHeight; v++) {
    const x = b * f64(v) + tx;
    const y = d * f64(v) + ty;
    const fits = rowFits(x, a, dstWidth) && rowFits(y, c, dstWidth);
    // Adding half a step makes the integer part the nearest one. A row that does not fit gets a position far outside.
    let at = i64x2.replace_lane(i64x2.splat(toFixed(fits ? x : -LIMIT) + HALF), 1, toFixed(fits ? y : -LIMIT) + HALF);
    const advance = fits ? step : i64x2.splat(0);
    let out = dst + usize(v) * usize(dstStride);
    for (let u = 0; u < dstWidth; u++, out += pixelBytes, at = i64x2.add(at, advance)) {
      const qx = i32x4.extract_lane(at, 1);
      const qy = i32x4.extract_lane(at, 3);
      const ix = qx >> FRACTION_BITS;
      const iy = qy >> FRACTION_BITS;
      let upper: v128;
      let lower: v128;
      // One unsigned comparison covers both ends.
      if (u32(ix) < lastX && u32(iy) < lastY) {
        const pixel = src + usize(iy) * usize(srcStride) + (usize(ix) << 2);
        upper = v128.load64_zero(pixel);
        lower = v128.load64_zero(pixel + usize(srcStride));
      } else {
        upper = edgePair(src, srcWidth, srcHeight, srcStride, ix, iy);
        lower = edgePair(src, srcWidth, srcHeight, srcStride, ix, iy + 1);
      }
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
        const value = f32x4.sub(f32x4.div(f32x4.convert_i32x4_s(sum), scale), f32x4.splat(1));
        v128.store64_lane(out, value, 0);
        v128.store32_lane(out, value, 2, 8);
      } else {
        const rounded = i32x4.shr_s(i32x4.add(sum, rounding), WEIGHT_BITS);
        const words = i16x8.narrow_i32x4_s(rounded, rounded);
        store<i32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) | 0xff000000);
      }
    }
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
