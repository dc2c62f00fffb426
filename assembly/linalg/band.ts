/**
 * Reduces a symmetric matrix to a band (only the panel's part; gemm() does the rest), and the band to a tridiagonal
 * matrix: the two-stage reduction of Bischof, Lang and Sun (2000, A Framework for Symmetric Band Reduction). The first
 * stage consists of matrix products and runs from the cache; the second has few operations.
 */
import { addScaled, addTwoScaled, dot, makeReflector } from "./vector";

/**
 * QR of a panel [m, b] at `a` (row-major, `lda` values per row). R replaces its first b rows, with zeros below. The
 * reflectors v_j are written to `v` as [b, m], including their zeros and ones, and the triangle T of Q = I - V T V^T to
 * `t` as [b, b]. Scratch: b + 1 values.
 */
export function panelQr(a: usize, lda: i32, m: i32, b: i32, v: usize, t: usize, scratch: usize): void {
  const rowBytes = (<usize>lda) << 3;
  const columnBytes = (<usize>m) << 3;
  for (let i = 0; i < m; i++) {
    const row = a + <usize>i * rowBytes;
    for (let j = 0; j < b; j++) {
      f64.store(v + <usize>j * columnBytes + ((<usize>i) << 3), f64.load(row + ((<usize>j) << 3)));
      f64.store(row + ((<usize>j) << 3), 0);
    }
  }
  const beta = scratch + ((<usize>b) << 3);
  const reflectors = min(b, m);
  for (let j = 0; j < b; j++) {
    const column = v + <usize>j * columnBytes;
    // Move the part of this column that already belongs to R.
    for (let i = 0; i < min(j, m); i++) {
      f64.store(a + <usize>i * rowBytes + ((<usize>j) << 3), f64.load(column + ((<usize>i) << 3)));
      f64.store(column + ((<usize>i) << 3), 0);
    }
    for (let i = 0; i < b; i++) f64.store(t + ((<usize>(i * b + j)) << 3), 0);
    if (j >= reflectors) continue;
    const offset = (<usize>j) << 3;
    const tau = makeReflector(column + offset, m - j, beta);
    f64.store(a + <usize>j * rowBytes + offset, f64.load(beta));
    for (let i = j + 1; i < b; i++) {
      const other = v + <usize>i * columnBytes + offset;
      addScaled(other, column + offset, -tau * dot(other, column + offset, m - j), m - j);
    }
    // The new column of T: -tau T (V^T v), then tau.
    for (let i = 0; i < j; i++) {
      f64.store(scratch + ((<usize>i) << 3), dot(v + <usize>i * columnBytes + offset, column + offset, m - j));
    }
    for (let i = 0; i < j; i++) {
      let sum: f64 = 0;
      for (let k = i; k < j; k++)
        sum += f64.load(t + ((<usize>(i * b + k)) << 3)) * f64.load(scratch + ((<usize>k) << 3));
      f64.store(t + ((<usize>(i * b + j)) << 3), -tau * sum);
    }
    f64.store(t + ((<usize>(j * b + j)) << 3), tau);
  }
}

/**
 * H B H for a symmetric block whose lower triangle is stored, with H = I - tau v v^T. Scratch: n values.
 * @param ld number of values from one row to the next
 */
function reflectSymmetric(block: usize, ld: i32, n: i32, v: usize, tau: f64, scratch: usize): void {
  const rowBytes = (<usize>ld) << 3;
  // p = tau B v from the lower triangle: row i serves as a row and as a column.
  for (let i = 0; i < n; i++) f64.store(scratch + ((<usize>i) << 3), 0);
  for (let i = 0; i < n; i++) {
    const row = block + <usize>i * rowBytes;
    const own = f64.load(v + ((<usize>i) << 3));
    const at = scratch + ((<usize>i) << 3);
    const sum = dot(row, v, i) + f64.load(row + ((<usize>i) << 3)) * own;
    addScaled(scratch, row, own, i);
    f64.store(at, f64.load(at) + sum);
  }
  const half = 0.5 * tau * tau * dot(scratch, v, n);
  // w = tau B v - tau / 2 (tau v^T B v) v
  for (let i = 0; i < n; i++) {
    const at = scratch + ((<usize>i) << 3);
    f64.store(at, tau * f64.load(at) - half * f64.load(v + ((<usize>i) << 3)));
  }
  for (let i = 0; i < n; i++) {
    const offset = (<usize>i) << 3;
    addTwoScaled(block + <usize>i * rowBytes, v, -f64.load(scratch + offset), scratch, -f64.load(v + offset), i + 1);
  }
}

