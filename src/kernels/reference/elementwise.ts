/** Reference implementations of assembly/nn/elementwise.ts and of the sigmoid in assembly/nn/output.ts, in float64. */

/** The kernels use the same numbers: 0 add, 1 subtract, 2 multiply, 3 divide, 4 (a - b)^2. */
const BINARY: readonly ((a: number, b: number) => number)[] = [
  (a, b) => a + b,
  (a, b) => a - b,
  (a, b) => a * b,
  (a, b) => a / b,
  (a, b) => (a - b) ** 2,
];

/** 0: a whole matrix [rows, columns]; 1: one row of it [columns]; 2: one column [rows]. */
export type Form = 0 | 1 | 2;

/** a op b, [rows, columns] */
export function binaryRows(
  operation: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [formA, formB]: readonly [Form, Form],
  rows: number,
  columns: number,
): Float64Array {
  const at = (values: ArrayLike<number>, form: Form, i: number): number =>
    values[form === 0 ? i : form === 1 ? i % columns : Math.floor(i / columns)];
  return Float64Array.from({ length: rows * columns }, (_, i) => BINARY[operation](at(a, formA, i), at(b, formB, i)));
}

/** 0 |x|, 1 -x, 2 x > 0 ? 1 : alpha, 3 x limited to 0 .. alpha */
export function unary(operation: number, x: ArrayLike<number>, alpha: number): Float64Array {
  const works: readonly ((value: number) => number)[] = [
    Math.abs,
    (v) => -v,
    (v) => (v > 0 ? 1 : alpha),
    (v) => Math.min(Math.max(v, 0), alpha),
  ];
  return Float64Array.from({ length: x.length }, (_, i) => works[operation](x[i]));
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => 1 / (1 + Math.exp(-x[i])));
}
