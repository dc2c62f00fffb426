/**
 * Improved precision and recall (Kynkaanniemi et al. 2019). The manifold of a set is the union of balls around its
 * rows, each of which extends to the row's k-th nearest neighbour. Precision is the share of generated rows in the
 * manifold of the real rows; recall is the reverse.
 */
import { describeMismatch, InputError } from "../errors.js";
import type { Linalg } from "./linalg.js";
import { eachProduct } from "./row-products.js";
import type { Features } from "./sides.js";

const NEIGHBOURS = 3;

const squaresOf = ({ data, n, d }: Features): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += data[i * d + j] ** 2;
    return sum;
  });

/** Calls `visit` with the squared distances of each row of x to some rows of y, starting at row `first`. */
function eachRow(
  linalg: Linalg,
  x: Features,
  y: Features,
  visit: (row: number, distances: Float64Array, first: number) => void,
): void {
  const [xx, yy] = [squaresOf(x), squaresOf(y)];
  eachProduct(linalg, x, y, { alpha: -2 }, ({ data, rows, columns, firstRow, firstColumn }) => {
    for (let i = 0; i < rows; i++) {
      const distances = data.subarray(i * columns, (i + 1) * columns);
      for (let j = 0; j < columns; j++) {
        distances[j] = Math.max(0, distances[j] + xx[firstRow + i] + yy[firstColumn + j]);
      }
      visit(firstRow + i, distances, firstColumn);
    }
  });
}

/** Squared distance of each row to its k-th nearest other row. */
function radii(linalg: Linalg, x: Features): Float64Array {
  // The smallest distances of each row, ascending.
  const nearest = new Float64Array(x.n * NEIGHBOURS).fill(Number.POSITIVE_INFINITY);
  eachRow(linalg, x, x, (row, distances, first) => {
    const own = nearest.subarray(row * NEIGHBOURS, (row + 1) * NEIGHBOURS);
    for (let j = 0; j < distances.length; j++) {
      const value = distances[j];
      if (first + j === row || value >= own[NEIGHBOURS - 1]) continue;
      own[NEIGHBOURS - 1] = value;
      own.sort();
    }
  });
  return Float64Array.from({ length: x.n }, (_, i) => nearest[(i + 1) * NEIGHBOURS - 1]);
}

/** The share of rows of x within a ball of y. */
function coverage(linalg: Linalg, x: Features, y: Features, reach: Float64Array): number {
  const inside = new Uint8Array(x.n);
  eachRow(linalg, x, y, (row, distances, first) => {
    if (inside[row] === 0 && distances.some((value, j) => value <= reach[first + j])) inside[row] = 1;
  });
  return inside.reduce((sum, value) => sum + value, 0) / x.n;
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
  return linalg.scope(() => ({
    precision: coverage(linalg, generated, real, radii(linalg, real)),
    recall: coverage(linalg, real, generated, radii(linalg, generated)),
  }));
}
