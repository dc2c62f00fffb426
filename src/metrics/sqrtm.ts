/** The principal square root of a symmetric positive semidefinite matrix (Higham 2008, Functions of Matrices, chapter 6). */

import { describeMismatch, InputError } from "../errors.js";
import { LOWER, MIRROR } from "../kernels/linalg.js";
import { eigenvectors } from "./eigen.js";
import type { Linalg, Matrix } from "./linalg.js";
import { onThreads, type ThreadOptions, takeSymmetric } from "./symmetric.js";

/** How far an eigenvalue may be below zero, as a share of the largest: the precision that covariances lose in float32. */
const INDEFINITE = 1e-6;

/**
 * S with S S = A, symmetric and positive semidefinite: V diag(sqrt(lambda)) V^T from the eigenvalues and eigenvectors
 * of A.
 *
 * The error |S S - A| is a few times sqrt(d) eps |A|. Eigenvalues that may be mere rounding errors count as zero: those
 * up to sqrt(d) eps of the largest, or no further from zero than the most negative one. Their roots would be noise of
 * 1e-8 |S| in a matrix of low rank.
 *
 * @param matrix [d, d], row-major
 * @returns S [d, d], row-major, exactly symmetric
 * @throws InputError if the matrix is not square, finite and symmetric, or has an eigenvalue below zero by more than
 *   rounding
 */
export function squareRoot(linalg: Linalg, matrix: Float64Array, d: number): Float64Array {
  return linalg.scope(() => {
    const a = takeSymmetric(linalg, matrix, d);
    const { values, vectors } = eigenvectors(linalg, a);
    const [lowest, largest] = [values[0], values[d - 1]];
    if (lowest < -INDEFINITE * Math.max(largest, 0)) {
      const received = `one with an eigenvalue of ${lowest.toExponential(2)} (the largest is ${largest.toExponential(2)})`;
      const remedy = "It has no real square root; a covariance has none below zero.";
      throw new InputError(describeMismatch("matrix", "a positive semidefinite matrix", received, remedy));
    }
    const floor = Math.max(-lowest, Math.sqrt(d) * Number.EPSILON * largest);
    const first = values.findIndex((value) => value > floor);
    if (first < 0) return new Float64Array(d * d);
    const half: Matrix = {
      pointer: vectors.pointer + first * d * 8,
      rows: d - first,
      columns: d,
      data: vectors.data.subarray(first * d),
    };
    // Multiply by the fourth root, so that the product of the matrix with its own transpose has the root.
    for (let k = 0; k < half.rows; k++) {
      const factor = Math.sqrt(Math.sqrt(values[first + k]));
      for (let j = 0; j < d; j++) half.data[k * d + j] *= factor;
    }
    linalg.multiply({ matrix: half, transposed: true }, { matrix: half }, a, { flags: LOWER | MIRROR });
    return a.data.slice();
  });
}

/**
 * Computes squareRoot() on threads of its own, which are started for the call.
 *
 * @param matrix [d, d], row-major
 * @param d      number of rows
 * @returns S [d, d], row-major, exactly symmetric
 * @throws InputError as squareRoot() does; RetryableError if the 4 GiB of a WebAssembly memory are full
 * @example
 * ```ts
 * import { symmetricSquareRoot } from "elegant-faces";
 *
 * const root = await symmetricSquareRoot(Float64Array.of(2, 1, 1, 2), 2);
 * ```
 */
export function symmetricSquareRoot(
  matrix: Float64Array,
  d: number,
  { threads }: ThreadOptions = {},
): Promise<Float64Array> {
  return onThreads(threads, (linalg) => squareRoot(linalg, matrix, d));
}
