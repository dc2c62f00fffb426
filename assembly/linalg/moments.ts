/** Sums over rows of features: float32 in, float64 out. */

/** Columns of one block. */
const COLUMNS: i32 = 64;

/** means[j] = mean of x[:, j] for the columns of one block. x: [n, d] float32. */
export function columnMeans(x: usize, n: i32, d: i32, means: usize, block: i32): void {
  const last = min(d, (block + 1) * COLUMNS);
  for (let j = block * COLUMNS; j < last; j++) f64.store(means + ((<usize>j) << 3), 0);
  for (let i = 0; i < n; i++) {
    const row = x + ((<usize>i * <usize>d) << 2);
    for (let j = block * COLUMNS; j < last; j++) {
      const at = means + ((<usize>j) << 3);
      f64.store(at, f64.load(at) + <f64>f32.load(row + ((<usize>j) << 2)));
    }
  }
  for (let j = block * COLUMNS; j < last; j++) {
    const at = means + ((<usize>j) << 3);
    f64.store(at, f64.load(at) / <f64>n);
  }
}

/** Rows of one block. */
const ROWS: i32 = 16;

/** y = x - means for the rows of one block, as float64. x: [n, d] float32, y: [n, d]. */
export function centerRows(x: usize, n: i32, d: i32, means: usize, y: usize, block: i32): void {
  const last = min(n, (block + 1) * ROWS);
  for (let i = block * ROWS; i < last; i++) {
    const from = x + ((<usize>i * <usize>d) << 2);
    const to = y + ((<usize>i * <usize>d) << 3);
    for (let j = 0; j < d; j++) {
      const offset = (<usize>j) << 3;
      f64.store(to + offset, <f64>f32.load(from + ((<usize>j) << 2)) - f64.load(means + offset));
    }
  }
}
