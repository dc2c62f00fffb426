/**
 * Eigenvalues and eigenvectors of symmetric matrices. The matrix becomes a band by matrix products, the band a tridiagonal matrix by
 * short reflectors (Bischof, Lang and Sun 2000, A Framework for Symmetric Band Reduction), and that one a diagonal by QL iterations.
 * For the vectors all these transformations are applied to the rows of what becomes V^T: the first ones by matrix products, the
 * others on panels of columns, which the threads share among them.
 */
import { LOWER, MIRROR, PANEL_COLUMNS, ROTATION_BYTES } from "../kernels/linalg.js";
import type { Linalg, Matrix } from "./linalg.js";

/** Half-width of the band. */
const BAND = 24;
/** Columns of the band whose reflectors, and QL sweeps over all rows whose rotations, are collected before they are applied. */
const CHASED = 48;
const SWEEPS = 16;

export interface EigenDecomposition {
  /** [n], ascending. */
  readonly values: Float64Array;
  /** [n, n], to be released: row k is the eigenvector of values[k], of length 1. A = vectors^T diag(values) vectors. */
  readonly vectors: Matrix;
}

/** Eigenvalues of a symmetric matrix [n, n]: [n], ascending. @throws Error when they are not finite */
export function eigenvalues(linalg: Linalg, a: Matrix): Float64Array {
  const n = a.rows;
  if (n === 0) return new Float64Array(0);
  const { matrix, scale } = normalise(linalg, a);
  reduceToBand(linalg, matrix, n, () => {});
  const band = takeBand(linalg, matrix, n);
  linalg.release(matrix);
  const { diagonal, off } = chase(linalg, band, n, () => {});
  const failed = linalg.team.kernels.tridiagonalEigenvalues(diagonal.pointer, off.pointer, n);
  const values = diagonal.data.map((value) => value / scale).sort();
  linalg.release(band, diagonal, off);
  if (failed !== 0 || !values.every(Number.isFinite)) throw notConverged();
  return values;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n]. |A v - lambda v| and |V^T V - 1| are a few times sqrt(n) eps (times the
 * largest eigenvalue); the vectors of eigenvalues that are not further apart than that are some basis of the space they span.
 * @throws Error when they are not finite
 */
export function eigenvectors(linalg: Linalg, a: Matrix): EigenDecomposition {
  const n = a.rows;
  if (n === 0) return { values: new Float64Array(0), vectors: linalg.allocate(0, 0) };
  const { matrix, scale } = normalise(linalg, a);
  const blocks: Matrix[] = [];
  reduceToBand(linalg, matrix, n, (reflectors) =>
    blocks.push(linalg.from(reflectors.data, reflectors.rows, reflectors.columns)),
  );
  const band = takeBand(linalg, matrix, n);
  multiplyReflectors(linalg, matrix, n, blocks);
  const panels = toPanels(linalg, matrix, n);
  linalg.release(matrix, ...blocks);
  const { diagonal, off } = chase(linalg, band, n, (reflectors, chain, first, columns) => {
    const values = [panels.pointer, n, reflectors.pointer, chain, halfWidth(n), first, columns];
    linalg.team.run("reflectPanel", values, panels.rows);
  });
  linalg.release(band);
  const converged = iterate(linalg, diagonal, off, panels);
  const order = Array.from(diagonal.data.keys()).sort((i, j) => diagonal.data[i] - diagonal.data[j]);
  const values = Float64Array.from(order, (i) => diagonal.data[i] / scale);
  const finite = converged && values.every(Number.isFinite);
  const vectors = finite ? fromPanels(linalg, panels, order) : null;
  linalg.release(diagonal, off, panels);
  if (vectors === null) throw notConverged();
  return { values, vectors };
}

const notConverged = (): Error => new Error("eigenvalues: the iteration did not converge");

const halfWidth = (n: number): number => Math.min(BAND, Math.max(1, n - 1));

