/** Reference implementation of assembly/image/jpeg-colour.ts: one pixel at a time. It writes only the pixels of the window. */
import type { JpegColourKernel } from "../image.js";

export function colourJpegWindow(memory: WebAssembly.Memory): JpegColourKernel {
  return (params, dst, dstStride, _scratch) => {
    const view = new DataView(memory.buffer);
    const number = (offset: number): number => view.getInt32(params + offset, true);
    const [firstColumn, firstRow, h, v] = [number(16) * 8, number(24) * 8, number(64), number(68)];
    const isColour = number(12) === 3;
    const chromaColumns = Math.ceil(number(48) / h);
    const chromaRows = Math.ceil(number(52) / v);

    const sampleAt = (component: number, x: number, y: number): number => {
      const at = 64 + 32 * component;
      return view.getUint8(number(at + 8) + y * number(at + 12) + x);
    };
    const chromaAt = (component: number, x: number, y: number): number => {
      const [column, row] = [Math.floor(x / h), Math.floor(y / v)];
      const besideAt = x % 2 === 0 ? Math.max(column - 1, 0) : Math.min(column + 1, chromaColumns - 1);
      const aboveAt = y % 2 === 0 ? Math.max(row - 1, 0) : Math.min(row + 1, chromaRows - 1);
      const sample = (cx: number, cy: number): number => sampleAt(component, cx - firstColumn, cy - firstRow);
      const down = (cx: number): number => (v === 2 ? 3 * sample(cx, row) + sample(cx, aboveAt) : sample(cx, row));
      if (h === 1) return v === 1 ? down(column) : (down(column) + (y % 2 === 0 ? 1 : 2)) >> 2;
      const sum = 3 * down(column) + down(besideAt);
      return v === 2 ? (sum + (x % 2 === 0 ? 8 : 7)) >> 4 : (sum + (x % 2 === 0 ? 1 : 2)) >> 2;
    };

    for (let row = 0; row < number(44); row++) {
      for (let column = 0; column < number(40); column++) {
        const [x, y] = [number(32) + column, number(36) + row];
        const luma = sampleAt(0, x - firstColumn * h, y - firstRow * v);
        let rgb = [luma, luma, luma];
        if (isColour) {
          const [cb, cr] = [chromaAt(1, x, y) - 128, chromaAt(2, x, y) - 128];
          rgb = [
            luma + ((91881 * cr + 32768) >> 16),
            luma + ((-22554 * cb - 46802 * cr + 32768) >> 16),
            luma + ((116130 * cb + 32768) >> 16),
          ];
        }
        const pixel = new Uint8ClampedArray(memory.buffer, dst + row * dstStride + column * 4, 4);
        pixel.set([...rgb, 255]);
      }
    }
  };
}
