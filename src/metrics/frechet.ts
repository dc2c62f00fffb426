/**
 * The Frechet distance of two Gaussians (Dowson and Landau 1982; FID of Heusel et al. 2017):
 *   |mu1 - mu2|^2 + Tr S1 + Tr S2 - 2 Tr (S1 S2)^(1/2), everything in float64.
 *
 * The last trace is computed on one of three routes. None adds anything to a diagonal, and none applies a symmetric
 * solver to S1 S2.
 *   features      the nuclear norm of A_c B_c^T / sqrt((n1 - 1)(n2 - 1)), if one side has fewer rows than dimensions
 *   cholesky      S1 = L L^T: the sum of the roots of the eigenvalues of L^T S2 L
 *   semidefinite  the same with F F^T = S1 by pivoted Cholesky, if neither side is positive definite
 */

import { describeMismatch, InputError } from "../errors.js";
import { sizeClass } from "../kernels/heap.js";
import { FROM_COLUMN, FROM_ROW, LOWER, TO_ROW } from "../kernels/linalg.js";
import type { Linalg, Matrix } from "./linalg.js";
import { MomentsAccumulator, statisticsOf } from "./moments.js";
import { rootTrace } from "./root-trace.js";
import { expectSemidefinite, semidefiniteFactor } from "./semidefinite.js";
import type { Features, Side, Statistics } from "./sides.js";

export type Route = "same" | "features" | "cholesky" | "semidefinite";

export interface FrechetResult {
  /** Never negative. */
  readonly fid: number;
  /** The value before a negative rounding error was set to 0. */
  readonly raw: number;
  readonly route: Route;
  readonly meanTerm: number;
  readonly traces: readonly [number, number];
  readonly traceOfRoot: number;
}

/** Largest product of the sides' numbers of rows for the route over features: a matrix of 0.5 GB. */
const MAX_PRODUCT = 2 ** 26;
/** Bytes reserved for everything that is small compared with the rows. */
const RESERVE = 64 * 2 ** 20;
/**
 * Largest number of values of centred rows in memory at the same time, while statistics are computed: 1 GiB, or a
 * quarter of a smaller memory.
 */
const MAX_CENTERED = 2 ** 27;
/** Largest rounding error as a share of the traces. A value further below zero means that the statistics are wrong. */
const ROUNDING = 1e-6;

const traceOf = (a: Float64Array, d: number): number => {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += a[i * d + i];
  return sum;
};

const sumOfSquares = ({ data }: Matrix): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return sum;
};

const squaredDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
};

/** Mean and covariance of features. */
export function featureStatistics(linalg: Linalg, { source, n, d, data }: Features): Statistics {
  return linalg.scope(() => {
    if (data instanceof Float32Array) {
      const moments = new MomentsAccumulator(linalg, d);
      moments.add(data);
      return statisticsOf(moments.finish(), source);
    }
    const mean = meanOf(data, n, d);
    const m2 = linalg.allocate(d, d);
    // Handle all rows together, or as many as the memory has room for.
    const values = Math.min(MAX_CENTERED, linalg.team.heap.limitBytes / 32);
    const most = Math.max(1, Math.min(n, Math.floor(values / d)));
    for (let first = 0; first < n; first += most) {
      const rows = Math.min(most, n - first);
      const centered = centerDoubles(linalg, data.subarray(first * d, (first + rows) * d), mean);
      const options = { beta: first === 0 ? 0 : 1, flags: LOWER };
      linalg.multiply({ matrix: centered, transposed: true }, { matrix: centered }, m2, options);
      linalg.release(centered);
    }
    return statisticsOf({ n, mean, m2: m2.data.slice() }, source);
  });
}

function meanOf(data: Float64Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j] += data[i * d + j];
  for (let j = 0; j < d; j++) mean[j] /= n;
  return mean;
}

function centerDoubles(linalg: Linalg, data: Float64Array, mean: Float64Array): Matrix {
  const d = mean.length;
  const n = data.length / d;
  const centered = linalg.allocate(n, d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) centered.data[i * d + j] = data[i * d + j] - mean[j];
  return centered;
}

function center(linalg: Linalg, { data, n, d }: Features): { readonly mean: Float64Array; readonly centered: Matrix } {
  if (!(data instanceof Float32Array)) {
    const mean = meanOf(data, n, d);
    return { mean, centered: centerDoubles(linalg, data, mean) };
  }
  const { means, centered } = linalg.center(data, n, d);
  const mean = means.data.slice();
  linalg.release(means);
  return { mean, centered };
}

/**
 * Rows with the same sums of products, but one row fewer. Centred rows are linearly dependent: the reflection that maps
 * (1, ..., 1) to the first axis makes the first row zero. It changes the rows in place and returns a view of the
 * others.
 */
