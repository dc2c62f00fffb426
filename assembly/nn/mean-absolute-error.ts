/** The mean absolute difference of two tensors: sums over blocks, and the gradient. */

/** The upper two values of a vector in float64. */
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/**
 * partial[block], float64, = the sum of |a - b| over the values [block * blockValues, ...), in the order of their lanes.
 * @param a, b float32 [count]
 */
export function absoluteDifferences(
  a: usize,
  b: usize,
  partial: usize,
  count: i32,
  blockValues: i32,
  block: i32,
): void {
  const first = block * blockValues;
  const last = min(first + blockValues, count);
  let low = f64x2.splat(0);
  let high = low;
  let i = first;
  for (; i + 4 <= last; i += 4) {
    const at: usize = (<usize>i) << 2;
    const distance = f32x4.abs(f32x4.sub(v128.load(a + at), v128.load(b + at)));
    low = f64x2.add(low, f64x2.promote_low_f32x4(distance));
    high = f64x2.add(high, promoteHigh(distance));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; i < last; i++) {
    const at: usize = (<usize>i) << 2;
    sum += <f64>abs<f32>(load<f32>(a + at) - load<f32>(b + at));
  }
  store<f64>(partial + ((<usize>block) << 3), sum);
}

/**
 * da = sign(a - b) dy / count for the values [block * blockValues, ...), with the sign 0 where a = b. NaN stays NaN.
 * @param a, b, da    float32 [count], with room for whole vectors of four
 * @param dy          float32 [1]
 * @param blockValues a multiple of four
 */
export function meanAbsoluteErrorGradient(
  a: usize,
  b: usize,
  dy: usize,
  da: usize,
  count: i32,
  blockValues: i32,
  block: i32,
): void {
  const slope: f32 = load<f32>(dy) / <f32>count;
  const above = f32x4.splat(slope);
  const below = f32x4.splat(-slope);
  const zero = f32x4.splat(0);
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  for (let i: usize = (<usize>(block * blockValues)) << 2; i < end; i += 16) {
    const difference = f32x4.sub(v128.load(a + i), v128.load(b + i));
    const signed = v128.bitselect(above, below, f32x4.gt(difference, zero));
    const slopes = v128.and(signed, f32x4.ne(difference, zero));
    v128.store(da + i, v128.bitselect(difference, slopes, f32x4.ne(difference, difference)));
  }
}
