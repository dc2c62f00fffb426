/** Reference implementation of assembly/nn/depthwise-conv2d.ts, in float64. */
import type { ConvShape } from "../conv-shape.js";

/**
 * y[n, oy, ox, c] = bias[c] + sum over ky, kx of x[n, oy * strideY - padTop + ky, ox * strideX - padLeft + kx, c] *
 * filter[ky, kx, c].
 * @param x      [batch, inputHeight, inputWidth, channels]
 * @param filter [filterHeight, filterWidth, channels]
 * @param limit  if not 0, results are limited to 0 .. limit
 * @returns [batch, outputHeight, outputWidth, channels]
 */
export function depthwiseConv2d(
  s: ConvShape,
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  bias: ArrayLike<number>,
  limit: number,
): Float64Array {
  const channels = s.inputChannels;
  const y = new Float64Array(s.batch * s.outputHeight * s.outputWidth * channels);
  for (let at = 0; at < y.length; at++) {
    const c = at % channels;
    const pixel = Math.floor(at / channels);
    const ox = pixel % s.outputWidth;
    const oy = Math.floor(pixel / s.outputWidth) % s.outputHeight;
    const n = Math.floor(pixel / (s.outputWidth * s.outputHeight));
    let sum = bias[c];
    for (let ky = 0; ky < s.filterHeight; ky++) {
      const iy = oy * s.strideY - s.padTop + ky;
      if (iy < 0 || iy >= s.inputHeight) continue;
      for (let kx = 0; kx < s.filterWidth; kx++) {
        const ix = ox * s.strideX - s.padLeft + kx;
        if (ix < 0 || ix >= s.inputWidth) continue;
        const from = ((n * s.inputHeight + iy) * s.inputWidth + ix) * channels + c;
        sum += x[from] * filter[(ky * s.filterWidth + kx) * channels + c];
      }
    }
    y[at] = limit === 0 ? sum : Math.min(Math.max(sum, 0), limit);
  }
  return y;
}
