/**
 * Affine bilinear warp of RGBA pixels. Twin: src/kernels/reference/warp.ts.
 *
 * Each output pixel (u, v) is read at (x, y) = (a u + b v + tx, c u + d v + ty), pixel centres on whole numbers.
 * Positions are rounded to 1/128 pixel, so that the four weights are exact integers that sum to 2^14; samples outside
 * of the source count as black. There is no gather in WASM: two neighbouring pixels come with one 64-bit load, and
 * one dot product per row weighs both for all channels.
 */

const FRACTION_BITS: i32 = 7;
const FRACTION_MASK: i32 = (1 << FRACTION_BITS) - 1;
const WEIGHT_BITS: i32 = 2 * FRACTION_BITS;

/** The weighted sum [R, G, B, A] * 2^14 at a position in 1/128 pixel, as i32x4. */
function sampleAt(src: usize, width: i32, height: i32, stride: i32, qx: i32, qy: i32): v128 {
  const ix = qx >> FRACTION_BITS;
  const iy = qy >> FRACTION_BITS;
  // One unsigned comparison covers both ends; a photo of one column or row has no inner pixels.
  const inside = u32(ix) < u32(width - 1) && u32(iy) < u32(height - 1);
  if (!inside && (ix < -1 || iy < -1 || ix >= width || iy >= height)) return i32x4.splat(0);
  const fx = qx & FRACTION_MASK;
  const fy = qy & FRACTION_MASK;
  const right = (fx << 16) | (128 - fx); // two i16: the weight of the left pixel, then of the right one
  let upper: v128;
  let lower: v128;
  if (inside) {
    const at = src + usize(iy) * usize(stride) + (usize(ix) << 2);
    upper = v128.load64_zero(at);
    lower = v128.load64_zero(at + usize(stride));
  } else {
    upper = edgePair(src, width, height, stride, ix, iy);
    lower = edgePair(src, width, height, stride, ix, iy + 1);
  }
  // r0 g0 b0 a0 r1 g1 b1 a1 -> r0 r1 g0 g1 b0 b1 a0 a1, then widened to 16 bits
  upper = i16x8.extend_low_i8x16_u(i8x16.shuffle(upper, upper, 0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0));
  lower = i16x8.extend_low_i8x16_u(i8x16.shuffle(lower, lower, 0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0));
  const across = i32x4.splat(right);
  const weightsUp = i16x8.mul(across, i16x8.splat(i16(128 - fy)));
  const weightsDown = i16x8.mul(across, i16x8.splat(i16(fy)));
  return i32x4.add(i32x4.dot_i16x8_s(upper, weightsUp), i32x4.dot_i16x8_s(lower, weightsDown));
}

/** Pixels (ix, iy) and (ix + 1, iy) in the low 64 bits; those outside of the source are zero. */
function edgePair(src: usize, width: i32, height: i32, stride: i32, ix: i32, iy: i32): v128 {
  let pair: u64 = 0;
  if (u32(iy) < u32(height)) {
    const row = src + usize(iy) * usize(stride);
    if (u32(ix) < u32(width)) pair = u64(load<u32>(row + (usize(ix) << 2)));
    if (u32(ix + 1) < u32(width)) pair |= u64(load<u32>(row + (usize(ix + 1) << 2))) << 32;
  }
  return i64x2.replace_lane(i64x2.splat(0), 0, i64(pair));
}

/** (x, y) * 128 rounded to the nearest, as the two low i32 lanes; positions beyond the i32 range saturate. */
function roundPosition(position: v128): v128 {
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.add(position, f64x2.splat(0.5))));
}

/**
 * RGBA u8 -> RGBA u8, opaque (alpha 255), rounded to the nearest grey level, black outside of the source.
 * `src`, `dst`: byte pointers, no alignment needed; strides in bytes (>= 4 * width); sizes in pixels.
 * `a b tx c d ty`: the matrix from output pixels to source pixels.
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
  const step = f64x2.mul(f64x2.replace_lane(f64x2.splat(a), 1, c), f64x2.splat(128));
  const rounding = i32x4.splat(1 << (WEIGHT_BITS - 1));
  for (let v = 0; v < dstHeight; v++) {
    const start = f64x2.replace_lane(f64x2.splat((b * f64(v) + tx) * 128), 1, (d * f64(v) + ty) * 128);
    let out = dst + usize(v) * usize(dstStride);
    for (let u = 0; u < dstWidth; u++, out += 4) {
      const q = roundPosition(f64x2.add(start, f64x2.mul(step, f64x2.splat(f64(u)))));
      const sum = sampleAt(src, srcWidth, srcHeight, srcStride, i32x4.extract_lane(q, 0), i32x4.extract_lane(q, 1));
      const rounded = i32x4.shr_s(i32x4.add(sum, rounding), WEIGHT_BITS);
      const words = i16x8.narrow_i32x4_s(rounded, rounded);
      store<i32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) | 0xff000000);
    }
  }
}

/**
 * RGBA u8 -> RGB f32 in [-1, 1] (x / 127.5 - 1, not rounded to grey levels; black outside of the source = -1).
 * `dst`: 4-byte aligned, `dstStride` in bytes (>= 12 * dstWidth); the rest as in warpAffineRgba.
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
  const step = f64x2.mul(f64x2.replace_lane(f64x2.splat(a), 1, c), f64x2.splat(128));
  const scale = f32x4.splat(127.5 * 16384); // exact in f32, and so is every sum (< 2^24)
  const one = f32x4.splat(1);
  for (let v = 0; v < dstHeight; v++) {
    const start = f64x2.replace_lane(f64x2.splat((b * f64(v) + tx) * 128), 1, (d * f64(v) + ty) * 128);
    let out = dst + usize(v) * usize(dstStride);
    for (let u = 0; u < dstWidth; u++, out += 12) {
      const q = roundPosition(f64x2.add(start, f64x2.mul(step, f64x2.splat(f64(u)))));
      const sum = sampleAt(src, srcWidth, srcHeight, srcStride, i32x4.extract_lane(q, 0), i32x4.extract_lane(q, 1));
      const value = f32x4.sub(f32x4.div(f32x4.convert_i32x4_s(sum), scale), one);
      v128.store64_lane(out, value, 0);
      v128.store32_lane(out, value, 2, 8);
    }
  }
}
