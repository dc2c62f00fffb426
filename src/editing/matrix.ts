/** Makes grids between the input, at the top left, and exchanged latents at the other corners. */
import * as tf from "@tensorflow/tfjs-core";
import type { Generator } from "../models/generator.js";
import { type Faces, mixLatents, render } from "./faces.js";
import { type Edit, exchangeMany } from "./swap.js";

export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Labels for the corners of a matrix: the reference, and its share there. All other cells are empty.
 * @param attributes one for matrixOfReferences(), two for matrixOfAttributes()
 * @returns [rows][columns]
 */
export function matrixLabels(attributes: readonly string[], { rows, columns }: Grid): string[][] {
  const [first, second] = attributes;
  const [right, bottom, both] =
    second === undefined
      ? ["100 % of reference 1", "100 % of reference 2", "100 % of reference 3"]
      : [`100 % ${first} of reference 1`, `100 % ${second} of reference 2`, "100 % of both"];
  const nameOf = (row: number, column: number): string => {
    if ((row > 0 && row < rows - 1) || (column > 0 && column < columns - 1)) return "";
    if (row === 0) return column === 0 ? "0 %, input" : right;
    return column === 0 ? bottom : both;
  };
  return Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) => nameOf(row, column)));
}

/**
 * Weights of all cells, row by row. A cell's position is given across and down in [0, 1], and 0 if there is only one
 * column or row.
 */
function weighCells({ rows, columns }: Grid, weigh: (across: number, down: number) => number[]): number[][] {
  const place = (index: number, count: number): number => (count === 1 ? 0 : index / (count - 1));
  return Array.from({ length: rows * columns }, (_, cell) =>
    weigh(place(cell % columns, columns), place(Math.floor(cell / columns), rows)),
  );
}

/**
 * Blends one attribute of three references: bilinear between the input (top left) and the input with the attribute of
 * reference 1 (top right), 2 (bottom left) and 3 (bottom right).
 * @returns [rows * columns, S, S, 3] in [-1, 1], row by row
 * @throws InputError if the model does not have the attribute
 */
export function matrixOfReferences(
  generator: Generator,
  input: Faces,
  references: readonly [Faces, Faces, Faces],
  attribute: string,
  grid: Grid,
): tf.Tensor4D {
  return tf.tidy(() => {
    const exchanged = references.map((reference) => exchangeMany(generator, input, [{ attribute, reference }]));
    const weights = weighCells(grid, (x, y) => [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y]);
    return render(generator, input, mixLatents([input.latent, ...exchanged], weights));
  });
}

/**
 * Blends two attributes, each from its own reference: z = a z_1 + b z_2 + (1 - a - b) z_B. The first attribute's share
 * a grows from left to right, and the second's share b from top to bottom. The bottom right corner has both.
 * @returns [rows * columns, S, S, 3] in [-1, 1], row by row
 * @throws InputError if the model does not have one of the attributes
 */
export function matrixOfAttributes(
  generator: Generator,
  input: Faces,
  edits: readonly [Edit, Edit],
  grid: Grid,
): tf.Tensor4D {
  return tf.tidy(() => {
    const exchanged = edits.map((edit) => exchangeMany(generator, input, [edit]));
    const weights = weighCells(grid, (a, b) => [1 - a - b, a, b]);
    return render(generator, input, mixLatents([input.latent, ...exchanged], weights));
  });
}
