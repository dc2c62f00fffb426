/**
 * The inside of a warped row, without a test at each pixel. Along a row, a position changes by the same fixed-point
 * step at each pixel. So the pixels whose positions are in a given range are consecutive, and two divisions find them.
 */

/** Bits of a position below a whole pixel: 7 that become weights, and 32 more. */
export const PIXEL_BITS: i64 = 39;
const FRACTION_BITS: i32 = 7;
const FRACTION_MASK: i32 = (1 << FRACTION_BITS) - 1;

/** The number of steps (step >= 0) after which a position that begins at `at` has reached `limit`. */
function stepsTo(limit: i64, at: i64, step: i64): i64 {
  const gap = limit - at;
  if (gap <= 0) return 0;
  return step === 0 ? i64.MAX_VALUE : (gap - 1) / step + 1;
}

/** The first pixel that is not before the range low <= at + u * step < high. */
export function entersAt(low: i64, high: i64, at: i64, step: i64): i64 {
  return step < 0 ? stepsTo(1 - high, -at, -step) : stepsTo(low, at, step);
}

/** The first pixel that is behind the range. */
export function leavesAt(low: i64, high: i64, at: i64, step: i64): i64 {
  return step < 0 ? stepsTo(1 - low, -at, -step) : stepsTo(high, at, step);
}

/** Two pixels of a source row, all channels, weighed with the two pixels below. `down` is 16 bits in all lanes. */
function weighRows(pixel: usize, stride: usize, down: v128): v128 {
  const upper = v128.load8x8_u(pixel);
  const lower = v128.load8x8_u(pixel + stride);
  return i16x8.add(i16x8.shl(upper, FRACTION_BITS), i16x8.mul(i16x8.sub(lower, upper), down)); // at most 255 * 128
}

/**
 * Warps pixels `first` to before `end` of a row, 4 or more, that have all their neighbours within the source. The last
 * four may overlap those before them.
 * @param row  target of pixel 0: RGB f32 if `asFloat`, otherwise RGBA u8
 * @param x, y position of pixel 0
 */
