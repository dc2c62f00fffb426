/**
 * Reference implementation of assembly/image/normalize.ts. The results are bit-identical, because Math.fround rounds
 * each step to f32.
 */
import type { ConvertKernel } from "../image.js";

function toFloat(level: number): number {
  return Math.fround(level / 127.5) - 1;
}

function toLevel(value: number): number {
  const scaled = Math.fround(Math.fround(Math.fround(value + 1) * 127.5) + 0.5);
  return Math.trunc(Math.min(Math.max(scaled, 0), 255.5)); // NaN becomes 0 when it is stored as a byte
}

export function normalizeBytes(memory: WebAssembly.Memory): ConvertKernel {
  return (src, dst, count) => {
    const view = new DataView(memory.buffer);
    for (let i = 0; i < count; i++) view.setFloat32(dst + i * 4, toFloat(view.getUint8(src + i)), true);
  };
}

export function normalizeRgba(memory: WebAssembly.Memory): ConvertKernel {
  return (src, dst, pixels) => {
    const view = new DataView(memory.buffer);
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) view.setFloat32(dst + i * 12 + c * 4, toFloat(view.getUint8(src + i * 4 + c)), true);
    }
  };
}

export function denormalizeBytes(memory: WebAssembly.Memory): ConvertKernel {
  return (src, dst, count) => {
    const view = new DataView(memory.buffer);
    for (let i = 0; i < count; i++) view.setUint8(dst + i, toLevel(view.getFloat32(src + i * 4, true)));
  };
}

export function denormalizeRgba(memory: WebAssembly.Memory): ConvertKernel {
  return (src, dst, pixels) => {
    const view = new DataView(memory.buffer);
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) view.setUint8(dst + i * 4 + c, toLevel(view.getFloat32(src + i * 12 + c * 4, true)));
      view.setUint8(dst + i * 4 + 3, 255);
    }
  };
}
