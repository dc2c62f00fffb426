/**
 * The formula that fills the weights, images and labels of golden files, so that they need not be stored
 * (../shared/golden/README.md). All values are exact up to one rounding to float32.
 */
import type { NamedTensors } from "../interop/safetensors.js";
import type { ParameterSpec } from "../nn/parameters.js";
import { fnv1a, mix32 } from "../random.js";
import type { RgbaImage } from "../types.js";

/** Returns value number i of a field, in [-1, 1). */
export type Field = (i: number) => number;

/** The hashed noise for a name and a seed. */
export function field(name: string, seed: number): Field {
  const base = mix32((fnv1a(name) ^ seed) >>> 0);
  return (i) => ((mix32((base + i) >>> 0) >>> 8) / 2 ** 24) * 2 - 1;
}

/** float32(field * scale + offset), row-major in PyTorch's layout. */
export function filled(name: string, seed: number, count: number, scale: number, offset = 0): Float32Array {
  const value = field(name, seed);
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = value(i) * scale + offset;
  return data;
}

/** Number of blocks per side in the coarse part of an image. */
const BLOCKS = 8;

/** A batch of images in [-1, 1), [N, 3, S, S] row-major: 8 x 8 coarse blocks plus fine noise. S is a multiple of 8. */
export function image(name: string, seed: number, batch: number, size: number): Float32Array {
  const coarse = field(`${name}.low`, seed);
  const fine = field(name, seed);
  const side = size / BLOCKS;
  const data = new Float32Array(batch * 3 * size * size);
  let i = 0;
  for (let plane = 0; plane < batch * 3; plane++) {
    for (let y = 0; y < size; y++) {
      const row = (plane * BLOCKS + Math.floor(y / side)) * BLOCKS;
      for (let x = 0; x < size; x++, i++) data[i] = 0.7 * coarse(row + Math.floor(x / side)) + 0.3 * fine(i);
    }
  }
  return data;
}

/** Labels of one side in one iteration, [N, attributes] of 0 and 1. The exchanged attribute is 1 for A and 0 for B. */
export function labels(
  side: "A" | "B",
  seed: number,
  iteration: number,
  batch: number,
  attributes: number,
  attribute: number,
): Float32Array {
  const value = field(`y${side}${iteration}`, seed);
  return Float32Array.from({ length: batch * attributes }, (_, i) => {
    if (i % attributes === attribute) return side === "A" ? 1 : 0;
    return value(i) > 0 ? 1 : 0;
  });
}

function fillParameter(spec: ParameterSpec, seed: number): Float32Array {
  const { name, shape, kind, fanIn } = spec;
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (kind === "alpha") return filled(name, seed, count, 0.5, 1);
  if (kind === "beta") return filled(name, seed, count, 0.1);
  if (kind === "bias") return filled(name, seed, count, 0.05);
  // Number of the layer's inputs in [out, in, k, k], [in, out, k, k] or [1, in].
  const [first, second, ...filter] = shape;
  const taps = (channels: number): number => filter.reduce((product, side) => product * side, channels);
  const fan = kind === "tensorflow" ? fanIn : taps(kind === "transposed" ? first : second);
  return filled(name, seed, count, Math.fround(Math.sqrt(6 / fan)));
}

/** Parameters in PyTorch's layout. */
export function fillParameters(specs: readonly ParameterSpec[], seed: number): NamedTensors {
  return new Map(specs.map((spec) => [spec.name, { shape: spec.shape, data: fillParameter(spec, seed) }]));
}

/** A photo of gradients, a chequered pattern and a little noise: the README's `bytes_hwc`, opaque. */
export function photo(name: string, seed: number, height: number, width: number): RgbaImage {
  const noise = field(name, seed);
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const slopes = [x / width - 0.5, y / height - 0.5, (x + y) / (width + height) - 0.5];
      const square = ((Math.floor(x / 16) + Math.floor(y / 16)) % 2) - 0.5;
      const pixel = y * width + x;
      for (let c = 0; c < 3; c++) {
        const value = 128 + 100 * slopes[c] + 25 * square + 6 * noise(pixel * 3 + c);
        data[pixel * 4 + c] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
      }
      data[pixel * 4 + 3] = 255;
    }
  }
  return { width, height, data };
}
