/** Reference implementation of assembly/nn/adam.ts: PyTorch's Adam with coupled weight decay, in float64. */

export interface AdamTwinSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/**
 * Updates p, m and v in place:
 * g += decay * p;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 * p -= lr / (1 - b1^step) * m / (sqrt(v) / sqrt(1 - b2^step) + epsilon)
 * @param step counted from 1
 */
export function adam(
  p: Float64Array,
  m: Float64Array,
  v: Float64Array,
  gradient: ArrayLike<number>,
  step: number,
  { learningRate, beta1, beta2, epsilon, weightDecay }: AdamTwinSettings,
): void {
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootCorrection2 = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < p.length; i++) {
    const g = gradient[i] + weightDecay * p[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    p[i] -= stepSize * (m[i] / (Math.sqrt(v[i]) / rootCorrection2 + epsilon));
  }
}
