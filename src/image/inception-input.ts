/**
 * Resizes images for FID's network in the three usual ways: bilinear as in PyTorch (pytorch-fid), bilinear as in
 * TensorFlow 1 (the original), and bicubic with antialiasing as in Pillow (clean-fid). All compute in floating point
 * without rounding in between.
 */
import type { RgbaImage } from "../types.js";

export const INCEPTION_MODES = ["pytorch", "tensorflow", "clean"] as const;
export type InceptionMode = (typeof INCEPTION_MODES)[number];

/** For each output sample, the first input sample, and the weights of it and the following ones. */
interface Taps {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

/** The two neighbours of each position. */
function bilinearTaps(input: number, output: number, halfPixel: boolean): Taps {
  const scale = input / output;
  const first = new Int32Array(output);
  const weights = Array.from({ length: output }, (_, i) => {
    const position = halfPixel ? Math.max(0, (i + 0.5) * scale - 0.5) : i * scale;
    first[i] = Math.min(Math.floor(position), input - 1);
    const share = position - first[i];
    return first[i] + 1 < input ? Float64Array.of(1 - share, share) : Float64Array.of(1);
  });
  return { first, weights };
}

/** Keys' cubic with a = -1/2. */
function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/** A cubic as wide as an output sample if the image shrinks; normalised. */
function bicubicTaps(input: number, output: number): Taps {
  const scale = input / output;
  const width = Math.max(1, scale);
  const first = new Int32Array(output);
  const weights = Array.from({ length: output }, (_, i) => {
    const center = (i + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - 2 * width + 0.5));
    const to = Math.min(input, Math.trunc(center + 2 * width + 0.5));
    first[i] = from;
    const raw = Float64Array.from({ length: to - from }, (_, k) => cubic((from + k - center + 0.5) / width));
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((weight) => weight / sum);
  });
  return { first, weights };
}

function tapsFor(mode: InceptionMode, input: number, output: number): Taps {
  return mode === "clean" ? bicubicTaps(input, output) : bilinearTaps(input, output, mode === "pytorch");
}

/**
 * Resizes an image to `size` x `size`.
 * @param out RGB, [size, size, 3] in the network's range: 2 x / 255 - 1 (pytorch) or (x - 128) / 128 (the others)
 */
export function toInceptionInput(
  { width, height, data }: RgbaImage,
  size: number,
  mode: InceptionMode,
  out: Float32Array,
): void {
  const [across, down] = [tapsFor(mode, width, size), tapsFor(mode, height, size)];
  // First pass, along rows: [height, size, 3].
  const rows = new Float32Array(height * size * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < size; x++) {
      const weights = across.weights[x];
      let [r, g, b] = [0, 0, 0];
      let from = (y * width + across.first[x]) * 4;
      for (let k = 0; k < weights.length; k++, from += 4) {
        r += weights[k] * data[from];
        g += weights[k] * data[from + 1];
        b += weights[k] * data[from + 2];
      }
      const to = (y * size + x) * 3;
      rows[to] = r;
      rows[to + 1] = g;
      rows[to + 2] = b;
    }
  }
  const line = size * 3;
  for (let y = 0; y < size; y++) {
    const weights = down.weights[y];
    for (let i = 0; i < line; i++) {
      let value = 0;
      for (let k = 0, from = down.first[y] * line + i; k < weights.length; k++, from += line)
        value += weights[k] * rows[from];
      if (mode === "pytorch") out[y * line + i] = (2 * value) / 255 - 1;
      else out[y * line + i] = ((mode === "clean" ? Math.min(255, Math.max(0, value)) : value) - 128) / 128;
    }
  }
}
