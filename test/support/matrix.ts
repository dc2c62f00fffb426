/**
 * Row-major float64 matrices for tests: plain products, symmetric matrices with known eigenvalues, and teams with
 * different numbers of threads.
 */
import assert from "node:assert/strict";
import type { KernelBuild } from "../../src/kernels/simd.js";
import { Linalg } from "../../src/metrics/linalg.js";
import type { Random } from "../../src/random.js";
import { THREADS } from "./team.js";

/** Around the width of a tile, of a panel, of the band and of a block. */
export const SIZES = [1, 2, 3, 4, 5, 15, 16, 17, 24, 25, 63, 64, 65, 127, 128, 129, 200];

/** The reference implementation of gemm: sums in the order of k. */
export function multiplyPlainly(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      c[i * n + j] = sum;
    }
  }
  return c;
}

export const transpose = (a: Float64Array, rows: number, columns: number): Float64Array =>
  Float64Array.from(a, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);

export function diagonalMatrix(values: Float64Array): Float64Array {
  const n = values.length;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = values[i];
  return a;
}

/** Q diag(values) Q^T, exactly symmetric, where Q consists of three reflections. */
export function withEigenvalues(random: Random, values: Float64Array): Float64Array {
  const n = values.length;
  let a = diagonalMatrix(values);
  for (let reflection = 0; reflection < 3; reflection++) {
    const v = Float64Array.from({ length: n }, () => random.between(-1, 1));
    const squares = v.reduce((sum, x) => sum + x * x, 0);
    const h = Float64Array.from({ length: n * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return (i === j ? 1 : 0) - (2 * v[i] * v[j]) / squares;
    });
    a = multiplyPlainly(h, multiplyPlainly(a, h, n, n, n), n, n, n);
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
  return a;
}

export const largestOf = (a: Float64Array): number => a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * Opens and closes a team for each of THREADS around the tests of a suite. `onAll` runs a body on each team and checks
 * that all give the same bits.
 */
export function useTeams(build: KernelBuild): {
  readonly all: readonly Linalg[];
  onAll<T>(body: (linalg: Linalg) => T): T;
} {
  const all: Linalg[] = [];
  before(async () => {
    all.push(...(await Promise.all(THREADS.map((threads) => Linalg.open(threads, build)))));
  });
  after(() => Promise.all(all.map((team) => team.close())));
  return {
    all,
    onAll: (body) => {
      const [first, ...others] = all.map((linalg) => {
        const result = body(linalg);
        assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated");
        return result;
      });
      for (const other of others) assert.deepEqual(other, first, "the same bits with any number of threads");
      return first;
    },
  };
}
