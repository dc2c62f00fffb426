/** Kernel Inception Distance (Binkowski et al. 2018): unbiased squared MMD with the kernel (x.y / d + 1)^3. May be negative. */
import { Random } from "../random.js";
import type { Linalg, Matrix } from "./linalg.js";
import type { Features } from "./sides.js";

/** Rows of a block of the kernel matrix that are held at once. */
const ROWS = 1024;
/** As published: this many subsets of at most so many rows. */
const SUBSETS = 100;
const SUBSET_ROWS = 1000;

export interface Kid {
  /** Of all rows. */
  readonly kid: number;
  /** Standard deviation over seeded subsets, and their size. */
  readonly kidStd: number;
  readonly subsetMean: number;
  readonly subsets: number;
  readonly subsetRows: number;
}

/** Sum of the kernel over all pairs of rows, and over equal rows. */
function kernelSums(linalg: Linalg, x: Matrix, y: Matrix): { readonly all: number; readonly diagonal: number } {
  const d = x.columns;
  let [all, diagonal] = [0, 0];
  for (let first = 0; first < x.rows; first += ROWS) {
    const rows = Math.min(ROWS, x.rows - first);
    const part: Matrix = {
      pointer: x.pointer + first * d * 8,
      rows,
      columns: d,
      data: x.data.subarray(first * d, (first + rows) * d),
    };
    const products = linalg.allocate(rows, y.rows);
    linalg.multiply({ matrix: part }, { matrix: y, transposed: true }, products, { alpha: 1 / d });
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < y.rows; j++) sum += (products.data[i * y.rows + j] + 1) ** 3;
      all += sum;
      if (first + i < y.rows) diagonal += (products.data[i * y.rows + first + i] + 1) ** 3;
    }
    linalg.release(products);
  }
  return { all, diagonal };
}

function unbiased(linalg: Linalg, x: Matrix, y: Matrix): number {
  const own = (z: Matrix): number => {
    const { all, diagonal } = kernelSums(linalg, z, z);
    return (all - diagonal) / (z.rows * (z.rows - 1));
  };
  return own(x) + own(y) - (2 * kernelSums(linalg, x, y).all) / (x.rows * y.rows);
}

/** The kernel of all pairs of rows, and how to take a subset's estimate from it. */
class KernelMatrices {
  private readonly xx: Float64Array;
  private readonly yy: Float64Array;
  private readonly xy: Float64Array;
  private readonly m: number;
  private readonly n: number;

  constructor(linalg: Linalg, x: Matrix, y: Matrix) {
    const kernel = (a: Matrix, b: Matrix): Float64Array => {
      const products = linalg.allocate(a.rows, b.rows);
      linalg.multiply({ matrix: a }, { matrix: b, transposed: true }, products, { alpha: 1 / a.columns });
      const values = products.data.map((value) => (value + 1) ** 3);
      linalg.release(products);
      return values;
    };
    [this.xx, this.yy, this.xy] = [kernel(x, x), kernel(y, y), kernel(x, y)];
    [this.m, this.n] = [x.rows, y.rows];
  }

  /** @param p, q rows of x and of y, equally many */
  unbiased(p: readonly number[], q: readonly number[]): number {
    const { xx, yy, xy, m, n } = this;
    let [own, cross] = [0, 0];
    for (let i = 0; i < p.length; i++) {
      for (let j = 0; j < p.length; j++) {
        if (i !== j) own += xx[p[i] * m + p[j]] + yy[q[i] * n + q[j]];
        cross += xy[p[i] * n + q[j]];
      }
    }
    return own / (p.length * (p.length - 1)) - (2 * cross) / (p.length * p.length);
  }
}

/** Rows of both sides up to which all kernels are held: 0.3 GB. */
const HELD_ROWS = 6000;

/** @param seed of the subsets */
export function kernelDistance(linalg: Linalg, a: Features, b: Features, seed: number): Kid {
  const [x, y] = [a, b].map(({ data, n, d }) => linalg.from(data, n, d));
  const kid = unbiased(linalg, x, y);
  const subsetRows = Math.min(SUBSET_ROWS, a.n, b.n);
  const random = Random.fromSeed(seed, "kid");
  const choose = (rows: number): number[] => {
    return random.shuffle(Array.from({ length: rows }, (_, i) => i)).slice(0, subsetRows);
  };
  const gather = (matrix: Matrix, rows: readonly number[]): Matrix => {
    const chosen = linalg.allocate(rows.length, matrix.columns);
    for (const [i, row] of rows.entries()) {
      const from = row * matrix.columns;
      chosen.data.set(matrix.data.subarray(from, from + matrix.columns), i * matrix.columns);
    }
    return chosen;
  };
  const held = a.n + b.n <= HELD_ROWS ? new KernelMatrices(linalg, x, y) : null;
  const values = Array.from({ length: SUBSETS }, () => {
    const [rowsX, rowsY] = [choose(a.n), choose(b.n)];
    if (held !== null) return held.unbiased(rowsX, rowsY);
    const [p, q] = [gather(x, rowsX), gather(y, rowsY)];
    const value = unbiased(linalg, p, q);
    linalg.release(p, q);
    return value;
  });
  linalg.release(x, y);
  const subsetMean = values.reduce((sum, value) => sum + value, 0) / SUBSETS;
  const variance = values.reduce((sum, value) => sum + (value - subsetMean) ** 2, 0) / SUBSETS;
  return { kid, kidStd: Math.sqrt(variance), subsetMean, subsets: SUBSETS, subsetRows };
}