function independentRows({ pointer, rows, columns, data }: Matrix): Matrix {
  const factor = 1 / (Math.sqrt(rows) - 1);
  for (let i = 1; i < rows; i++) for (let j = 0; j < columns; j++) data[i * columns + j] += factor * data[j];
  return { pointer: pointer + columns * 8, rows: rows - 1, columns, data: data.subarray(columns) };
}

/**
 * The sum of the singular values of A B^T for centred rows, from the eigenvalues of the smaller Gram matrix. This
 * squares the singular values, so those below 1e-8 of the largest lose their digits: 1e-12 of the score on real
 * features. The rows of the smaller side are changed.
 */
function nuclearNorm(linalg: Linalg, a: Matrix, b: Matrix): number {
  const [fewer, long] = a.rows <= b.rows ? [a, b] : [b, a];
  const short = independentRows(fewer);
  const [product, gram] = [linalg.allocate(short.rows, long.rows), linalg.allocate(short.rows, short.rows)];
  linalg.multiply({ matrix: short }, { matrix: long, transposed: true }, product);
  linalg.multiply({ matrix: product }, { matrix: product, transposed: true }, gram, { flags: LOWER });
  const norm = rootTrace(linalg, gram, short.rows).trace;
  linalg.release(product, gram);
  return norm;
}

function fromFeatures(linalg: Linalg, a: Features, b: Features): FrechetResult {
  const [x, y] = [center(linalg, a), center(linalg, b)];
  const traces = [sumOfSquares(x.centered) / (a.n - 1), sumOfSquares(y.centered) / (b.n - 1)] as const;
  const traceOfRoot = nuclearNorm(linalg, x.centered, y.centered) / Math.sqrt((a.n - 1) * (b.n - 1));
  linalg.release(x.centered, y.centered);
  return conclude("features", squaredDistance(x.mean, y.mean), traces, traceOfRoot, [a, b]);
}

/**
 * The lower triangle of L^T S L for a lower triangular L, in n^3 multiplications. Let T be the lower triangle of S with
 * half its diagonal. Then S = T + T^T and L^T S L = L^T (T L) + (T L)^T L, where T L is triangular, too. S is
 * destroyed.
 */
function congruence(linalg: Linalg, l: Matrix, s: Matrix): Matrix {
  const n = s.rows;
  for (let i = 0; i < n; i++) {
    s.data[i * n + i] /= 2;
    s.data.fill(0, i * n + i + 1, (i + 1) * n);
  }
  const [right, both] = [linalg.allocate(n, n), linalg.allocate(n, n)];
  linalg.multiply({ matrix: s }, { matrix: l }, right, { flags: LOWER | FROM_COLUMN | TO_ROW });
  linalg.multiply({ matrix: l, transposed: true }, { matrix: right }, both, { flags: LOWER | FROM_ROW });
  const flags = LOWER | FROM_ROW;
  linalg.multiply({ matrix: right, transposed: true }, { matrix: l }, both, { beta: 1, flags });
  linalg.release(right);
  return both;
}

function fromStatistics(linalg: Linalg, a: Statistics, b: Statistics): FrechetResult {
  const { d } = a;
  const meanTerm = squaredDistance(a.mean, b.mean);
  const traces = [traceOf(a.covariance, d), traceOf(b.covariance, d)] as const;
  // No more eigenvalues than the dimensions of either side. The others are rounding errors.
  const rank = Math.min(d, (a.n ?? Number.POSITIVE_INFINITY) - 1, (b.n ?? Number.POSITIVE_INFINITY) - 1);
  for (const [first, second] of [
    [a, b],
    [b, a],
  ]) {
    if (first.n !== null && first.n <= d) continue;
    const traceOfRoot = byCholesky(linalg, first, second, rank);
    if (traceOfRoot !== null) return conclude("cholesky", meanTerm, traces, traceOfRoot, [a, b]);
  }
  return conclude("semidefinite", meanTerm, traces, bySemidefiniteFactor(linalg, a, b, rank), [a, b]);
}

/**
 * Null if the first side's covariance is not positive definite. @throws InputError if the second side's covariance is
 * indefinite
 */
function byCholesky(linalg: Linalg, first: Statistics, second: Statistics, rank: number): number | null {
  const { d } = first;
  const l = linalg.from(first.covariance, d, d);
  try {
    if (!linalg.cholesky(l)) return null;
    const s = linalg.from(second.covariance, d, d);
    const m = congruence(linalg, l, s);
    try {
      const { trace, lowest } = rootTrace(linalg, m, rank);
      // L^T S L has as many negative eigenvalues as S (Sylvester), but of different size. So S itself shows whether
      // they are rounding errors.
      if (lowest < -d * Number.EPSILON) {
        s.data.set(second.covariance);
        expectSemidefinite(linalg, s, second);
      }
      return trace;
    } finally {
      linalg.release(s, m);
    }
  } finally {
    linalg.release(l);
  }
}