/**
 * A copy of a matrix, times a power of two that brings its largest value near 1: neither squares overflow nor do small values vanish.
 * Its rows are padded: those a power of two apart fall into the same few lines of the caches.
 */
function normalise(linalg: Linalg, { rows: n, data }: Matrix): { readonly matrix: Matrix; readonly scale: number } {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale =
    largest > 0 && largest < Number.POSITIVE_INFINITY ? 2 ** Math.min(1000, -Math.floor(Math.log2(largest))) : 1;
  const matrix = linalg.allocate(n, n + 8);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) matrix.data[i * matrix.columns + j] = data[i * n + j] * scale;
  }
  return { matrix, scale };
}

/**
 * The first n columns of A become Q^T A Q with a few diagonals on each side, in place. Q is the product of blocks I - Y V^T, each for
 * the last rows of the matrix, that `onBlock` is shown as the rows of V^T and Y^T.
 */
function reduceToBand(
  linalg: Linalg,
  { pointer, columns: lda }: Matrix,
  n: number,
  onBlock: (reflectors: Matrix) => void,
): void {
  const b = halfWidth(n);
  if (n <= b + 1) return;
  const { heap, kernels } = linalg.team;
  // Rows of [b, m]: V, X, V again, Y, so that [V X], [X V] and [V Y] are all consecutive; then T and the small ones.
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
    linalg.gemm(y, m, 1, trailing, 1, lda, x, m, b, m, m, 1, 0, 0);
    linalg.gemm(y, m, 1, x, m, 1, s.pointer, b, b, b, m, 1, 0, 0);
    linalg.gemm(s.pointer, 1, b, v, 1, m, x, m, b, m, b, -0.5, 1, 0);
    work.data.copyWithin(2 * b * m, 0, b * m);
    // A - X V^T - V X^T
    linalg.gemm(x, 1, m, v, 1, m, trailing, lda, m, m, 2 * b, -1, 1, LOWER | MIRROR);
    const data = new Float64Array(heap.memory.buffer, again, 2 * b * m);
    onBlock({ pointer: again, rows: 2 * b, columns: m, data });
  }
  linalg.release(work, t, s, scratch);
}

/** The first n columns become Q^T of reduceToBand(), from the last block to the first: the ones before only have ones there. */
function multiplyReflectors(
  linalg: Linalg,
  { pointer, columns: lda, data }: Matrix,
  n: number,
  blocks: readonly Matrix[],
): void {
  data.fill(0);
  for (let i = 0; i < n; i++) data[i * lda + i] = 1;
  for (const { pointer: v, rows, columns: m } of blocks.toReversed()) {
    const b = rows / 2;
    const y = v + b * m * 8;
    const product = linalg.allocate(b, m);
    const trailing = pointer + (n - m) * (lda + 1) * 8;
    // W (I - V Y^T) = W - (W V) Y^T
    linalg.gemm(v, m, 1, trailing, lda, 1, product.pointer, m, b, m, m, 1, 0, 0);
    linalg.gemm(product.pointer, 1, m, y, 1, m, trailing, lda, m, m, b, -1, 1, 0);
    linalg.release(product);
  }
}

/** The band of a matrix in the layout of bandToTridiagonal(), whose rows overlap. */
function takeBand(linalg: Linalg, { data, columns: lda }: Matrix, n: number): Matrix {
  const b = halfWidth(n);
  const band = linalg.allocate(n * (2 * b + 1) + 4 * b, 1);
  band.data.fill(0);
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, i - b); j <= i; j++) band.data[2 * b + i * 2 * b + j] = data[i * lda + j];
  }
  return band;
}

/**
 * From the band, which is destroyed, to a tridiagonal matrix: its diagonal [n] and subdiagonal (the last of [n] has no meaning).
 * `onReflectors` gets the reflectors of some columns at a time; see bandToTridiagonal() for their layout.
 */
