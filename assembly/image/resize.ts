/**
 * One pass of a separable resize of RGBA u8, along rows or along columns. src/kernels/resize-weights.ts makes the
 * weights. Reference implementation: src/kernels/reference/resize.ts.
 *
 * Every output column (row) is a weighted sum of `taps` neighbouring input columns (rows) that begin at starts[i]. The
 * weights are i16 [outputs, taps], and each row of them sums to 2^14. Results are rounded to the nearest grey level.
 * `starts` are i32, 4-byte aligned; `weights` are 2-byte aligned. Strides are in bytes, sizes in pixels.
 */

const WEIGHT_BITS: i32 = 14;

function toBytes(low: v128, high: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, WEIGHT_BITS), i32x4.shr_s(high, WEIGHT_BITS));
}

/** [height, *] -> [height, dstWidth]. Reads only the columns within the windows. */
export function resizeAcrossRgba(
  src: usize,
  srcStride: i32,
  dst: usize,
  dstStride: i32,
  dstWidth: i32,
  height: i32,
  starts: usize,
  weights: usize,
  taps: i32,
): void {
  const half = i32x4.splat(1 << (WEIGHT_BITS - 1));
  const pairs = taps >> 1;
  for (let y = 0; y < height; y++) {
    const row = src + usize(y) * usize(srcStride);
    let out = dst + usize(y) * usize(dstStride);
    let weight = weights;
    for (let x = 0; x < dstWidth; x++, out += 4) {
      let at = row + (usize(load<i32>(starts + (usize(x) << 2))) << 2);
      let sum = half;
      for (let pair = 0; pair < pairs; pair++, at += 8, weight += 4) {
        const two = v128.load64_zero(at);
        const paired = i8x16.shuffle(two, two, 0, 4, 1, 5, 2, 6, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0);
        sum = i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(paired), v128.load32_splat(weight)));
      }
      if (taps & 1) {
        const last = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
        sum = i32x4.add(sum, i32x4.mul(last, i32x4.splat(i32(load<i16>(weight)))));
        weight += 2;
      }
      const words = toBytes(sum, sum);
      store<i32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
    }
  }
}

/** [*, width] -> [dstHeight, width]. */
export function resizeDownRgba(
  src: usize,
  srcStride: i32,
  dst: usize,
  dstStride: i32,
  width: i32,
  dstHeight: i32,
  starts: usize,
  weights: usize,
  taps: i32,
): void {
  const half = i32x4.splat(1 << (WEIGHT_BITS - 1));
  const bytes = width << 2;
  for (let y = 0; y < dstHeight; y++) {
    const top = src + usize(load<i32>(starts + (usize(y) << 2))) * usize(srcStride);
    const rowWeights = weights + usize(y) * (usize(taps) << 1);
    const out = dst + usize(y) * usize(dstStride);
    let x = 0;
    for (; x + 16 <= bytes; x += 16) {
      let sum0 = half;
      let sum1 = half;
      let sum2 = half;
      let sum3 = half;
      for (let tap = 0; tap < taps; tap += 2) {
        const at = top + usize(tap) * usize(srcStride) + usize(x);
        const weight = pairOfWeights(rowWeights, tap, taps);
        const upper = v128.load(at);
        const lower = tap + 1 < taps ? v128.load(at + usize(srcStride)) : i8x16.splat(0);
        const low = i8x16.shuffle(upper, lower, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const high = i8x16.shuffle(upper, lower, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        sum0 = i32x4.add(sum0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(low), weight));
        sum1 = i32x4.add(sum1, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(low), weight));
        sum2 = i32x4.add(sum2, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(high), weight));
        sum3 = i32x4.add(sum3, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(high), weight));
      }
      v128.store(out + usize(x), i8x16.narrow_i16x8_u(toBytes(sum0, sum1), toBytes(sum2, sum3)));
    }
    for (; x < bytes; x += 4) {
      let sum = half;
      for (let tap = 0; tap < taps; tap++) {
        const pixel = v128.load32_zero(top + usize(tap) * usize(srcStride) + usize(x));
        const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(pixel));
        sum = i32x4.add(sum, i32x4.mul(wide, i32x4.splat(i32(load<i16>(rowWeights + (usize(tap) << 1))))));
      }
      const words = toBytes(sum, sum);
      store<i32>(out + usize(x), i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0));
    }
  }
}

/** The weights of `tap` and the next one in every 32-bit lane. A last tap without a partner is paired with zero. */
function pairOfWeights(weights: usize, tap: i32, taps: i32): v128 {
  const at = weights + (usize(tap) << 1);
  return tap + 1 < taps ? v128.load32_splat(at) : i32x4.splat(i32(load<u16>(at)));
}
