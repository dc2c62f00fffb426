/** Reference implementations of assembly/nn/bias-leaky.ts, in float64. */

/** leaky(x + bias), [pixels, channels]. The bias has one value per channel. */
export function biasLeaky(x: ArrayLike<number>, bias: ArrayLike<number>, slope: number): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => {
    const v = x[i] + bias[i % bias.length];
    return v > 0 ? v : slope * v;
  });
}

/** dy * (y > 0 ? 1 : slope) */
export function leakyScale(dy: ArrayLike<number>, y: ArrayLike<number>, slope: number): Float64Array {
  return Float64Array.from({ length: dy.length }, (_, i) => (y[i] > 0 ? dy[i] : slope * dy[i]));
}
