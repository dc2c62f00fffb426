/** Reference implementations of assembly/nn/channel-norm.ts and its gradient, in float64. */

const EPSILON = 1e-12;

export interface ChannelNormArguments {
  /** [pixels, channels] */
  readonly x: ArrayLike<number>;
  /** [channels] */
  readonly bias: ArrayLike<number>;
  readonly alpha: number;
  readonly beta: number;
  /** [pixels, channels], added after the activation. Without it, nothing is added. */
  readonly skip?: ArrayLike<number> | undefined;
  readonly channels: number;
  /** Slope of the activation below zero: 0.2 is LeakyReLU, 0 is ReLU. */
  readonly slope: number;
}

/** The Euclidean norm of x + bias over the channels of one pixel. */
function norm({ x, bias, channels }: ChannelNormArguments, offset: number): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) sum += (x[offset + c] + bias[c]) ** 2;
  return Math.sqrt(sum);
}

/** v = x + bias; t = alpha * v / max(||v||, 1e-12) + beta; y = (t > 0 ? t : slope * t) + skip. [pixels, channels] */
export function channelNorm(args: ChannelNormArguments): Float64Array {
  const { x, bias, alpha, beta, skip, channels, slope } = args;
  const y = new Float64Array(x.length);
  for (let offset = 0; offset < x.length; offset += channels) {
    const factor = alpha / Math.max(norm(args, offset), EPSILON);
    for (let c = 0; c < channels; c++) {
      const t = (x[offset + c] + bias[c]) * factor + beta;
      y[offset + c] = (t > 0 ? t : t * slope) + (skip === undefined ? 0 : skip[offset + c]);
    }
  }
  return y;
}

export interface ChannelNormGradients {
  /** [pixels, channels] */
  readonly dx: Float64Array;
  /** [channels] */
  readonly dbias: Float64Array;
  readonly dalpha: number;
  readonly dbeta: number;
}

/**
 * With g = dy * (t > 0 ? 1 : slope) and u = v / max(||v||, 1e-12): dbeta = sum g; dalpha = sum g.u; dx = alpha (g - u
 * (u.g)) / ||v||, or alpha g / 1e-12 if the norm was clamped; dbias = sum of dx over pixels.
 */
export function channelNormGradient(args: ChannelNormArguments, dy: ArrayLike<number>): ChannelNormGradients {
  const { x, bias, alpha, beta, channels, slope } = args;
  const dx = new Float64Array(x.length);
  const dbias = new Float64Array(channels);
  let dalpha = 0;
  let dbeta = 0;
  for (let offset = 0; offset < x.length; offset += channels) {
    const length = norm(args, offset);
    const inverse = 1 / Math.max(length, EPSILON);
    const factor = alpha * inverse;
    let dot = 0;
    for (let c = 0; c < channels; c++) {
      const v = x[offset + c] + bias[c];
      const g = v * factor + beta > 0 ? dy[offset + c] : dy[offset + c] * slope;
      dot += g * v * inverse;
      dbeta += g;
      dx[offset + c] = g;
    }
    dalpha += dot;
    const along = length > EPSILON ? dot * inverse : 0;
    for (let c = 0; c < channels; c++) {
      const v = x[offset + c] + bias[c];
      dx[offset + c] = factor * (dx[offset + c] - v * along);
      dbias[c] += dx[offset + c];
    }
  }
  return { dx, dbias, dalpha, dbeta };
}
