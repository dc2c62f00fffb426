/**
 * Sums of float32 values: all values, or the columns or rows of a matrix. Blocks write partial sums, which are then
 * added in the order of blocks, so the number of threads does not change the result.
 */

/** The upper two values of a vector in float64. */
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/** partial[block], float64, = the sum of the values [block * blockValues, ...) of x, in the order of their lanes. */
export function blockSums(x: usize, partial: usize, count: i32, blockValues: i32, block: i32): void {
  const first = block * blockValues;
  const last = min(first + blockValues, count);
  store<f64>(partial + ((<usize>block) << 3), sumOf(x + ((<usize>first) << 2), last - first));
}

/** The sum of `count` values, in float64. */
function sumOf(x: usize, count: i32): f64 {
  let i = 0;
  let low = f64x2.splat(0);
  let high = low;
  for (; i + 4 <= count; i += 4) {
    const four = v128.load(x + ((<usize>i) << 2));
    low = f64x2.add(low, f64x2.promote_low_f32x4(four));
    high = f64x2.add(high, promoteHigh(four));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; i < count; i++) sum += <f64>load<f32>(x + ((<usize>i) << 2));
  return sum;
}

/**
 * partial[block][c] = the sum over the rows [block * blockRows, ...) of x[row][c], in float64. Sixteen columns at a
 * time, one cache line, stay in registers.
 * @param x       float32 [rows, columns]
 * @param partial float64 [blocks, columns]
 */
export function columnSums(x: usize, partial: usize, rows: i32, columns: i32, blockRows: i32, block: i32): void {
  const first = block * blockRows;
  const count = min(blockRows, rows - first);
  const bytes: usize = (<usize>columns) << 2;
  const start = x + <usize>first * bytes;
  const sums = partial + <usize>block * bytes * 2;
  const zero = f64x2.splat(0);
  let column: usize = 0;
  for (; column + 64 <= bytes; column += 64) {
    let a = zero;
    let b = zero;
    let c = zero;
    let d = zero;
    let e = zero;
    let f = zero;
    let g = zero;
    let h = zero;
    let from = start + column;
    for (let row = 0; row < count; row++) {
      const v0 = v128.load(from);
      const v1 = v128.load(from, 16);
      const v2 = v128.load(from, 32);
      const v3 = v128.load(from, 48);
      a = f64x2.add(a, f64x2.promote_low_f32x4(v0));
      b = f64x2.add(b, promoteHigh(v0));
      c = f64x2.add(c, f64x2.promote_low_f32x4(v1));
      d = f64x2.add(d, promoteHigh(v1));
      e = f64x2.add(e, f64x2.promote_low_f32x4(v2));
      f = f64x2.add(f, promoteHigh(v2));
      g = f64x2.add(g, f64x2.promote_low_f32x4(v3));
      h = f64x2.add(h, promoteHigh(v3));
      from += bytes;
    }
    const to = sums + column * 2;
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
    v128.store(to, e, 64);
    v128.store(to, f, 80);
    v128.store(to, g, 96);
    v128.store(to, h, 112);
  }
  for (; column < bytes; column += 4) {
    let sum: f64 = 0;
    let from = start + column;
    for (let row = 0; row < count; row++) {
      sum += <f64>load<f32>(from);
      from += bytes;
    }
    store<f64>(sums + column * 2, sum);
  }
}

/**
 * y[row] = the sum of x[row][...] / divisor for the rows [block * blockRows, ...).
 * @param x float32 [rows, columns]
 * @param y float32 [rows]
 */
export function rowSums(x: usize, y: usize, rows: i32, columns: i32, divisor: f64, blockRows: i32, block: i32): void {
  const first = block * blockRows;
  const last = min(first + blockRows, rows);
  const bytes: usize = (<usize>columns) << 2;
  for (let row = first; row < last; row++) {
    store<f32>(y + ((<usize>row) << 2), <f32>(sumOf(x + <usize>row * bytes, columns) / divisor));
  }
}

/** out[i] = sum over rows of partial[row][i], rows in order; partial is float32 [rows, values]. */
export function sumPartials(partial: usize, rows: i32, values: i32, out: usize): void {
  for (let i: i32 = 0; i < values; i++) {
    let sum: f32 = 0;
    for (let row: i32 = 0; row < rows; row++) sum += load<f32>(partial + ((<usize>(row * values + i)) << 2));
    store<f32>(out + ((<usize>i) << 2), sum);
  }
}
