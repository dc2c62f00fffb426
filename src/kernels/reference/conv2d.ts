/**
 * Reference implementations of assembly/nn/conv2d.ts and its two gradients: the same sums, one product at a time, in
 * float64. Images are NHWC, filters HWIO. The names are those of the forward convolution, in the gradients as well.
 */
import type { ConvShape } from "../conv-shape.js";

/** Calls `visit` for every product of the convolution, with the flat indices in x, filter and y that it combines. */
function forEachPixelPair(s: ConvShape, visit: (x: number, filter: number, y: number) => void): void {
  const { inputChannels: from, outputChannels: to } = s;
  for (let n = 0; n < s.batch; n++) {
    for (let oy = 0; oy < s.outputHeight; oy++) {
      for (let ox = 0; ox < s.outputWidth; ox++) {
        const y = ((n * s.outputHeight + oy) * s.outputWidth + ox) * to;
        for (let ky = 0; ky < s.filterHeight; ky++) {
          const iy = oy * s.strideY - s.padTop + ky;
          if (iy < 0 || iy >= s.inputHeight) continue;
          for (let kx = 0; kx < s.filterWidth; kx++) {
            const ix = ox * s.strideX - s.padLeft + kx;
            if (ix < 0 || ix >= s.inputWidth) continue;
            const x = ((n * s.inputHeight + iy) * s.inputWidth + ix) * from;
            visit(x, (ky * s.filterWidth + kx) * from * to, y);
          }
        }
      }
    }
  }
}

/**
 * y[n, oy, ox, o] = sum over ky, kx, i of x[n, oy * strideY - padTop + ky, ox * strideX - padLeft + kx, i] * filter[ky, kx, i, o].
 * @param x      [batch, inputHeight, inputWidth, inputChannels]
 * @param filter [filterHeight, filterWidth, inputChannels, outputChannels]
 * @param bias   [outputChannels], added
 * @param relu   whether negative sums become 0
 * @returns [batch, outputHeight, outputWidth, outputChannels]
 */
export function conv2d(
  s: ConvShape,
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
  bias?: ArrayLike<number>,
  relu = false,
): Float64Array {
  const { inputChannels, outputChannels } = s;
  const y = new Float64Array(s.batch * s.outputHeight * s.outputWidth * outputChannels);
  forEachPixelPair(s, (fromX, fromFilter, toY) => {
    for (let i = 0; i < inputChannels; i++) {
      for (let o = 0; o < outputChannels; o++) {
        y[toY + o] += x[fromX + i] * filter[fromFilter + i * outputChannels + o];
      }
    }
  });
  if (bias !== undefined) for (let at = 0; at < y.length; at++) y[at] += bias[at % outputChannels];
  if (relu) for (let at = 0; at < y.length; at++) y[at] = Math.max(0, y[at]);
  return y;
}

/** dx, shaped like x, from dy, shaped like y. This is also the forward transposed convolution. */
export function conv2dInputGradient(s: ConvShape, dy: ArrayLike<number>, filter: ArrayLike<number>): Float64Array {
  const { inputChannels, outputChannels } = s;
  const dx = new Float64Array(s.batch * s.inputHeight * s.inputWidth * inputChannels);
  forEachPixelPair(s, (toX, fromFilter, fromY) => {
    for (let i = 0; i < inputChannels; i++) {
      for (let o = 0; o < outputChannels; o++) {
        dx[toX + i] += dy[fromY + o] * filter[fromFilter + i * outputChannels + o];
      }
    }
  });
  return dx;
}

/** The filter's gradient, shaped like the filter. */
export function conv2dFilterGradient(s: ConvShape, x: ArrayLike<number>, dy: ArrayLike<number>): Float64Array {
  const { inputChannels, outputChannels } = s;
  const dw = new Float64Array(s.filterHeight * s.filterWidth * inputChannels * outputChannels);
  forEachPixelPair(s, (fromX, toFilter, fromY) => {
    for (let i = 0; i < inputChannels; i++) {
      for (let o = 0; o < outputChannels; o++) {
        dw[toFilter + i * outputChannels + o] += x[fromX + i] * dy[fromY + o];
      }
    }
  });
  return dw;
}