/** E (I - tau v v^T) for E [m, n]. */
function reflectRight(block: usize, ld: i32, m: i32, n: i32, v: usize, tau: f64): void {
  for (let i = 0; i < m; i++) {
    const row = block + ((<usize>i * <usize>ld) << 3);
    addScaled(row, v, -tau * dot(row, v, n), n);
  }
}

/** (I - tau v v^T) E for E [m, n]. Scratch: n values. */
function reflectLeft(block: usize, ld: i32, m: i32, n: i32, v: usize, tau: f64, scratch: usize): void {
  for (let j = 0; j < n; j++) f64.store(scratch + ((<usize>j) << 3), 0);
  for (let i = 0; i < m; i++) {
    addScaled(scratch, block + ((<usize>i * <usize>ld) << 3), f64.load(v + ((<usize>i) << 3)), n);
  }
  for (let i = 0; i < m; i++) {
    addScaled(block + ((<usize>i * <usize>ld) << 3), scratch, -tau * f64.load(v + ((<usize>i) << 3)), n);
  }
}

/** Moves the first column of E [m, n] to `v` as a reflector and replaces it by (beta, 0, ...). Returns tau. */
function takeColumn(block: usize, ld: i32, m: i32, v: usize, beta: usize): f64 {
  const rowBytes = (<usize>ld) << 3;
  for (let i = 0; i < m; i++) f64.store(v + ((<usize>i) << 3), f64.load(block + <usize>i * rowBytes));
  const tau = makeReflector(v, m, beta);
  f64.store(block, f64.load(beta));
  for (let i = 1; i < m; i++) f64.store(block + <usize>i * rowBytes, 0);
  return tau;
}

/**
 * One part of the reduction of a symmetric band of half-width b to tridiagonal form. Columns first to last - 1 become
 * zero below their first subdiagonal entry, each by a chain of reflectors that chase the bulge to the end. All n - 2
 * columns must be done in order.
 *
 * `band` contains element (i, j), j <= i, at i * 2b + j from its element (0, 0), with room for 2b values before it.
 * Rows overlap, so every block is an ordinary matrix with 2b values per row. Reflector k of column j acts on rows j + 1
 * + k b and the b - 1 rows after it. It is written to `reflectors` at slot (j - first) * chain + k as (tau, v): b + 1
 * values per slot, with chain >= (n - 1) / b. Scratch: b + 1 values.
 */
export function bandToTridiagonal(
  band: usize,
  n: i32,
  b: i32,
  first: i32,
  last: i32,
  reflectors: usize,
  chain: i32,
  scratch: usize,
): void {
  const ld = 2 * b;
  const slotBytes = (<usize>(b + 1)) << 3;
  const beta = scratch + ((<usize>b) << 3);
  for (let j = first; j < last; j++) {
    let slot = reflectors + <usize>((j - first) * chain) * slotBytes;
    let top = j + 1;
    let m = min(b, n - top);
    let tau = takeColumn(band + ((<usize>(top * ld + j)) << 3), ld, m, slot + 8, beta);
    for (;;) {
      const v = slot + 8;
      f64.store(slot, tau);
      if (tau != 0) reflectSymmetric(band + ((<usize>(top * ld + top)) << 3), ld, m, v, tau, scratch);
      const below = top + m;
      const rows = min(b, n - below);
      if (rows <= 0) break;
      // The reflection fills the block below from the right. Only its first column is reduced again; the rest of the
      // bulge stays for later.
      const block = band + ((<usize>(below * ld + top)) << 3);
      if (tau != 0) reflectRight(block, ld, rows, m, v, tau);
      slot += slotBytes;
      tau = takeColumn(block, ld, rows, slot + 8, beta);
      if (tau != 0) reflectLeft(block + 8, ld, rows, m - 1, slot + 8, tau, scratch);
      top = below;
      m = rows;
    }
  }
}
