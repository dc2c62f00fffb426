/** Sums over rows of features: float32 in, float64 out. */

/** Columns per block. */
const COLUMNS: i32 = 64;

/** means[j] = mean of x[:, j], for the columns of one block. x: [n, d] float32. */
export function columnMeans(x: usize, n: i32, d: i32, means: usize, block: i32): void {
  const first = block * COLUMNS;
  const last = min(d, first + COLUMNS);
  for (let j = first; j < last; j++) f64.store(means + ((<usize>j) << 3), 0);
  for (let i = 0; i < n; i++) {
    let from = x + ((<usize>i * <usize>d + <usize>first) << 2);
    let at = means + ((<usize>first) << 3);
    let j = first;
    for (; j + 4 <= last; j += 4) {
      const four = v128.load(from);
      const upper = v128.shuffle<i32>(four, four, 2, 3, 2, 3);
      v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(four)));
      v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(upper)), 16);
      from += 16;
      at += 32;
    }
    for (; j < last; j++) {
      f64.store(at, f64.load(at) + <f64>f32.load(from));
      from += 4;
      at += 8;
    }
  }
  for (let j = first; j < last; j++) {
    const at = means + ((<usize>j) << 3);
    f64.store(at, f64.load(at) / <f64>n);
  }
}

/** Rows per block. */
const ROWS: i32 = 16;

/** y = x - means for the rows of one block, as float64. x: [n, d] float32, y: [n, d]. */
export function centerRows(x: usize, n: i32, d: i32, means: usize, y: usize, block: i32): void {
  const last = min(n, (block + 1) * ROWS);
  for (let i = block * ROWS; i < last; i++) {
    let from = x + ((<usize>i * <usize>d) << 2);
    let to = y + ((<usize>i * <usize>d) << 3);
    let mean = means;
    let j = 0;
    for (; j + 4 <= d; j += 4) {
      const four = v128.load(from);
      const upper = v128.shuffle<i32>(four, four, 2, 3, 2, 3);
      v128.store(to, f64x2.sub(f64x2.promote_low_f32x4(four), v128.load(mean)));
      v128.store(to, f64x2.sub(f64x2.promote_low_f32x4(upper), v128.load(mean, 16)), 16);
      from += 16;
      to += 32;
      mean += 32;
    }
    for (; j < d; j++) {
      f64.store(to, <f64>f32.load(from) - f64.load(mean));
      from += 4;
      to += 8;
      mean += 8;
    }
  }
}
