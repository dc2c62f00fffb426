/** Mean and covariance of features that arrive in pieces (Chan, Golub and LeVeque 1983: pairwise merging of moments). */
import { LOWER } from "../kernels/linalg.js";
import type { Linalg, Matrix } from "./linalg.js";
import type { Statistics } from "./sides.js";

/** Number of rows that are merged at a time. It is fixed, so the sums do not depend on the pieces in which rows arrive. */
const CHUNK = 1024;

/** Number n, mean, and sum of squared deviations M2 [d, d] (lower triangle) of the rows so far. */
export interface Moments {
  readonly n: number;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

/** The moments of two disjoint sets of rows together. In a fixed order of merging, the results are bit-identical. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const d = a.mean.length;
  const n = a.n + b.n;
  const delta = b.mean.map((value, j) => value - a.mean[j]);
  const mean = a.mean.map((value, j) => value + (delta[j] * b.n) / n);
  const m2 = new Float64Array(d * d);
  const share = (a.n * b.n) / n;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) m2[i * d + j] = a.m2[i * d + j] + b.m2[i * d + j] + share * delta[i] * delta[j];
  }
  return { n, mean, m2 };
}

/** Side of the squares in which a triangle is mirrored. Both sides of a square stay in the cache. */
const SQUARE = 32;

/** The covariance with the divisor n - 1, both triangles. @throws Error for fewer than two rows */
export function statisticsOf({ n, mean, m2 }: Moments, source: string): Statistics {
  if (n < 2) throw new Error(`moments: expected two or more rows, received ${n}`);
  const d = mean.length;
  const covariance = new Float64Array(d * d);
  for (let top = 0; top < d; top += SQUARE) {
    for (let left = 0; left <= top; left += SQUARE) {
      for (let i = top; i < Math.min(d, top + SQUARE); i++) {
        for (let j = left; j < Math.min(i + 1, left + SQUARE); j++) {
          covariance[i * d + j] = covariance[j * d + i] = m2[i * d + j] / (n - 1);
        }
      }
    }
  }
  return { kind: "statistics", source, n, d, mean, covariance };
}

/** Collects rows of float32 features. Their moments, and a chunk of rows, stay in the shared memory until `finish`. */
export class MomentsAccumulator {
  private readonly linalg: Linalg;
  private readonly d: number;
  private readonly m2: Matrix;
  private readonly mean: Float64Array;
  /** CHUNK rows of float32, and a view of them. */
  private readonly raw: Matrix;
  private readonly waiting: Float32Array;
  private readonly means: Matrix;
  private readonly delta: Matrix;
  private readonly centered: Matrix;
  private rows = 0;
  private n = 0;

  constructor(linalg: Linalg, d: number) {
    this.linalg = linalg;
    this.d = d;
    this.mean = new Float64Array(d);
    // Rows of float32 take half the room of a matrix.
    const sizes = [
      [d, d],
      [CHUNK, Math.ceil(d / 2)],
      [d, 1],
      [1, d],
      [CHUNK, d],
    ] as const;
    [this.m2, this.raw, this.means, this.delta, this.centered] = linalg.scope((keep) =>
      sizes.map(([rows, columns]) => keep(linalg.allocate(rows, columns))),
    );
    this.m2.data.fill(0);
    this.waiting = new Float32Array(linalg.team.heap.memory.buffer, this.raw.pointer, CHUNK * d);
  }

  /** @param features rows of d values */
  add(features: Float32Array): void {
    const { d, waiting } = this;
    for (let at = 0; at < features.length; ) {
      const rows = Math.min(CHUNK - this.rows, (features.length - at) / d);
      waiting.set(features.subarray(at, at + rows * d), this.rows * d);
      this.rows += rows;
      at += rows * d;
      if (this.rows === CHUNK) this.merge();
    }
  }

  private merge(): void {
    const { linalg, d, m2, rows, means, delta } = this;
    if (rows === 0) return;
    linalg.centerInto(this.raw.pointer, rows, means, this.centered);
    const centered = { ...this.centered, rows };
    linalg.multiply({ matrix: centered, transposed: true }, { matrix: centered }, m2, { beta: 1, flags: LOWER });
    const n = this.n + rows;
    for (let j = 0; j < d; j++) delta.data[j] = means.data[j] - this.mean[j];
    const alpha = (this.n * rows) / n;
    linalg.multiply({ matrix: delta, transposed: true }, { matrix: delta }, m2, { alpha, beta: 1, flags: LOWER });
    for (let j = 0; j < d; j++) this.mean[j] += (delta.data[j] * rows) / n;
    this.n = n;
    this.rows = 0;
  }

  /** The moments of all rows. The accumulator cannot be used afterwards. */
  finish(): Moments {
    const { linalg, m2, means, delta, centered, raw } = this;
    try {
      this.merge();
      return { n: this.n, mean: this.mean, m2: m2.data.slice() };
    } finally {
      linalg.release(m2, means, delta, centered, raw);
    }
  }
}
