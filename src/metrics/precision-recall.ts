/**
 * Improved precision and recall (Kynkaanniemi et al. 2019): a set's manifold is the union of balls around its rows that reach to
 * their k-th nearest neighbour. Precision is the share of generated rows in the manifold of the real ones, recall the reverse.
 */
import { describeMismatch, InputError } from "../errors.js";
import type { Linalg, Matrix } from "./linalg.js";
import type { Features } from "./sides.js";

const NEIGHBOURS = 3;
const ROWS = 1024;

const squaresOf = (x: Matrix): Float64Array =>
  Float64Array.from({ length: x.rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < x.columns; j++) sum += x.data[i * x.columns + j] ** 2;
    return sum;
  });

/** Calls `visit` with the squared distances of each row of x to all rows of y. */
function eachRow(linalg: Linalg, x: Matrix, y: Matrix, visit: (row: number, distances: Float64Array) => void): void {
  const [xx, yy] = [squaresOf(x), squaresOf(y)];
  const d = x.columns;
  for (let first = 0; first < x.rows; first += ROWS) {
    const rows = Math.min(ROWS, x.rows - first);
    const data = x.data.subarray(first * d, (first + rows) * d);
    const part: Matrix = { pointer: x.pointer + first * d * 8, rows, columns: d, data };
    const products = linalg.allocate(rows, y.rows);
    linalg.multiply({ matrix: part }, { matrix: y, transposed: true }, products, { alpha: -2 });
    for (let i = 0; i < rows; i++) {
      const distances = products.data.subarray(i * y.rows, (i + 1) * y.rows);
      for (let j = 0; j < y.rows; j++) distances[j] = Math.max(0, distances[j] + xx[first + i] + yy[j]);
      visit(first + i, distances);
    }
    linalg.release(products);
  }
}

/** Squared distance of each row to its k-th nearest other row. */
function radii(linalg: Linalg, x: Matrix): Float64Array {
  const result = new Float64Array(x.rows);
  eachRow(linalg, x, x, (row, distances) => {
    distances[row] = Number.POSITIVE_INFINITY;
    const nearest: number[] = [];
    for (const value of distances) {
      if (nearest.length === NEIGHBOURS && value >= nearest[NEIGHBOURS - 1]) continue;
      nearest.push(value);
      nearest.sort((p, q) => p - q);
      nearest.length = Math.min(NEIGHBOURS, nearest.length);
    }
    result[row] = nearest[NEIGHBOURS - 1];
  });
  return result;
}

/** The share of rows of x within a ball of y. */
function coverage(linalg: Linalg, x: Matrix, y: Matrix, reach: Float64Array): number {
  let inside = 0;
  eachRow(linalg, x, y, (_, distances) => {
    if (distances.some((value, j) => value <= reach[j])) inside++;
  });
  return inside / x.rows;
}

/** @throws InputError for sides with fewer than four rows, which have no third neighbour */
export function precisionRecall(
  linalg: Linalg,
  real: Features,
  generated: Features,
): { readonly precision: number; readonly recall: number } {
  for (const { n, source } of [real, generated]) {
    if (n > NEIGHBOURS) continue;
    const remedy = "Use more pictures, or leave --prc away.";
    throw new InputError(describeMismatch(source, `at least ${NEIGHBOURS + 1} rows for --prc`, String(n), remedy));
  }
  const [x, y] = [real, generated].map(({ data, n, d }) => linalg.from(data, n, d));
  const precision = coverage(linalg, y, x, radii(linalg, x));
  const recall = coverage(linalg, x, y, radii(linalg, y));
  linalg.release(x, y);
  return { precision, recall };
}