function chase(
  linalg: Linalg,
  band: Matrix,
  n: number,
  onReflectors: (reflectors: Matrix, chain: number, first: number, columns: number) => void,
): { readonly diagonal: Matrix; readonly off: Matrix } {
  const b = halfWidth(n);
  const chain = Math.ceil((n - 1) / b);
  const reflectors = linalg.allocate(CHASED * chain, b + 1);
  const [diagonal, off, scratch] = [n, n, b + 1].map((size) => linalg.allocate(size, 1));
  const origin = 2 * b;
  for (let first = 0; first < n - 2; first += CHASED) {
    const last = Math.min(n - 2, first + CHASED);
    const at = band.pointer + origin * 8;
    linalg.team.kernels.bandToTridiagonal(at, n, b, first, last, reflectors.pointer, chain, scratch.pointer);
    onReflectors(reflectors, chain, first, last - first);
  }
  for (let i = 0; i < n; i++) {
    diagonal.data[i] = band.data[origin + i * (2 * b + 1)];
    off.data[i] = i < n - 1 ? band.data[origin + (i + 1) * 2 * b + i] : 0;
  }
  linalg.release(reflectors, scratch);
  return { diagonal, off };
}

/** The diagonal becomes eigenvalues, in no order, and the rows of the panels become the eigenvectors. @returns false: they do not */
function iterate(linalg: Linalg, diagonal: Matrix, off: Matrix, panels: Matrix): boolean {
  const n = diagonal.rows;
  const { kernels, heap } = linalg.team;
  const largest = [diagonal, off].reduce((most, { data }) => data.reduce((x, y) => Math.max(x, Math.abs(y)), most), 0);
  // A tenth of what the reduction before this has rounded away.
  const negligible = 0.1 * Number.EPSILON * largest;
  const [known, rest] = [diagonal, off].map(({ data }) => linalg.from(data, n, 1));
  const failed = kernels.tridiagonalEigenvalues(known.pointer, rest.pointer, n);
  known.data.sort();
  const steps = SWEEPS * (n + 1);
  const [record, state] = [steps * ROTATION_BYTES, 8].map((bytes) => heap.allocate(bytes));
  new Int32Array(heap.memory.buffer, state, 2).fill(0);
  const [d, e] = [diagonal.pointer, off.pointer];
  let pairs = failed === 0 ? 1 : -1;
  while (pairs > 0) {
    pairs = kernels.recordRotations(d, e, n, known.pointer, negligible, state, record, steps);
    if (pairs > 0) linalg.team.run("rotatePanel", [panels.pointer, n, record, pairs], panels.rows);
  }
  linalg.release(known, rest);
  heap.release(record);
  heap.release(state);
  return pairs === 0;
}

/** The first n columns in the layout of the kernels, [panel][row][8 columns]; the last panel is filled up with zeros. */
function toPanels(linalg: Linalg, { data, columns: lda }: Matrix, n: number): Matrix {
  const panels = linalg.allocate(Math.ceil(n / PANEL_COLUMNS), n * PANEL_COLUMNS);
  for (let p = 0, at = 0; p < panels.rows; p++) {
    for (let i = 0; i < n; i++) {
      for (let j = p * PANEL_COLUMNS; j < (p + 1) * PANEL_COLUMNS; j++)
        panels.data[at++] = j < n ? data[i * lda + j] : 0;
    }
  }
  return panels;
}

/** A plain matrix of the rows of panels in another order. */
function fromPanels(linalg: Linalg, { data, rows, columns }: Matrix, order: readonly number[]): Matrix {
  const n = order.length;
  const matrix = linalg.allocate(n, n);
  for (let p = 0; p < rows; p++) {
    const width = Math.min(PANEL_COLUMNS, n - p * PANEL_COLUMNS);
    for (let k = 0; k < n; k++) {
      const from = p * columns + order[k] * PANEL_COLUMNS;
      const to = k * n + p * PANEL_COLUMNS;
      for (let j = 0; j < width; j++) matrix.data[to + j] = data[from + j];
    }
  }
  return matrix;
}
