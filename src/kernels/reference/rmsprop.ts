/** Reference implementation of assembly/nn/rmsprop.ts: RMSProp as TensorFlow 1 writes it, in float64. */

export interface RmspropTwinSettings {
  readonly learningRate: number;
  readonly decay: number;
  readonly epsilon: number;
  /** Largest absolute value of a parameter; Infinity clips nothing. */
  readonly limit: number;
}

/**
 * Updates p and ms in place:
 * ms = decay ms + (1 - decay) g^2;  p -= lr g / sqrt(ms + epsilon);  p is clipped to [-limit, limit]
 * @param ms TensorFlow's moment, which starts at 1; the kernel keeps ms - decay^updates
 */
export function rmsprop(
  p: Float64Array,
  ms: Float64Array,
  gradient: ArrayLike<number>,
  { learningRate, decay, epsilon, limit }: RmspropTwinSettings,
): void {
  for (let i = 0; i < p.length; i++) {
    const g = gradient[i];
    ms[i] = decay * ms[i] + (1 - decay) * g * g;
    const moved = p[i] - (learningRate * g) / Math.sqrt(ms[i] + epsilon);
    p[i] = Math.min(limit, Math.max(-limit, moved));
  }
}
