/**
 * Eigenvalues and eigenvectors of symmetric matrices. The matrix is reduced to a band and then to a tridiagonal matrix
 * (band.ts), whose eigenvalues are found by QL iterations. For the eigenvectors, all these transformations are applied
 * to the rows of the later V^T: the first ones by matrix products, the others on panels of columns, which the threads
 * share.
 */
import { PANEL_COLUMNS, ROTATION_BYTES } from "../kernels/linalg.js";
import { type Band, chase, toBand } from "./band.js";
import type { Linalg, Matrix } from "./linalg.js";

/** Half-width of the band. */
const BAND = 24;
/** Number of QL sweeps over all rows whose rotations are collected before they are applied. */
const SWEEPS = 16;

/** Eigenvalues and eigenvectors of a symmetric matrix A. */
export interface EigenDecomposition {
  /** [n], ascending. */
  readonly values: Float64Array;
  /** [n, n], to be released. Row k is the eigenvector of values[k], of length 1. A = vectors^T diag(values) vectors. */
  readonly vectors: Matrix;
}

/**
 * Eigenvalues of a symmetric matrix [n, n], ascending, [n]. The lower triangle is read. @throws Error if they are not
 * finite
 */
export function eigenvalues(linalg: Linalg, a: Matrix): Float64Array {
  if (a.rows === 0) return new Float64Array(0);
  return linalg.scope(() => bandEigenvalues(linalg, toBand(linalg, a, BAND)));
}

/** Eigenvalues of the matrix that a band was made of, ascending. The band is destroyed. @throws Error if they are not finite */
export function bandEigenvalues(linalg: Linalg, band: Band): Float64Array {
  const { diagonal, off } = chase(linalg, band, () => {});
  const failed = linalg.team.kernels.tridiagonalEigenvalues(diagonal.pointer, off.pointer, band.n);
  const values = diagonal.data.map((value) => value / band.scale).sort();
  linalg.release(diagonal, off);
  if (failed !== 0 || !values.every(Number.isFinite)) throw notConverged();
  return values;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [n, n], whose lower triangle is read. |A v - lambda v| and |V^T V
 * - 1| are a few times sqrt(n) eps (times the largest eigenvalue). If eigenvalues differ by no more than that, their
 * eigenvectors are some basis of the space that they span.
 * @throws Error if they are not finite
 */
export function eigenvectors(linalg: Linalg, a: Matrix): EigenDecomposition {
  return linalg.scope((keep) => {
    const decomposition = decompose(linalg, a);
    keep(decomposition.vectors);
    return decomposition;
  });
}

function decompose(linalg: Linalg, a: Matrix): EigenDecomposition {
  const n = a.rows;
  if (n === 0) return { values: new Float64Array(0), vectors: linalg.allocate(0, 0) };
  const blocks: Matrix[] = [];
  const band = toBand(linalg, a, BAND, ({ data, rows, columns }) => blocks.push(linalg.from(data, rows, columns)));
  const rotation = multiplyReflectors(linalg, n, blocks);
  const panels = toPanels(linalg, rotation, n);
  linalg.release(rotation, ...blocks);
  const { diagonal, off } = chase(linalg, band, (reflectors, chain, first, columns) => {
    const values = [panels.pointer, n, reflectors.pointer, chain, band.b, first, columns];
    linalg.team.run("reflectPanel", values, panels.rows);
  });
  linalg.release(band.matrix);
  const converged = iterate(linalg, diagonal, off, panels);
  const order = Array.from(diagonal.data.keys()).sort((i, j) => diagonal.data[i] - diagonal.data[j]);
  const values = Float64Array.from(order, (i) => diagonal.data[i] / band.scale);
  const finite = converged && values.every(Number.isFinite);
  const vectors = finite ? fromPanels(linalg, panels, order) : null;
  linalg.release(diagonal, off, panels);
  if (vectors === null) throw notConverged();
  return { values, vectors };
}

const notConverged = (): Error => new Error("eigenvalues: the iteration did not converge");

/**
 * Q^T of reduceToBand(), [n, n + 8], to be released. It starts with the last block: the product so far is then the
 * identity outside the rows and columns of each block, so only these are multiplied.
 */
function multiplyReflectors(linalg: Linalg, n: number, blocks: readonly Matrix[]): Matrix {
  const matrix = linalg.allocate(n, n + 8);
  const { pointer, columns: lda, data } = matrix;
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
  return matrix;
}

/**
 * Turns the diagonal into eigenvalues, unordered, and the rows of the panels into eigenvectors. @returns false if the
 * iteration does not converge
 */
function iterate(linalg: Linalg, diagonal: Matrix, off: Matrix, panels: Matrix): boolean {
  const n = diagonal.rows;
  const { kernels, heap } = linalg.team;
  const largest = [diagonal, off].reduce((most, { data }) => data.reduce((x, y) => Math.max(x, Math.abs(y)), most), 0);
  // A tenth of the rounding error of the preceding reduction.
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

/** The first n columns in the layout of the kernels, [panel][row][8 columns]. The last panel is filled up with zeros. */
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

/** The rows of panels in another order, as an ordinary matrix. */
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
