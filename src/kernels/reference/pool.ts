/** Reference implementation of assembly/nn/pool.ts, in float64. */

/** A square window over [batch, height, width, channels]. */
export interface PoolShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly filter: number;
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/**
 * The largest value of each window, or the mean of the window's values that lie within the image. Each window must
 * contain at least one value.
 * @returns [batch, outHeight, outWidth, channels]
 */
export function pool(s: PoolShape, x: ArrayLike<number>, kind: "max" | "average"): Float64Array {
  const y = new Float64Array(s.batch * s.outHeight * s.outWidth * s.channels);
  for (let at = 0; at < y.length; at++) {
    const c = at % s.channels;
    const pixel = Math.floor(at / s.channels);
    const fromX = (pixel % s.outWidth) * s.stride - s.padLeft;
    const row = Math.floor(pixel / s.outWidth);
    const fromY = (row % s.outHeight) * s.stride - s.padTop;
    const n = Math.floor(row / s.outHeight);
    let [sum, largest, count] = [0, Number.NEGATIVE_INFINITY, 0];
    for (let iy = Math.max(0, fromY); iy < Math.min(s.height, fromY + s.filter); iy++) {
      for (let ix = Math.max(0, fromX); ix < Math.min(s.width, fromX + s.filter); ix++) {
        const value = x[((n * s.height + iy) * s.width + ix) * s.channels + c];
        sum += value;
        largest = Math.max(largest, value);
        count++;
      }
    }
    y[at] = kind === "max" ? largest : sum / count;
  }
  return y;
}
