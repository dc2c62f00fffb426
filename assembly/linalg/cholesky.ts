/**
 * Kernels of Cholesky factorisations A = L L^T. With gemm(), the first two make the blocked one (Golub and Van Loan,
 * algorithm 4.2.2).
 */
import { dot } from "./vector";

/**
 * Factors the n x n block at `a` in place, row-major with `lda` values per row. Only its lower triangle is read and
 * written. Returns -1, or the first column whose pivot is not above `floor`, so that the matrix is not positive
 * definite.
 */
export function choleskyBlock(a: usize, lda: i32, n: i32, floor: f64): i32 {
  const rowBytes = (<usize>lda) << 3;
  for (let j = 0; j < n; j++) {
    const row = a + <usize>j * rowBytes;
    const pivot = f64.load(row + ((<usize>j) << 3)) - dot(row, row, j);
    // Written so that NaN fails as well.
    if (!(pivot > floor)) return j;
    const root = Math.sqrt(pivot);
    f64.store(row + ((<usize>j) << 3), root);
    for (let i = j + 1; i < n; i++) {
      const other = a + <usize>i * rowBytes;
      const at = other + ((<usize>j) << 3);
      f64.store(at, (f64.load(at) - dot(other, row, j)) / root);
    }
  }
  return -1;
}

/** Rows per block of solveRows(), then of pivotedColumn(). */
const ROWS: i32 = 16;
const PIVOT_ROWS: i32 = 128;

/**
 * Solves X L^T = A in place for the rows of one block of A [m, n], with L lower triangular [n, n]. Both have `lda`
 * values per row.
 */
export function solveRows(a: usize, l: usize, lda: i32, m: i32, n: i32, block: i32): void {
  const rowBytes = (<usize>lda) << 3;
  const last = min(m, (block + 1) * ROWS);
  for (let i = block * ROWS; i < last; i++) {
    const row = a + <usize>i * rowBytes;
    for (let j = 0; j < n; j++) {
      const lower = l + <usize>j * rowBytes;
      const at = row + ((<usize>j) << 3);
      f64.store(at, (f64.load(at) - dot(row, lower, j)) / f64.load(lower + ((<usize>j) << 3)));
    }
  }
}

/**
 * One step of a Cholesky factorisation with diagonal pivoting (Higham, Accuracy and Stability of Numerical Algorithms,
 * section 10.3): column `step` of L for the rows of one block, with P^T A P = L L^T. A [n, n] is not changed. `order`
 * is the permutation so far. L is row-major with `ldl` values per row, in permuted order. `diagonal` contains the rest
 * of A's diagonal and is updated.
 */
export function pivotedColumn(
  a: usize,
  n: i32,
  l: usize,
  ldl: i32,
  order: usize,
  diagonal: usize,
  step: i32,
  root: f64,
  block: i32,
): void {
  const rowBytes = (<usize>ldl) << 3;
  const pivotRow = l + <usize>step * rowBytes;
  const pivot = a + ((<usize>i32.load(order + ((<usize>step) << 2)) * <usize>n) << 3);
  const first = max(step + 1, block * PIVOT_ROWS);
  const last = min(n, (block + 1) * PIVOT_ROWS);
  for (let i = first; i < last; i++) {
    const row = l + <usize>i * rowBytes;
    const original = f64.load(pivot + ((<usize>i32.load(order + ((<usize>i) << 2))) << 3));
    const value = (original - dot(row, pivotRow, step)) / root;
    f64.store(row + ((<usize>step) << 3), value);
    const left = diagonal + ((<usize>i) << 3);
    f64.store(left, f64.load(left) - value * value);
  }
}
