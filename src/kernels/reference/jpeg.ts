/**
 * Reference implementation of assembly/image/jpeg.ts: the DCT by its definition in float64, and one bit at a time.
 * Coefficients on the boundary between two steps may be rounded the other way, so files agree when decoded, but not
 * byte for byte.
 */
import type { JpegScanKernel } from "../image.js";
import { levelPlace } from "../jpeg-tables.js";

const COSINES = Array.from({ length: 64 }, (_, i) => {
  const [k, x] = [i >> 3, i & 7];
  return Math.cos(((2 * x + 1) * k * Math.PI) / 16);
});

class BitWriter {
  private byte = 0;
  private used = 0;
  length = 0;
  private readonly bytes: Uint8Array;
  private readonly start: number;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.start = start;
  }

  put(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit--) {
      this.byte = (this.byte << 1) | ((value >> bit) & 1);
      if (++this.used < 8) continue;
      this.bytes[this.start + this.length++] = this.byte;
      if (this.byte === 0xff) this.bytes[this.start + this.length++] = 0;
      [this.byte, this.used] = [0, 0];
    }
  }

  finish(): void {
    if (this.used > 0) this.put(0xff, 8 - this.used);
  }
}

/** [8, 8] samples -> coefficients at [column * 8 + row], with the scale of the kernel's fast transform. */
function transform(block: readonly number[]): number[] {
  const scale = (k: number): number => (k === 0 ? 1 : 2 * Math.cos((k * Math.PI) / 16));
  return Array.from({ length: 64 }, (_, i) => {
    const [column, row] = [i >> 3, i & 7];
    let sum = 0;
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) sum += block[y * 8 + x] * COSINES[row * 8 + y] * COSINES[column * 8 + x];
    }
    return sum * scale(row) * scale(column);
  });
}

export function encodeJpegScan(memory: WebAssembly.Memory): JpegScanKernel {
  return (src, width, height, stride, tables, _scratch, out) => {
    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    const writer = new BitWriter(bytes, out);
    const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value));
    const putCode = (table: number, symbol: number, value = 0): void => {
      const entry = view.getUint32(tables + 576 + table * 1024 + symbol * 4, true);
      const size = sizeOf(value);
      writer.put((entry & 0x7ffffff) >> size, (entry >>> 27) - size);
      writer.put(value < 0 ? value - 1 : value, size);
    };

    const encodeBlock = (block: readonly number[], component: 0 | 1, lastDc: number): number => {
      const levels = new Array<number>(64).fill(0);
      transform(block).forEach((value, i) => {
        const level = Math.round(value * view.getFloat32(tables + component * 256 + i * 4, true));
        levels[levelPlace((i & 7) * 8 + (i >> 3))] = Math.max(-1023, Math.min(1023, level));
      });
      putCode(component * 2, sizeOf(levels[0] - lastDc), levels[0] - lastDc);
      let run = 0;
      for (let k = 1; k < 64; k++) {
        const value = levels[bytes[tables + 512 + k] / 2];
        if (value === 0) {
          run++;
          continue;
        }
        for (; run > 15; run -= 16) putCode(component * 2 + 1, 0xf0);
        putCode(component * 2 + 1, (run << 4) | sizeOf(value), value);
        run = 0;
      }
      if (run > 0) putCode(component * 2 + 1, 0);
      return levels[0];
    };

    const weighted = (x: number, y: number, [r, g, b]: readonly [number, number, number]): number => {
      const at = src + Math.min(y, height - 1) * stride + Math.min(x, width - 1) * 4;
      return bytes[at] * r + bytes[at + 1] * g + bytes[at + 2] * b;
    };
    const luma = (x: number, y: number): number => weighted(x, y, [0.299, 0.587, 0.114]) - 128;
    const chroma = (x: number, y: number, weights: readonly [number, number, number]): number =>
      (weighted(x, y, weights) +
        weighted(x + 1, y, weights) +
        weighted(x, y + 1, weights) +
        weighted(x + 1, y + 1, weights)) /
      4;
    const blockOf = (sample: (x: number, y: number) => number): number[] =>
      Array.from({ length: 64 }, (_, i) => sample(i & 7, i >> 3));

    const dc = [0, 0, 0];
    for (let y = 0; y < height; y += 16) {
      for (let x = 0; x < width; x += 16) {
        for (const [dx, dy] of [
          [0, 0],
          [8, 0],
          [0, 8],
          [8, 8],
        ]) {
          dc[0] = encodeBlock(
            blockOf((u, v) => luma(x + dx + u, y + dy + v)),
            0,
            dc[0],
          );
        }
        const blue = [-0.168735892, -0.331264108, 0.5] as const;
        const red = [0.5, -0.418687589, -0.081312411] as const;
        dc[1] = encodeBlock(
          blockOf((u, v) => chroma(x + 2 * u, y + 2 * v, blue)),
          1,
          dc[1],
        );
        dc[2] = encodeBlock(
          blockOf((u, v) => chroma(x + 2 * u, y + 2 * v, red)),
          1,
          dc[2],
        );
      }
    }
    writer.finish();
    return writer.length;
  };
}