export function warpInside(
  src: usize,
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
  // V8 makes constants of the code again wherever they are used. It cannot do that if this zero is part of them.
  const zero = i32((end - first) >> 62);
  const fraction = i32x4.splat(FRACTION_MASK | zero);
  const unit = i32x4.splat((1 << FRACTION_BITS) | zero);
  const opaque = i32x4.splat(0xff000000 | zero);
  const base = i32x4.splat(i32(src));
  const stride = i32x4.splat(srcStride);
  const scale = f32x4.splat(127.5 * 16384); // exact in f32, as is every sum (< 2^24)
  const nextX = i64x2.replace_lane(i64x2.splat(0), 1, stepX);
  const nextY = i64x2.replace_lane(i64x2.splat(0), 1, stepY);
  const fourX = i64x2.splat(stepX * 4);
  const fourY = i64x2.splat(stepY * 4);
  const pixelBytes: usize = asFloat ? 12 : 4;
  for (let u = first; ; ) {
    let x01 = i64x2.add(i64x2.splat(x + stepX * u), nextX);
    let y01 = i64x2.add(i64x2.splat(y + stepY * u), nextY);
    let x23 = i64x2.add(x01, i64x2.splat(stepX * 2));
    let y23 = i64x2.add(y01, i64x2.splat(stepY * 2));
    let target = row + usize(u) * pixelBytes;
    for (; u + 4 <= end; u += 4) {
      const qx = i32x4.shuffle(x01, x23, 1, 3, 5, 7);
      const qy = i32x4.shuffle(y01, y23, 1, 3, 5, 7);
      x01 = i64x2.add(x01, fourX);
      y01 = i64x2.add(y01, fourY);
      x23 = i64x2.add(x23, fourX);
      y23 = i64x2.add(y23, fourY);
      const rows = i32x4.add(base, i32x4.mul(i32x4.shr_s(qy, FRACTION_BITS), stride));
      const pixels = i32x4.add(rows, i32x4.shl(i32x4.shr_s(qx, FRACTION_BITS), 2));
      const fx = v128.and(qx, fraction);
      const fy = v128.and(qy, fraction);
      // Two i16 per pixel: the left column's weight, then the right one's; the lower row's weight twice.
      const across = i32x4.sub(i32x4.add(i32x4.shl(fx, 16), unit), fx);
      const down = v128.or(fy, i32x4.shl(fy, 16));

      const v0 = weighRows(usize(i32x4.extract_lane(pixels, 0)), srcStride, i32x4.shuffle(down, down, 0, 0, 0, 0));
      const v1 = weighRows(usize(i32x4.extract_lane(pixels, 1)), srcStride, i32x4.shuffle(down, down, 1, 1, 1, 1));
      const v2 = weighRows(usize(i32x4.extract_lane(pixels, 2)), srcStride, i32x4.shuffle(down, down, 2, 2, 2, 2));
      const v3 = weighRows(usize(i32x4.extract_lane(pixels, 3)), srcStride, i32x4.shuffle(down, down, 3, 3, 3, 3));
      // left r g b a of two pixels, right r g b a of them -> pairs r r g g b b a a of each
      const left01 = i64x2.shuffle(v0, v1, 0, 2);
      const right01 = i64x2.shuffle(v0, v1, 1, 3);
      const left23 = i64x2.shuffle(v2, v3, 0, 2);
      const right23 = i64x2.shuffle(v2, v3, 1, 3);
      const pairs0 = i16x8.shuffle(left01, right01, 0, 8, 1, 9, 2, 10, 3, 11);
      const pairs1 = i16x8.shuffle(left01, right01, 4, 12, 5, 13, 6, 14, 7, 15);
      const pairs2 = i16x8.shuffle(left23, right23, 0, 8, 1, 9, 2, 10, 3, 11);
      const pairs3 = i16x8.shuffle(left23, right23, 4, 12, 5, 13, 6, 14, 7, 15);
      const sum0 = i32x4.dot_i16x8_s(pairs0, i32x4.shuffle(across, across, 0, 0, 0, 0));
      const sum1 = i32x4.dot_i16x8_s(pairs1, i32x4.shuffle(across, across, 1, 1, 1, 1));
      const sum2 = i32x4.dot_i16x8_s(pairs2, i32x4.shuffle(across, across, 2, 2, 2, 2));
      const sum3 = i32x4.dot_i16x8_s(pairs3, i32x4.shuffle(across, across, 3, 3, 3, 3));
      if (asFloat) {
        storeFloats(target, sum0, scale);
        storeFloats(target + 12, sum1, scale);
        storeFloats(target + 24, sum2, scale);
        storeFloats(target + 36, sum3, scale);
        target += 48;
      } else {
        // One bit below the result's last one is kept, and avgr_u (a + b + 1 >> 1) with zero rounds it.
        const words01 = i16x8.narrow_i32x4_s(i32x4.shr_u(sum0, 13), i32x4.shr_u(sum1, 13));
        const words23 = i16x8.narrow_i32x4_s(i32x4.shr_u(sum2, 13), i32x4.shr_u(sum3, 13));
        const none = i16x8.splat(0);
        const bytes = i8x16.narrow_i16x8_u(i16x8.avgr_u(words01, none), i16x8.avgr_u(words23, none));
        v128.store(target, v128.or(bytes, opaque));
        target += 16;
      }
    }
    if (u === end) return;
    u = end - 4;
  }
}

/** Sums of weights * pixels (times 2^14) -> RGB f32 in [-1, 1]. */
export function storeFloats(target: usize, sum: v128, scale: v128): void {
  const value = f32x4.sub(f32x4.div(f32x4.convert_i32x4_s(sum), scale), f32x4.splat(1));
  v128.store64_lane(target, value, 0);
  v128.store32_lane(target, value, 2, 8);
}
