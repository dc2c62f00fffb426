/** Compares one of our tensors with the summary in a golden file. */
import { z } from "zod";

/** The summary of a tensor in a golden file, in PyTorch's layout. */
export const summarySchema = z.object({
  shape: z.array(z.number().int().positive()),
  mean: z.number(),
  rms: z.number(),
  min: z.number(),
  max: z.number(),
  /** Flat index, and the value there. */
  at: z.array(z.tuple([z.number().int().nonnegative(), z.number()])),
});
export type Summary = z.infer<typeof summarySchema>;

/** One compared quantity. It passes if `error` <= `tolerance`; NaN does not pass. */
export interface Quantity {
  /** Quantities of the same group form one row of the table. */
  readonly group: string;
  readonly name: string;
  readonly error: number;
  readonly tolerance: number;
  /** Position of the largest error: "[0, 2, 17, 3]", "mean", ... */
  readonly at: string;
}

export function passes(quantity: Quantity): boolean {
  return quantity.error <= quantity.tolerance;
}

/** The error divided by its tolerance. NaN counts as infinity, so that no number hides it. */
export function excess({ error, tolerance }: Quantity): number {
  if (Number.isNaN(error)) return Number.POSITIVE_INFINITY;
  return error / tolerance;
}

/** Remembers the largest of the differences that it has seen, and its position. */
export class Largest {
  error = 0;
  at = "";

  see(difference: number, at: string): void {
    const size = Math.abs(difference);
    // Not `size > error`, because NaN must be kept once it occurs.
    if (Number.isNaN(this.error) || size <= this.error) return;
    this.error = size;
    this.at = at;
  }
}

/** The position "[n, c, y, x]" of a flat index. */
export function coordinate(shape: readonly number[], index: number): string {
  const position: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return `[${position.join(", ")}]`;
}

export interface Moments {
  readonly mean: number;
  readonly rms: number;
  readonly min: number;
  readonly max: number;
}

/** Mean, root mean square and extremes, summed in float64. */
export function moments(values: ArrayLike<number>): Moments {
  let [sum, squares, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    sum += value;
    squares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { mean: sum / values.length, rms: Math.sqrt(squares / values.length), min, max };
}

/** The parts of `moments` that a summary contains as well. */
export const MOMENTS = ["mean", "rms", "min", "max"] as const;

/**
 * The largest difference of points, mean, rms, minimum and maximum, relative to the golden tensor's rms.
 * @param values our values, row-major in PyTorch's layout
 */
export function compareTensor(
  group: string,
  name: string,
  golden: Summary,
  values: ArrayLike<number>,
  tolerance: number,
): Quantity {
  const size = golden.shape.reduce((product, extent) => product * extent, 1);
  if (size !== values.length) {
    const at = `shape [${golden.shape.join(", ")}], ours has ${values.length} values`;
    return { group, name, error: Number.POSITIVE_INFINITY, tolerance, at };
  }
  const largest = new Largest();
  for (const [index, value] of golden.at) largest.see(values[index] - value, coordinate(golden.shape, index));
  const ours = moments(values);
  for (const part of MOMENTS) largest.see(ours[part] - golden[part], part);
  // A tensor of zeros has no scale, so its error is absolute.
  const scale = golden.rms > 0 ? golden.rms : 1;
  return { group, name, error: largest.error / scale, tolerance, at: largest.at };
}

/** The relative difference of two numbers. */
export function compareNumber(group: string, name: string, golden: number, value: number, tolerance: number): Quantity {
  const scale = golden === 0 ? 1 : Math.abs(golden);
  return { group, name, error: Math.abs(value - golden) / scale, tolerance, at: "" };
}
