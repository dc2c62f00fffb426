/** Reference implementations of assembly/nn/reduce.ts for matrices [rows, columns], in float64. */

/** [columns] */
export function columnSums(x: ArrayLike<number>, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < x.length; i++) sums[i % columns] += x[i];
  return sums;
}

/** [rows] */
export function rowSums(x: ArrayLike<number>, columns: number): Float64Array {
  const sums = new Float64Array(x.length / columns);
  for (let i = 0; i < x.length; i++) sums[Math.floor(i / columns)] += x[i];
  return sums;
}
