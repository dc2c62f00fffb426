/**
 * The weights of an antialiased resize: a triangle filter as wide as the reduction, or ordinary bilinear interpolation
 * when enlarging.
 */

export interface ResizeWeights {
  /** First input position of each output, [outputs]. */
  readonly starts: Int32Array;
  /** [outputs, taps]; each row sums to 2^14. */
  readonly weights: Int16Array;
  readonly taps: number;
}

const ONE = 1 << 14;

/**
 * Weights that map `source` positions to `target` positions along one axis. Windows never leave 0 .. source - 1. The
 * triangle reaches max(1, source / target) positions to either side of the output's centre (x + 0.5) * source / target
 * - 0.5. It is cut off at the border and normalised.
 */
export function resizeWeights(source: number, target: number): ResizeWeights {
  const scale = source / target;
  const reach = Math.max(1, scale);
  const taps = Math.min(source, 2 * Math.ceil(reach) + 1);
  const starts = new Int32Array(target);
  const weights = new Int16Array(target * taps);
  for (let i = 0; i < target; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const start = Math.min(first, source - taps);
    starts[i] = start;
    const exact = Array.from({ length: taps }, (_, tap) => Math.max(0, 1 - Math.abs(start + tap - centre) / reach));
    const total = exact.reduce((sum, weight) => sum + weight, 0);
    // Rounding the running sum keeps each weight within about half a unit and the total exact.
    let running = 0;
    let given = 0;
    for (let tap = 0; tap < taps; tap++) {
      running += exact[tap];
      const upTo = Math.round((running / total) * ONE);
      weights[i * taps + tap] = upTo - given;
      given = upTo;
    }
  }
  return { starts, weights, taps };
}
