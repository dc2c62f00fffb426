/** Reference implementation of assembly/image/resize.ts: the same sums, one sample at a time. The results are bit-identical. */
import type { ResizeKernel } from "../image.js";

const WEIGHT_BITS = 14;
const HALF = 1 << (WEIGHT_BITS - 1);

export function resizeAcrossRgba(memory: WebAssembly.Memory): ResizeKernel {
  return (src, srcStride, dst, dstStride, dstWidth, height, starts, weights, taps) => {
    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < dstWidth; x++) {
        const start = view.getInt32(starts + x * 4, true);
        for (let channel = 0; channel < 4; channel++) {
          let sum = HALF;
          for (let tap = 0; tap < taps; tap++) {
            const weight = view.getInt16(weights + (x * taps + tap) * 2, true);
            sum += bytes[src + y * srcStride + (start + tap) * 4 + channel] * weight;
          }
          bytes[dst + y * dstStride + x * 4 + channel] = sum >> WEIGHT_BITS;
        }
      }
    }
  };
}

export function resizeDownRgba(memory: WebAssembly.Memory): ResizeKernel {
  return (src, srcStride, dst, dstStride, width, dstHeight, starts, weights, taps) => {
    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    for (let y = 0; y < dstHeight; y++) {
      const start = view.getInt32(starts + y * 4, true);
      for (let x = 0; x < width * 4; x++) {
        let sum = HALF;
        for (let tap = 0; tap < taps; tap++) {
          const weight = view.getInt16(weights + (y * taps + tap) * 2, true);
          sum += bytes[src + (start + tap) * srcStride + x] * weight;
        }
        bytes[dst + y * dstStride + x] = sum >> WEIGHT_BITS;
      }
    }
  };
}
