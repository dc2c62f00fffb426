/** Reference implementations of assembly/nn/instance-norm.ts and its gradient, in float64. */

export interface InstanceNormArguments {
  /** [pictures, pixels, channels] */
  readonly x: ArrayLike<number>;
  readonly pictures: number;
  readonly channels: number;
  /** [channels] */
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number>;
  readonly epsilon: number;
  /** Slope of the activation below zero: 0 is ReLU, 1 is none. */
  readonly slope: number;
}

/** Calls `each` for every picture and channel, with the positions of its values. */
function eachPlane(
  { x, pictures, channels }: InstanceNormArguments,
  each: (positions: readonly number[], channel: number) => void,
): void {
  const pixels = x.length / pictures / channels;
  for (let picture = 0; picture < pictures; picture++) {
    for (let c = 0; c < channels; c++) {
      each(
        Array.from({ length: pixels }, (_, pixel) => (picture * pixels + pixel) * channels + c),
        c,
      );
    }
  }
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean and 1 / sqrt(variance + epsilon) of the values at these positions. */
function statisticsOf({ x, epsilon }: InstanceNormArguments, positions: readonly number[]) {
  const mean = meanOf(positions.map((i) => x[i]));
  const variance = meanOf(positions.map((i) => (x[i] - mean) ** 2));
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

/** u = (x - mean) / sqrt(variance + epsilon); t = weight u + bias; y = t > 0 ? t : slope t. [pictures, pixels, channels] */
export function instanceNorm(args: InstanceNormArguments): Float64Array {
  const { x, weight, bias, slope } = args;
  const y = new Float64Array(x.length);
  eachPlane(args, (positions, c) => {
    const { mean, inverse } = statisticsOf(args, positions);
    for (const i of positions) {
      const t = (x[i] - mean) * inverse * weight[c] + bias[c];
      y[i] = t > 0 ? t : t * slope;
    }
  });
  return y;
}

export interface InstanceNormGradients {
  /** [pictures, pixels, channels] */
  readonly dx: Float64Array;
  /** [channels] */
  readonly dweight: Float64Array;
  readonly dbias: Float64Array;
}

/**
 * With g = dy * (t > 0 ? 1 : slope): dbias = sum g; dweight = sum g u; dx = weight (g - mean(g) - u mean(g u)) /
 * sqrt(variance + epsilon).
 */
export function instanceNormGradient(args: InstanceNormArguments, dy: ArrayLike<number>): InstanceNormGradients {
  const { x, channels, weight, bias, slope } = args;
  const dx = new Float64Array(x.length);
  const [dweight, dbias] = [new Float64Array(channels), new Float64Array(channels)];
  eachPlane(args, (positions, c) => {
    const { mean, inverse } = statisticsOf(args, positions);
    const scale = weight[c];
    const u = positions.map((i) => (x[i] - mean) * inverse);
    const g = positions.map((i, k) => (u[k] * scale + bias[c] > 0 ? dy[i] : dy[i] * slope));
    const gu = g.map((value, k) => value * u[k]);
    for (const [k, i] of positions.entries()) dx[i] = scale * inverse * (g[k] - meanOf(g) - u[k] * meanOf(gu));
    dweight[c] += meanOf(gu) * positions.length;
    dbias[c] += meanOf(g) * positions.length;
  });
  return { dx, dweight, dbias };
}
