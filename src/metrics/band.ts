/**
 * Reduces symmetric matrices to bands with matrix products, and bands to tridiagonal matrices with short reflectors
 * (Bischof, Lang and Sun 2000, A Framework for Symmetric Band Reduction).
 */
import { LOWER, SYMMETRIC } from "../kernels/linalg.js";
import type { Linalg, Matrix } from "./linalg.js";

/** Number of columns of a band whose reflectors are collected before they are applied. */
const CHASED = 48;

/** A symmetric band. Element (i, j), i - b <= j <= i, is at i * 2b + j values from `pointer`. Release its matrix. */
export interface Band {
  readonly matrix: Matrix;
  readonly pointer: number;
  readonly n: number;
  /** Half-width of the band. */
  readonly b: number;
  /** Power of two by which the original matrix was multiplied. */
  readonly scale: number;
}

/**
 * Makes a band of half-width `halfWidth` (less if n is smaller) that has the eigenvalues of a symmetric matrix times
 * `scale`. The matrix's lower triangle is read.
 * @param onBlock see reduceToBand
 */
export function toBand(
  linalg: Linalg,
  a: Matrix,
  halfWidth: number,
  onBlock: (reflectors: Matrix) => void = () => {},
): Band {
  const n = a.rows;
  const b = Math.min(halfWidth, Math.max(1, n - 1));
  const { matrix: full, scale } = normalise(linalg, a);
  reduceToBand(linalg, full, n, b, onBlock);
  // Rows of the band overlap; see bandToTridiagonal.
  const matrix = linalg.allocate(n * (2 * b + 1) + 4 * b, 1);
  matrix.data.fill(0);
  for (let i = 0; i < n; i++) {
    const first = Math.max(0, i - b);
    const row = i * full.columns;
    matrix.data.set(full.data.subarray(row + first, row + i + 1), 2 * b + i * 2 * b + first);
  }
  linalg.release(full);
  return { matrix, pointer: matrix.pointer + 16 * b, n, b, scale };
}

/**
 * Copies the lower triangle of a matrix, times a power of two that brings its largest value near 1, so that squares do
 * not overflow and small values do not vanish. The rows are padded, because rows a power of two apart share the same
 * few cache lines.
 */
function normalise(linalg: Linalg, { rows: n, data }: Matrix): { readonly matrix: Matrix; readonly scale: number } {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) largest = Math.max(largest, Math.abs(data[i * n + j]));
  }
  const scale =
    largest > 0 && largest < Number.POSITIVE_INFINITY ? 2 ** Math.min(1000, -Math.floor(Math.log2(largest))) : 1;
  const matrix = linalg.allocate(n, n + 8);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) matrix.data[i * matrix.columns + j] = data[i * n + j] * scale;
  }
  return { matrix, scale };
}

/**
 * Replaces the lower triangle of the first n columns of A by that of Q^T A Q, which has b diagonals on each side. Q is
 * the product of blocks I - Y V^T, each for the last rows of the matrix. `onBlock` receives each block as the rows of
 * V^T and Y^T.
 */
function reduceToBand(
  linalg: Linalg,
  { pointer, columns: lda }: Matrix,
  n: number,
  b: number,
  onBlock: (reflectors: Matrix) => void,
): void {
  if (n <= b + 1) return;
  const { heap, kernels } = linalg.team;
  // Rows of [b, m]: V, X, V again, Y, so that [V X], [X V] and [V Y] are all consecutive. Then T and the small
  // matrices.
  const work = linalg.allocate(4 * b, n);
  const [t, s, scratch] = [b * b, b * b, b + 1].map((size) => linalg.allocate(size, 1));
  for (let j = 0; j + b < n - 1; j += b) {
    const top = j + b;
    const m = n - top;
    const [v, x, again, y] = [0, 1, 2, 3].map((i) => work.pointer + i * b * m * 8);
    const trailing = pointer + (top * lda + top) * 8;
    kernels.panelQr(pointer + (top * lda + j) * 8, lda, m, b, v, t.pointer, scratch.pointer);
    // Y^T = T^T V^T, W^T = Y^T A, S = Y^T W, X^T = W^T - S V^T / 2.
    linalg.gemm(t.pointer, 1, b, v, 1, m, y, m, b, m, b, 1, 0, 0);
    linalg.gemm(y, m, 1, trailing, lda, 1, x, m, b, m, m, 1, 0, SYMMETRIC);
    linalg.gemm(y, m, 1, x, m, 1, s.pointer, b, b, b, m, 1, 0, 0);
    linalg.gemm(s.pointer, 1, b, v, 1, m, x, m, b, m, b, -0.5, 1, 0);
    work.data.copyWithin(2 * b * m, 0, b * m);
    // A - X V^T - V X^T
    linalg.gemm(x, 1, m, v, 1, m, trailing, lda, m, m, 2 * b, -1, 1, LOWER);
    const data = new Float64Array(heap.memory.buffer, again, 2 * b * m);
    onBlock({ pointer: again, rows: 2 * b, columns: m, data });
  }
  linalg.release(work, t, s, scratch);
}

/**
 * Reduces a band, which is destroyed, to a tridiagonal matrix. Returns its diagonal [n] and subdiagonal [n], whose last
 * value has no meaning.
 * @param onReflectors receives the reflectors of some columns at a time; see bandToTridiagonal() for their layout
 */
export function chase(
  linalg: Linalg,
  { matrix, pointer, n, b }: Band,
  onReflectors: (reflectors: Matrix, chain: number, first: number, columns: number) => void,
): { readonly diagonal: Matrix; readonly off: Matrix } {
  const chain = Math.ceil((n - 1) / b);
  const reflectors = linalg.allocate(CHASED * chain, b + 1);
  const [diagonal, off, scratch] = [n, n, b + 1].map((size) => linalg.allocate(size, 1));
  for (let first = 0; first < n - 2; first += CHASED) {
    const last = Math.min(n - 2, first + CHASED);
    linalg.team.kernels.bandToTridiagonal(pointer, n, b, first, last, reflectors.pointer, chain, scratch.pointer);
    onReflectors(reflectors, chain, first, last - first);
  }
  for (let i = 0; i < n; i++) {
    diagonal.data[i] = matrix.data[2 * b + i * (2 * b + 1)];
    off.data[i] = i < n - 1 ? matrix.data[2 * b + (i + 1) * 2 * b + i] : 0;
  }
  linalg.release(reflectors, scratch);
  return { diagonal, off };
}
