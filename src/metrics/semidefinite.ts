/** Factors of covariances without full rank, and tests that recognise matrices that are not covariances. */
import { describeMismatch, InputError } from "../errors.js";
import { LOWER, PIVOT_ROWS } from "../kernels/linalg.js";
import { eigenvalues, eigenvectors } from "./eigen.js";
import type { Linalg, Matrix } from "./linalg.js";
import type { Statistics } from "./sides.js";

/**
 * Largest remainder of a factor, and how far an eigenvalue may be below zero, as a share of the largest: the precision
 * lost in float32.
 */
const ROUNDING = 1e-6;

/**
 * F with F F^T = A, up to rounding, by Cholesky with diagonal pivoting. It stops when the rest of the diagonal is at
 * most n eps times its largest value (Higham, Accuracy and Stability of Numerical Algorithms, section 10.3).
 * @returns F [n, rank], to be released
 */
export function pivotedCholesky(linalg: Linalg, a: Matrix): Matrix {
  return linalg.scope((keep) => keep(factorWithPivots(linalg, a)));
}

function factorWithPivots(linalg: Linalg, a: Matrix): Matrix {
  const n = a.rows;
  const { heap } = linalg.team;
  const order = heap.allocate(n * 4);
  const permutation = new Int32Array(heap.memory.buffer, order, n);
  const left = linalg.allocate(n, 1);
  const l = linalg.allocate(n, n);
  l.data.fill(0);
  for (let i = 0; i < n; i++) {
    permutation[i] = i;
    left.data[i] = a.data[i * n + i];
  }
  const floor = n * Number.EPSILON * left.data.reduce((x, y) => Math.max(x, y), 0);
  let rank = 0;
  for (; rank < n; rank++) {
    let pivot = rank;
    for (let i = rank + 1; i < n; i++) if (left.data[i] > left.data[pivot]) pivot = i;
    const value = left.data[pivot];
    if (!(value > floor)) break;
    if (pivot !== rank) {
      [permutation[rank], permutation[pivot]] = [permutation[pivot], permutation[rank]];
      [left.data[rank], left.data[pivot]] = [left.data[pivot], left.data[rank]];
      const kept = l.data.slice(rank * n, rank * n + rank);
      l.data.copyWithin(rank * n, pivot * n, pivot * n + rank);
      l.data.set(kept, pivot * n);
    }
    const root = Math.sqrt(value);
    l.data[rank * n + rank] = root;
    const values = [a.pointer, n, l.pointer, n, order, left.pointer, rank, root];
    linalg.team.run("pivotedColumn", values, Math.ceil(n / PIVOT_ROWS));
  }
  const factor = linalg.allocate(n, rank);
  for (let i = 0; i < n; i++) factor.data.set(l.data.subarray(i * n, i * n + rank), permutation[i] * rank);
  linalg.release(left, l);
  heap.release(order);
  return factor;
}

/** The file of a covariance, for messages, and how much storing it may have changed its eigenvalues. */
type Stored = Pick<Statistics, "source" | "rounding">;

/** @throws InputError if an eigenvalue is below zero by more than rounding */
function expectNotIndefinite(lowest: number, largest: number, { source, rounding = 0 }: Stored): void {
  if (lowest >= -Math.max(ROUNDING * Math.max(0, largest), rounding)) return;
  const received = `one with an eigenvalue of ${lowest.toExponential(2)} (the largest is ${largest.toExponential(2)})`;
  const remedy = "It is no covariance; compute the statistics again.";
  throw new InputError(describeMismatch(`${source}: sigma`, "a positive semidefinite matrix", received, remedy));
}

/**
 * @param a symmetric; its lower triangle is read
 * @throws InputError that says by how much the matrix is indefinite, if it is
 */
export function expectSemidefinite(linalg: Linalg, a: Matrix, stored: Stored): void {
  const values = eigenvalues(linalg, a);
  expectNotIndefinite(values[0], values[values.length - 1], stored);
}

/**
 * F with F F^T = A for a covariance, by pivoted Cholesky. This fails if rounding to float32 has made A indefinite. Then
 * eigenvectors are used, without the eigenvalues that are no further from zero than the lowest one, or than n eps of
 * the largest.
 * @returns F [n, rank], to be released
 * @throws InputError if A is indefinite by more than that
 */
export function semidefiniteFactor(linalg: Linalg, a: Matrix, stored: Stored): Matrix {
  return linalg.scope((keep) => keep(factorOf(linalg, a, stored)));
}

function factorOf(linalg: Linalg, a: Matrix, stored: Stored): Matrix {
  const n = a.rows;
  const factor = pivotedCholesky(linalg, a);
  const rest = linalg.from(a.data, n, n);
  const beta = { alpha: -1, beta: 1, flags: LOWER };
  if (factor.columns > 0) linalg.multiply({ matrix: factor }, { matrix: factor, transposed: true }, rest, beta);
  let [largest, gap] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      largest = Math.max(largest, Math.abs(a.data[i * n + j]));
      gap = Math.max(gap, Math.abs(rest.data[i * n + j]));
    }
  }
  linalg.release(rest);
  if (gap <= ROUNDING * largest) return factor;
  linalg.release(factor);
  return factorByEigenvectors(linalg, a, stored);
}

function factorByEigenvectors(linalg: Linalg, a: Matrix, stored: Stored): Matrix {
  const n = a.rows;
  const { values, vectors } = eigenvectors(linalg, a);
  try {
    const [lowest, largest] = [values[0], values[n - 1]];
    expectNotIndefinite(lowest, largest, stored);
    const floor = Math.max(-lowest, n * Number.EPSILON * largest);
    const first = values.findIndex((value) => value > floor);
    const rank = first < 0 ? 0 : n - first;
    const factor = linalg.allocate(n, rank);
    for (let k = 0; k < rank; k++) {
      const root = Math.sqrt(values[first + k]);
      for (let i = 0; i < n; i++) factor.data[i * rank + k] = root * vectors.data[(first + k) * n + i];
    }
    return factor;
  } finally {
    linalg.release(vectors);
  }
}
