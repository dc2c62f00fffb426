/**
 * Reference implementation of assembly/image/warp.ts: the same arithmetic, one sample at a time. The results are
 * bit-identical.
 */
import type { WarpKernel } from "../image.js";

const FRACTION_BITS = 7;
const FRACTION_MASK = (1 << FRACTION_BITS) - 1;
const WEIGHT_BITS = 2 * FRACTION_BITS;

const LIMIT = 8388608;

/** A position in 1/128 pixel as 64-bit fixed point, with the integer part in the high 32 bits. */
function toFixed(position: number): bigint {
  return BigInt(Math.trunc(position * 128 * 2 ** 32));
}

function rowFits(first: number, step: number, length: number): boolean {
  return Math.abs(first) < LIMIT && Math.abs(first + step * length) < LIMIT;
}

/** Calls `emit(u, v, channel, sum)` with the weighted sums (times 2^14) of R, G and B of every output pixel. */
function forEachSum(
  source: Uint8Array,
  [src, srcWidth, srcHeight, srcStride, , dstWidth, dstHeight, , a, b, tx, c, d, ty]: Parameters<WarpKernel>,
  emit: (u: number, v: number, channel: number, sum: number) => void,
): void {
  const sample = (x: number, y: number, channel: number): number =>
    x < 0 || y < 0 || x >= srcWidth || y >= srcHeight ? 0 : source[src + y * srcStride + x * 4 + channel];
  const half = 2n ** 31n;
  for (let v = 0; v < dstHeight; v++) {
    const [x, y] = [b * v + tx, d * v + ty];
    const fits = rowFits(x, a, dstWidth) && rowFits(y, c, dstWidth);
    for (let u = 0; u < dstWidth; u++) {
      const qx = fits ? Number((toFixed(x) + half + toFixed(a) * BigInt(u)) >> 32n) : -LIMIT * 128;
      const qy = fits ? Number((toFixed(y) + half + toFixed(c) * BigInt(u)) >> 32n) : -LIMIT * 128;
      const ix = qx >> FRACTION_BITS;
      const iy = qy >> FRACTION_BITS;
      const fx = qx & FRACTION_MASK;
      const fy = qy & FRACTION_MASK;
      for (let channel = 0; channel < 3; channel++) {
        const upper = sample(ix, iy, channel) * (128 - fx) + sample(ix + 1, iy, channel) * fx;
        const lower = sample(ix, iy + 1, channel) * (128 - fx) + sample(ix + 1, iy + 1, channel) * fx;
        emit(u, v, channel, upper * (128 - fy) + lower * fy);
      }
    }
  }
}

export function warpAffineRgba(memory: WebAssembly.Memory): WarpKernel {
  return (...args) => {
    const bytes = new Uint8Array(memory.buffer);
    const [, , , , dst, , , dstStride] = args;
    forEachSum(bytes, args, (u, v, channel, sum) => {
      const at = dst + v * dstStride + u * 4;
      bytes[at + channel] = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
      bytes[at + 3] = 255;
    });
  };
}

export function warpAffineFloat(memory: WebAssembly.Memory): WarpKernel {
  return (...args) => {
    const view = new DataView(memory.buffer);
    const [, , , , dst, , , dstStride] = args;
    forEachSum(new Uint8Array(memory.buffer), args, (u, v, channel, sum) => {
      const value = Math.fround(sum / (127.5 * 16384)) - 1;
      view.setFloat32(dst + v * dstStride + u * 12 + channel * 4, value, true);
    });
  };
}