/** @throws InputError if a covariance is indefinite */
function bySemidefiniteFactor(linalg: Linalg, a: Statistics, b: Statistics, rank: number): number {
  const { d } = a;
  const held: Matrix[] = [];
  const hold = (matrix: Matrix): Matrix => {
    held.push(matrix);
    return matrix;
  };
  try {
    const [sa, sb] = [a, b].map(({ covariance }) => hold(linalg.from(covariance, d, d)));
    const [fa, fb] = [hold(semidefiniteFactor(linalg, sa, a)), hold(semidefiniteFactor(linalg, sb, b))];
    const [f, s] = fa.columns <= fb.columns ? [fa, sb] : [fb, sa];
    if (f.columns === 0) return 0;
    const [right, m] = [hold(linalg.allocate(d, f.columns)), hold(linalg.allocate(f.columns, f.columns))];
    linalg.multiply({ matrix: s }, { matrix: f }, right);
    linalg.multiply({ matrix: f, transposed: true }, { matrix: right }, m, { flags: LOWER });
    return rootTrace(linalg, m, Math.min(rank, f.columns)).trace;
  } finally {
    linalg.release(...held);
  }
}

function conclude(
  route: Route,
  meanTerm: number,
  traces: readonly [number, number],
  traceOfRoot: number,
  sides: readonly [Side, Side],
): FrechetResult {
  const raw = meanTerm + traces[0] + traces[1] - 2 * traceOfRoot;
  if (!Number.isFinite(raw)) {
    const names = sides.map(({ source }) => source).join(" and ");
    const remedy = "The numbers are too large for float64; scale the features.";
    throw new InputError(describeMismatch(names, "a finite distance", String(raw), remedy));
  }
  // Eigenvalues that rounding has moved below zero count in the traces, but not in the trace of the root.
  const moved = sides.reduce((sum, side) => sum + ("rounding" in side ? (side.rounding ?? 0) * side.d : 0), 0);
  if (raw < -ROUNDING * (traces[0] + traces[1]) - moved) {
    const names = sides.map(({ source }) => source).join(" and ");
    const remedy = "The statistics are no covariances.";
    throw new InputError(describeMismatch(names, "a distance from 0", raw.toExponential(2), remedy));
  }
  return { fid: Math.max(0, raw), raw, route, meanTerm, traces, traceOfRoot };
}

const equalArrays = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

function isSame(a: Side, b: Side): boolean {
  if (a.kind === "features" && b.kind === "features") return a.n === b.n && equalArrays(a.data, b.data);
  if (a.kind === "statistics" && b.kind === "statistics") {
    return equalArrays(a.mean, b.mean) && equalArrays(a.covariance, b.covariance);
  }
  return false;
}

/**
 * Whether the memory has room for the route over features: rows as given and centred, products, and the work space of
 * their eigenvalues. The other routes handle rows in pieces, so their memory depends only on the dimensions.
 */
function haveRoom(linalg: Linalg, a: Features, b: Features): boolean {
  const short = Math.min(a.n, b.n);
  const rows = [a, b].flatMap(({ n, d, data }) => [n * d * 8, data instanceof Float32Array ? n * d * 4 : 0]);
  const bytes = [...rows, a.n * b.n * 8, ...Array<number>(3).fill(short * (short + 64) * 8)];
  return bytes.reduce((sum, size) => sum + sizeClass(size), RESERVE) <= linalg.team.heap.limitBytes;
}

/**
 * The distance of two sides; exactly 0 for equal numbers.
 * @throws InputError if dimensions differ, or if a covariance is not valid
 */
export function frechetDistance(linalg: Linalg, a: Side, b: Side): FrechetResult {
  if (a.d !== b.d) {
    const remedy = "Compare features of one network and layer.";
    throw new InputError(describeMismatch(b.source, `${a.d} dimensions, as ${a.source} has`, String(b.d), remedy));
  }
  if (isSame(a, b)) return { fid: 0, raw: 0, route: "same", meanTerm: 0, traces: [0, 0], traceOfRoot: 0 };
  const bothFeatures = a.kind === "features" && b.kind === "features";
  const isShort = bothFeatures && Math.min(a.n, b.n) <= a.d && a.n * b.n <= MAX_PRODUCT;
  return linalg.scope(() => {
    if (isShort && haveRoom(linalg, a, b)) return fromFeatures(linalg, a, b);
    const [x, y] = [a, b].map((side) => (side.kind === "features" ? featureStatistics(linalg, side) : side));
    return fromStatistics(linalg, x, y);
  });
}
