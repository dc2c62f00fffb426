/** Reference implementations of assembly/nn/mean-absolute-error.ts, in float64. */

/** The mean of |a - b|. */
export function meanAbsoluteError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return sum / a.length;
}

/** Its gradient for a: sign(a - b) dy / n, and 0 where a = b. The gradient for b is the negative. */
export function meanAbsoluteErrorGradient(a: ArrayLike<number>, b: ArrayLike<number>, dy: number): Float64Array {
  return Float64Array.from({ length: a.length }, (_, i) => (Math.sign(a[i] - b[i]) * dy) / a.length);
}
