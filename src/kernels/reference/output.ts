/** Reference implementations of assembly/nn/output.ts, in float64. All images are [pixels, 3]. */

/** 2 tanh(x + bias) */
export function residualOutput(x: ArrayLike<number>, bias: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: x.length }, (_, i) => 2 * Math.tanh(x[i] + bias[i % 3]));
}

/** dx = dy (2 - R^2 / 2), and its sum over pixels as the bias's gradient. */
export function residualGradient(
  residual: ArrayLike<number>,
  dy: ArrayLike<number>,
): { readonly dx: Float64Array; readonly dbias: Float64Array } {
  const dx = Float64Array.from({ length: dy.length }, (_, i) => dy[i] * (2 - residual[i] ** 2 / 2));
  const dbias = new Float64Array(3);
  for (let i = 0; i < dx.length; i++) dbias[i % 3] += dx[i];
  return { dx, dbias };
}

/** clip(image + residual, -1, 1). The image is repeated until it has the residual's length. */
export function clippedSum(image: ArrayLike<number>, residual: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: residual.length }, (_, i) => {
    return Math.min(1, Math.max(-1, image[i % image.length] + residual[i]));
  });
}

/** dy where |image + residual| <= 1, otherwise 0 */
export function clippedSumGradient(
  image: ArrayLike<number>,
  residual: ArrayLike<number>,
  dy: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: dy.length }, (_, i) => {
    return Math.abs(image[i % image.length] + residual[i]) <= 1 ? dy[i] : 0;
  });
}
