/**
 * Kernel Inception Distance (Binkowski et al. 2018): the unbiased squared MMD with the kernel (x.y / d + 1)^3. It may
 * be negative.
 */
import { Random } from "../random.js";
import type { Linalg, Matrix } from "./linalg.js";
import { eachProduct, takeRows } from "./row-products.js";
import type { Features } from "./sides.js";

/** The published values: the number of subsets, and the largest number of rows in each. */
const SUBSETS = 100;
const SUBSET_ROWS = 1000;

export interface Kid {
  /** The distance of all rows. */
  readonly kid: number;
  /** Standard deviation over seeded subsets. The next fields are their mean, number and size. */
  readonly kidStd: number;
  readonly subsetMean: number;
  readonly subsets: number;
  readonly subsetRows: number;
}

/** Sum of the kernel over all pairs of rows, and over pairs of the same row. */
function kernelSums(linalg: Linalg, x: Features, y: Features): { readonly all: number; readonly diagonal: number } {
  let [all, diagonal] = [0, 0];
  eachProduct(linalg, x, y, { alpha: 1 / x.d }, ({ data, rows, columns, firstRow, firstColumn }, sums) => {
    for (let i = 0; i < rows; i++) {
      let sum = sums[i];
      for (let j = 0; j < columns; j++) sum += (data[i * columns + j] + 1) ** 3;
      sums[i] = sum;
      const own = firstRow + i - firstColumn;
      if (own >= 0 && own < columns) diagonal += (data[i * columns + own] + 1) ** 3;
    }
    if (firstColumn + columns === y.n) for (let i = 0; i < rows; i++) all += sums[i];
  });
  return { all, diagonal };
}

function unbiased(linalg: Linalg, x: Features, y: Features): number {
  const own = (z: Features): number => {
    const { all, diagonal } = kernelSums(linalg, z, z);
    return (all - diagonal) / (z.n * (z.n - 1));
  };
  return own(x) + own(y) - (2 * kernelSums(linalg, x, y).all) / (x.n * y.n);
}

/** The kernel of all pairs of rows, and the estimates of subsets from it. */
class KernelMatrices {
  private readonly xx: Float64Array;
  private readonly yy: Float64Array;
  private readonly xy: Float64Array;
  private readonly m: number;
  private readonly n: number;

  constructor(linalg: Linalg, a: Features, b: Features) {
    const [x, y] = [a, b].map(({ data, n, d }) => linalg.from(data, n, d));
    const kernel = (a: Matrix, b: Matrix): Float64Array => {
      const products = linalg.allocate(a.rows, b.rows);
      linalg.multiply({ matrix: a }, { matrix: b, transposed: true }, products, { alpha: 1 / a.columns });
      const values = products.data.map((value) => (value + 1) ** 3);
      linalg.release(products);
      return values;
    };
    [this.xx, this.yy, this.xy] = [kernel(x, x), kernel(y, y), kernel(x, y)];
    [this.m, this.n] = [x.rows, y.rows];
    linalg.release(x, y);
  }

  /** @param p, q the same number of rows of x and of y */
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

/** Largest number of rows of both sides for which all kernels are kept in memory: 0.3 GB. */
const HELD_ROWS = 6000;
/** Largest number of dimensions. With more, the rows themselves would take more than 1.6 GB. */
const HELD_DIMS = 2 ** 15;

/**
 * Uses memory for some rows at a time, whatever their number. The time grows with the square of that number.
 * @param seed of the subsets
 */
export function kernelDistance(linalg: Linalg, a: Features, b: Features, seed: number): Kid {
  return linalg.scope(() => {
    const kid = unbiased(linalg, a, b);
    const subsetRows = Math.min(SUBSET_ROWS, a.n, b.n);
    const random = Random.fromSeed(seed, "kid");
    const choose = (rows: number): number[] => {
      return random.shuffle(Array.from({ length: rows }, (_, i) => i)).slice(0, subsetRows);
    };
    const held = a.n + b.n <= HELD_ROWS && a.d <= HELD_DIMS ? new KernelMatrices(linalg, a, b) : null;
    const values = Array.from({ length: SUBSETS }, () => {
      const [rowsA, rowsB] = [choose(a.n), choose(b.n)];
      return held === null ? unbiased(linalg, takeRows(a, rowsA), takeRows(b, rowsB)) : held.unbiased(rowsA, rowsB);
    });
    const subsetMean = values.reduce((sum, value) => sum + value, 0) / SUBSETS;
    const variance = values.reduce((sum, value) => sum + (value - subsetMean) ** 2, 0) / SUBSETS;
    return { kid, kidStd: Math.sqrt(variance), subsetMean, subsets: SUBSETS, subsetRows };
  });
}
