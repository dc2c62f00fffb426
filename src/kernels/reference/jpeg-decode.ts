/** Reference implementation of assembly/image/jpeg-decode.ts and jpeg-idct.ts: one bit and one coefficient at a time. */
import type { JpegDecodeKernel } from "../image.js";

/** Bits of the segment between two markers, without stuffing and fill bytes. After its end, all bits are 0. */
class Segment {
  private readonly bytes: number[] = [];
  /** For each of those bytes, the position after it in the data. */
  private readonly ends: number[] = [];
  private readonly from: number;
  private at = 0;
  /** Position and code of the marker after the segment. The code is 0 if the data end first. */
  readonly markerAt: number;
  readonly marker: number;

  constructor(data: Uint8Array, from: number) {
    this.from = from;
    let at = from;
    for (; at < data.length; at++) {
      if (data[at] === 0xff) {
        if (data[at + 1] === 0xff) continue;
        if (data[at + 1] !== 0) break;
      }
      this.bytes.push(data[at]);
      if (data[at] === 0xff) at++;
      this.ends.push(at + 1);
    }
    const isMarker = at + 1 < data.length;
    this.markerAt = isMarker ? at : data.length;
    this.marker = isMarker ? data[at + 1] : 0;
  }

  /** Position after the last byte from which a bit was read. */
  get usedUpTo(): number {
    return this.ends[Math.ceil(this.at / 8) - 1] ?? this.from;
  }

  get bitsLeft(): number {
    return this.bytes.length * 8 - this.at;
  }

  bit(): number {
    const byte = this.bytes[this.at >> 3] ?? 0;
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  /** T.81, F.2.2.1: RECEIVE and EXTEND. */
  value(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 1) | this.bit();
    return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** T.81, F.2.2.3: DECODE. Null if there is no such code. */
  symbol(view: DataView, table: number): number | null {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bit();
      if (code << (16 - length) < view.getUint32(table + 4096 + length * 4, true)) {
        return view.getUint8(table + 4232 + ((code + view.getInt32(table + 4164 + length * 4, true)) & 255));
      }
    }
    return null;
  }
}

/**
 * One eight-point transform, with the constants and the order of steps of the paper. Its output has 13 more bits than
 * its input.
 */
function transform(input: readonly number[]): number[] {
  const [i0, i1, i2, i3, i4, i5, i6, i7] = input;
  const even = (i2 + i6) * 4433;
  const inner = even - i6 * 15137;
  const outer = even + i2 * 6270;
  const sum = (i0 + i4) * 8192;
  const difference = (i0 - i4) * 8192;
  const evens = [sum + outer, difference + inner, difference - inner, sum - outer];

  const z5 = (i7 + i3 + i5 + i1) * 9633;
  const z1 = (i7 + i1) * -7373;
  const z2 = (i5 + i3) * -20995;
  const z3 = (i7 + i3) * -16069 + z5;
  const z4 = (i5 + i1) * -3196 + z5;
  const odds = [i1 * 12299 + z1 + z4, i3 * 25172 + z2 + z3, i5 * 16819 + z2 + z4, i7 * 2446 + z1 + z3];
  return [0, 1, 2, 3, 3, 2, 1, 0].map((k, i) => (i < 4 ? evens[k] + odds[k] : evens[k] - odds[k]));
}

/** Coefficients [8, 8], multiplied by their quantisation steps -> samples [8, 8]. */
function inverseDct(coefficients: readonly number[]): Uint8ClampedArray {
  const half = new Array<number>(64);
  for (let x = 0; x < 8; x++) {
    transform(Array.from({ length: 8 }, (_, y) => coefficients[y * 8 + x])).forEach((value, y) => {
      half[y * 8 + x] = (value + 1024) >> 11;
    });
  }
  const samples = new Uint8ClampedArray(64);
  for (let y = 0; y < 8; y++) {
    transform(half.slice(y * 8, y * 8 + 8)).forEach((value, x) => {
      samples[y * 8 + x] = ((value + (1 << 17)) >> 18) + 128;
    });
  }
  return samples;
}

const clampByte = (value: number): number => Math.min(Math.max(value, 0), 255);

export function decodeJpegScan(memory: WebAssembly.Memory): JpegDecodeKernel {
  return (data, length, params, _scratch) => {
    const view = new DataView(memory.buffer);
    const file = new Uint8Array(memory.buffer, data, length);
    const number = (offset: number): number => view.getInt32(params + offset, true);
    const [across, down, interval, components] = [number(0), number(4), number(8), number(12)];
    const [left, right, top, bottom] = [number(16), number(20), number(24), number(28)];
    let segment = new Segment(file, 0);
    let predictors = [0, 0, 0];
    for (let mcu = 0; mcu < across * down; mcu++) {
      const [row, column] = [Math.floor(mcu / across), mcu % across];
      if (interval !== 0 && mcu > 0 && mcu % interval === 0) {
        const expected = 0xd0 | ((mcu / interval - 1) & 7);
        if (segment.marker !== expected || segment.bitsLeft > 7) return -4;
        segment = new Segment(file, segment.markerAt + 2);
        predictors = [0, 0, 0];
      }
      for (let c = 0; c < components; c++) {
        const at = 64 + 32 * c;
        const [h, v, plane, stride] = [number(at), number(at + 4), number(at + 8), number(at + 12)];
        for (let block = 0; block < h * v; block++) {
          const coefficients = new Array<number>(64).fill(0);
          const step = (index: number): number => view.getInt16(number(at + 24) + index * 2, true);
          const size = segment.symbol(view, number(at + 16));
          if (size === null) return -1;
          predictors[c] += segment.value(size);
          coefficients[0] = predictors[c] * step(0);
          for (let k = 1; k < 64; k++) {
            const symbol = segment.symbol(view, number(at + 20));
            if (symbol === null) return -1;
            const [zeros, bits] = [symbol >> 4, symbol & 15];
            if (bits === 0 && zeros !== 15) break; // end of block
            k += zeros;
            if (k > 63) return -2;
            const index = view.getUint8(number(56) + k);
            coefficients[index] = segment.value(bits) * step(index);
          }
          if (segment.bitsLeft < 0) return -3;
          if (number(60) !== 0) {
            const x = column * h + (block % h);
            const y = row * v + Math.floor(block / h);
            view.setUint8(plane + y * stride + x, clampByte(((coefficients[0] + 4) >> 3) + 128));
            continue;
          }
          if (row < top || row >= bottom || column < left || column >= right) continue;
          const x = ((column - left) * h + (block % h)) * 8;
          const y = ((row - top) * v + Math.floor(block / h)) * 8;
          inverseDct(coefficients).forEach((sample, i) => {
            view.setUint8(plane + (y + (i >> 3)) * stride + x + (i & 7), sample);
          });
        }
      }
    }
    return segment.marker === 0 ? -3 : segment.usedUpTo;
  };
}
