/** Products of the rows of two sides, one block at a time, so that memory does not grow with the number of rows. */
import type { Linalg } from "./linalg.js";
import type { Features } from "./sides.js";

/**
 * ROWS, COLUMNS: largest number of rows of the first and the second side per block. VALUES: number of values of the
 * second side that a block has room for.
 */
const ROWS = 1024;
const COLUMNS = 8192;
const VALUES = 2 ** 24;

/** Products of the rows from firstRow of one side with the rows from firstColumn of the other, [rows, columns]. */
export interface ProductBlock {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly firstRow: number;
  readonly firstColumn: number;
}

/**
 * Calls `visit` with alpha * x y^T in blocks, with row blocks as the outer loop. `visit` also gets one value per row of
 * the block, which starts at 0 in the first column block and is kept until the last.
 */
export function eachProduct(
  linalg: Linalg,
  x: Features,
  y: Features,
  { alpha }: { readonly alpha: number },
  visit: (block: ProductBlock, carried: Float64Array) => void,
): void {
  const { d } = x;
  const mostColumns = Math.max(64, Math.min(COLUMNS, Math.floor(VALUES / d)));
  const mostRows = Math.min(ROWS, Math.max(64, Math.floor(VALUES / d)));
  for (let firstRow = 0; firstRow < x.n; firstRow += mostRows) {
    const rows = Math.min(mostRows, x.n - firstRow);
    const carried = new Float64Array(rows);
    linalg.scope(() => {
      const left = linalg.from(x.data.subarray(firstRow * d, (firstRow + rows) * d), rows, d);
      for (let firstColumn = 0; firstColumn < y.n; firstColumn += mostColumns) {
        const columns = Math.min(mostColumns, y.n - firstColumn);
        linalg.scope(() => {
          const right = linalg.from(y.data.subarray(firstColumn * d, (firstColumn + columns) * d), columns, d);
          const products = linalg.allocate(rows, columns);
          linalg.multiply({ matrix: left }, { matrix: right, transposed: true }, products, { alpha });
          visit({ data: products.data, rows, columns, firstRow, firstColumn }, carried);
        });
      }
    });
  }
}

/** The chosen rows of a side. */
export function takeRows({ source, d, data }: Features, rows: readonly number[]): Features {
  const chosen = data instanceof Float32Array ? new Float32Array(rows.length * d) : new Float64Array(rows.length * d);
  for (const [i, row] of rows.entries()) chosen.set(data.subarray(row * d, (row + 1) * d), i * d);
  return { kind: "features", source, n: rows.length, d, data: chosen };
}
