/** Checks symmetric matrices from users and decomposes them on a team of threads. */

import { warn } from "#platform";
import { describeMismatch, InputError } from "../errors.js";
import { ONE_THREAD } from "../kernels/memory.js";
import { defaultThreads, MOST_THREADS } from "../pool/threads.js";
import { eigenvectors } from "./eigen.js";
import { Linalg, type Matrix } from "./linalg.js";

/** How many threads a function starts for its work. */
export interface ThreadOptions {
  /**
   * Number of threads. Default: one per core, at most 256; one if the engine has no SharedArrayBuffer. The result is
   * bit-identical for any number.
   */
  readonly threads?: number;
}

/**
 * Largest difference between the two halves of a symmetric matrix that may come from summing in another order, as a
 * share of its largest value.
 */
const ASYMMETRY = 1e-10;

/**
 * A copy of the symmetric matrix `matrix` [d, d], row-major, in the shared memory. If its halves differ by rounding,
 * they are averaged.
 * @throws InputError if it is not square, finite and symmetric
 */
export function takeSymmetric(linalg: Linalg, matrix: Float64Array, d: number): Matrix {
  if (!Number.isInteger(d) || d < 1) {
    throw new InputError(describeMismatch("d", "a whole number from 1", String(d), "Give the number of rows."));
  }
  if (matrix.length !== d * d) {
    const remedy = "Give all rows of a square matrix, one after the other.";
    throw new InputError(describeMismatch("matrix", `${d} x ${d} values`, `${matrix.length} values`, remedy));
  }
  let largest = 0;
  let gap = 0;
  let [row, column] = [0, 0];
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const value = matrix[i * d + j];
      if (!Number.isFinite(value)) {
        const remedy = "Look for a division by zero or an overflow where it was made.";
        throw new InputError(describeMismatch("matrix", "finite values", `${value} at [${i}, ${j}]`, remedy));
      }
      largest = Math.max(largest, Math.abs(value));
      const difference = j < i ? Math.abs(value - matrix[j * d + i]) : 0;
      if (difference > gap) [gap, row, column] = [difference, i, j];
    }
  }
  if (gap > ASYMMETRY * largest) {
    const [lower, upper] = [matrix[row * d + column], matrix[column * d + row]];
    const received = `${lower} at [${row}, ${column}] and ${upper} at [${column}, ${row}], ${gap.toExponential(2)} apart`;
    const remedy = "Pass half the sum of the matrix and its transpose if this is rounding.";
    throw new InputError(describeMismatch("matrix", "a symmetric matrix", received, remedy));
  }
  const taken = linalg.from(matrix, d, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [matrix[i * d + j], matrix[j * d + i]];
      if (a !== b) taken.data[i * d + j] = taken.data[j * d + i] = a / 2 + b / 2;
    }
  }
  return taken;
}

let warned = false;

/** Opens a team for one piece of work and closes it. @throws InputError if `threads` is not a valid number of threads */
export async function onThreads<T>(threads: number | undefined, work: (linalg: Linalg) => T): Promise<T> {
  const count = threads ?? defaultThreads();
  if (!Number.isInteger(count) || count < 1 || count > MOST_THREADS) {
    const remedy = "Leave it out for one for each core.";
    throw new InputError(
      describeMismatch("threads", `a whole number from 1 to ${MOST_THREADS}`, String(threads), remedy),
    );
  }
  const linalg = await Linalg.open(count);
  if (linalg.team.threads < count && !warned) {
    warn(ONE_THREAD); // a library function has no other way to report this
    warned = true;
  }
  try {
    return work(linalg);
  } finally {
    await linalg.close();
  }
}

/**
 * Computes eigenvalues and eigenvectors of a symmetric matrix in float64. See eigenvectors() (eigen.ts) for method and
 * precision.
 *
 * @param matrix [d, d], row-major
 * @param d      number of rows
 * @throws InputError if the matrix is not square, finite and symmetric; RetryableError if the 4 GiB of a WebAssembly memory are
 *   full
 * @example
 * ```ts
 * import { symmetricEigenvectors } from "elegant-faces";
 *
 * const { values } = await symmetricEigenvectors(Float64Array.of(2, 1, 1, 2), 2);
 * console.log(values); // 1, 3
 * ```
 */
export function symmetricEigenvectors(
  matrix: Float64Array,
  d: number,
  { threads }: ThreadOptions = {},
): Promise<{
  /** [d], ascending. */
  readonly values: Float64Array;
  /** [d, d], row-major: row k is the eigenvector of values[k], of length 1. */
  readonly vectors: Float64Array;
}> {
  return onThreads(threads, (linalg) => {
    const { values, vectors } = eigenvectors(linalg, takeSymmetric(linalg, matrix, d));
    return { values, vectors: vectors.data.slice() };
  });
}
