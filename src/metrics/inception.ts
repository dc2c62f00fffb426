/**
 * FID's network: Inception as ported from TensorFlow's graph of 2015-12-05 (Szegedy et al. 2016). It differs from
 * torchvision's: average pools ignore positions beyond the border, block 7c uses a maximum before its pooled branch,
 * and there is no auxiliary head. It serves inference only: batch norm (epsilon 1e-3) is folded into the convolutions.
 */
import * as tf from "@tensorflow/tfjs-core";
import { currentDevice } from "../device/current.js";
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { Random } from "../random.js";

export const INCEPTION_DIMS = [64, 192, 768, 2048] as const;
export type InceptionDims = (typeof INCEPTION_DIMS)[number];
/** Side of its input in pixels. */
export const INCEPTION_SIZE = 299;
const BN_EPSILON = 1e-3;

interface Layer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly padY: number;
  readonly padX: number;
}

const layers = new Map<string, Layer>();

function layer(
  name: string,
  from: number,
  to: number,
  kernel: number | readonly [number, number],
  stride = 1,
  pad?: number,
) {
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  // Kernels that are not square keep the size; the padding of square ones is given.
  const [padY, padX] = typeof kernel === "number" ? [pad ?? 0, pad ?? 0] : [(height - 1) / 2, (width - 1) / 2];
  layers.set(name, { name, from, to, height, width, stride, padY, padX });
}

function declareLayers(): void {
  layer("Conv2d_1a_3x3", 3, 32, 3, 2);
  layer("Conv2d_2a_3x3", 32, 32, 3);
  layer("Conv2d_2b_3x3", 32, 64, 3, 1, 1);
  layer("Conv2d_3b_1x1", 64, 80, 1);
  layer("Conv2d_4a_3x3", 80, 192, 3);
  for (const [name, from, pooled] of [
    ["Mixed_5b", 192, 32],
    ["Mixed_5c", 256, 64],
    ["Mixed_5d", 288, 64],
  ] as const) {
    layer(`${name}.branch1x1`, from, 64, 1);
    layer(`${name}.branch5x5_1`, from, 48, 1);
    layer(`${name}.branch5x5_2`, 48, 64, 5, 1, 2);
    layer(`${name}.branch3x3dbl_1`, from, 64, 1);
    layer(`${name}.branch3x3dbl_2`, 64, 96, 3, 1, 1);
    layer(`${name}.branch3x3dbl_3`, 96, 96, 3, 1, 1);
    layer(`${name}.branch_pool`, from, pooled, 1);
  }
  layer("Mixed_6a.branch3x3", 288, 384, 3, 2);
  layer("Mixed_6a.branch3x3dbl_1", 288, 64, 1);
  layer("Mixed_6a.branch3x3dbl_2", 64, 96, 3, 1, 1);
  layer("Mixed_6a.branch3x3dbl_3", 96, 96, 3, 2);
  for (const [name, c] of [
    ["Mixed_6b", 128],
    ["Mixed_6c", 160],
    ["Mixed_6d", 160],
    ["Mixed_6e", 192],
  ] as const) {
    layer(`${name}.branch1x1`, 768, 192, 1);
    layer(`${name}.branch7x7_1`, 768, c, 1);
    layer(`${name}.branch7x7_2`, c, c, [1, 7]);
    layer(`${name}.branch7x7_3`, c, 192, [7, 1]);
    layer(`${name}.branch7x7dbl_1`, 768, c, 1);
    layer(`${name}.branch7x7dbl_2`, c, c, [7, 1]);
    layer(`${name}.branch7x7dbl_3`, c, c, [1, 7]);
    layer(`${name}.branch7x7dbl_4`, c, c, [7, 1]);
    layer(`${name}.branch7x7dbl_5`, c, 192, [1, 7]);
    layer(`${name}.branch_pool`, 768, 192, 1);
  }
  layer("Mixed_7a.branch3x3_1", 768, 192, 1);
  layer("Mixed_7a.branch3x3_2", 192, 320, 3, 2);
  layer("Mixed_7a.branch7x7x3_1", 768, 192, 1);
  layer("Mixed_7a.branch7x7x3_2", 192, 192, [1, 7]);
  layer("Mixed_7a.branch7x7x3_3", 192, 192, [7, 1]);
  layer("Mixed_7a.branch7x7x3_4", 192, 192, 3, 2);
  for (const [name, from] of [
    ["Mixed_7b", 1280],
    ["Mixed_7c", 2048],
  ] as const) {
    layer(`${name}.branch1x1`, from, 320, 1);
    layer(`${name}.branch3x3_1`, from, 384, 1);
    layer(`${name}.branch3x3_2a`, 384, 384, [1, 3]);
    layer(`${name}.branch3x3_2b`, 384, 384, [3, 1]);
    layer(`${name}.branch3x3dbl_1`, from, 448, 1);
    layer(`${name}.branch3x3dbl_2`, 448, 384, 3, 1, 1);
    layer(`${name}.branch3x3dbl_3a`, 384, 384, [1, 3]);
    layer(`${name}.branch3x3dbl_3b`, 384, 384, [3, 1]);
    layer(`${name}.branch_pool`, from, 192, 1);
  }
}
declareLayers();

/** The layers needed for this number of feature dimensions, in the order of the network. */
function layersFor(dims: InceptionDims): readonly Layer[] {
  const last = { 64: "Conv2d_2b_3x3", 192: "Conv2d_4a_3x3", 768: "Mixed_6e.branch_pool", 2048: "Mixed_7c.branch_pool" }[
    dims
  ];
  const names = [...layers.keys()];
  return names.slice(0, names.indexOf(last) + 1).map((name) => layers.get(name) as Layer);
}

/** The folded weights on the device. */
export interface Inception {
  readonly dims: InceptionDims;
  readonly filters: ReadonlyMap<string, { readonly filter: tf.Tensor4D; readonly bias: tf.Tensor1D }>;
  dispose(): void;
}

/** Names and shapes of the tensors in a weight file, in PyTorch's layout, for this number of feature dimensions. */
export function inceptionTensors(
  dims: InceptionDims,
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  return layersFor(dims).flatMap(({ name, from, to, height, width }) => [
    { name: `${name}.conv.weight`, shape: [to, from, height, width] },
    ...["weight", "bias", "running_mean", "running_var"].map((part) => ({ name: `${name}.bn.${part}`, shape: [to] })),
  ]);
}

/** Number of tensors that a message names before it only counts them. */
const NAMED = 4;

/** @throws InputError that names the tensors that are missing or have another shape */
export function checkInceptionTensors(tensors: NamedTensors, dims: InceptionDims, source: string): void {
  const wrong = inceptionTensors(dims).filter(({ name, shape }) => tensors.get(name)?.shape.join() !== shape.join());
  if (wrong.length === 0) return;
  const words = wrong.slice(0, NAMED).map(({ name, shape }) => {
    const found = tensors.get(name);
    return `'${name}' of shape [${shape}] (${found === undefined ? "missing" : `has [${found.shape}]`})`;
  });
  if (wrong.length > NAMED) words.push(`and ${wrong.length - NAMED} more`);
  const received = `${tensors.size} tensors without ${wrong.length === 1 ? "it" : "them"}`;
  const remedy = "Is it the file of pytorch-fid? See elegant weights.";
  throw new InputError(describeMismatch(source, `tensors ${words.join(", ")}`, received, remedy));
}

/**
 * Puts the network on the current device.
 * @param tensors under the names of the published weight file; others (fc, counters) are ignored
 * @throws InputError if some are missing or have another shape
 */
export function createInception(tensors: NamedTensors, dims: InceptionDims, source: string): Inception {
  checkInceptionTensors(tensors, dims, source);
  const valuesOf = (name: string): Float32Array => (tensors.get(name) as { data: Float32Array }).data;
  const filters = new Map<string, { filter: tf.Tensor4D; bias: tf.Tensor1D }>();
  for (const { name, from, to, height, width } of layersFor(dims)) {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      valuesOf(`${name}.bn.${part}`),
    );
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i] + BN_EPSILON));
    const weight = valuesOf(`${name}.conv.weight`);
    const folded = new Float32Array(weight.length); // [h, w, in, out]
    const area = height * width;
    for (let o = 0; o < to; o++) {
      for (let i = 0; i < from; i++) {
        for (let k = 0; k < area; k++) folded[(k * from + i) * to + o] = weight[(o * from + i) * area + k] * scale[o];
      }
    }
    const bias = Float32Array.from(beta, (value, i) => value - mean[i] * scale[i]);
    filters.set(name, { filter: tf.tensor4d(folded, [height, width, from, to]), bias: tf.tensor1d(bias) });
  }
  currentDevice()?.freeze([...filters.values()].map(({ filter }) => filter));
  return {
    dims,
    filters,
    dispose: () => tf.dispose([...filters.values()].flatMap(({ filter, bias }) => [filter, bias])),
  };
}

/** A seeded network with the same layers. Its scores compare sets with each other, but not with published scores. */
export function randomInceptionTensors(seed: number, dims: InceptionDims): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const { name, shape } of inceptionTensors(dims)) {
    const random = Random.fromSeed(seed, `inception/${name}`);
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name.endsWith("conv.weight")) {
      const deviation = Math.sqrt(2 / (shape[1] * shape[2] * shape[3]));
      for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
    } else {
      data.fill(/\.(weight|running_var)$/.test(name) ? 1 : 0);
    }
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/**
 * Features of images, averaged over space.
 * @param images [N, 299, 299, 3] in the network's range, about [-1, 1]
 * @returns [N, dims]
 */
export function inceptionFeatures({ dims, filters }: Inception, images: tf.Tensor4D): tf.Tensor2D {
  const conv = (x: tf.Tensor4D, name: string): tf.Tensor4D => {
    const { stride, padY, padX } = layers.get(name) as Layer;
    const { filter, bias } = filters.get(name) as { filter: tf.Tensor4D; bias: tf.Tensor1D };
    const pads: [[number, number], [number, number], [number, number], [number, number]] = [
      [0, 0],
      [padY, padY],
      [padX, padX],
      [0, 0],
    ];
    return tf.fused.conv2d({ x, filter, bias, strides: stride, pad: pads, activation: "relu" });
  };
  const chain = (x: tf.Tensor4D, ...names: readonly string[]): tf.Tensor4D => names.reduce(conv, x);
  const join = (...parts: readonly tf.Tensor4D[]): tf.Tensor4D => tf.concat([...parts], 3);
  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}_${i + 1}`);
  const shrink = (x: tf.Tensor4D): tf.Tensor4D => tf.maxPool(x, 3, 2, "valid");
  // Here, "same" is a pad of 1 on all sides. The `tensorflow` device accepts no other pads for pooling.
  const smooth = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, 3, 1, "same");
  const average = (x: tf.Tensor4D): tf.Tensor2D => {
    const [n, height, width] = x.shape;
    return tf.reshape(tf.avgPool(x, [height, width], 1, "valid"), [n, dims]);
  };

  const blockA = (x: tf.Tensor4D, name: string): tf.Tensor4D =>
    join(
      conv(x, `${name}.branch1x1`),
      chain(x, ...numbered(`${name}.branch5x5`, 2)),
      chain(x, ...numbered(`${name}.branch3x3dbl`, 3)),
      conv(smooth(x), `${name}.branch_pool`),
    );
  const blockC = (x: tf.Tensor4D, name: string): tf.Tensor4D =>
    join(
      conv(x, `${name}.branch1x1`),
      chain(x, ...numbered(`${name}.branch7x7`, 3)),
      chain(x, ...numbered(`${name}.branch7x7dbl`, 5)),
      conv(smooth(x), `${name}.branch_pool`),
    );
  const blockE = (x: tf.Tensor4D, name: string, pooled: tf.Tensor4D): tf.Tensor4D => {
    const split = (y: tf.Tensor4D, branch: string): tf.Tensor4D => join(conv(y, `${branch}a`), conv(y, `${branch}b`));
    return join(
      conv(x, `${name}.branch1x1`),
      split(conv(x, `${name}.branch3x3_1`), `${name}.branch3x3_2`),
      split(chain(x, ...numbered(`${name}.branch3x3dbl`, 2)), `${name}.branch3x3dbl_3`),
      conv(pooled, `${name}.branch_pool`),
    );
  };

  return tf.tidy(() => {
    let x = shrink(chain(images, "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3")); // [N, 73, 73, 64]
    if (dims === 64) return average(x);
    x = shrink(chain(x, "Conv2d_3b_1x1", "Conv2d_4a_3x3")); // [N, 35, 35, 192]
    if (dims === 192) return average(x);
    for (const name of ["Mixed_5b", "Mixed_5c", "Mixed_5d"]) x = blockA(x, name); // [N, 35, 35, 288]
    x = join(conv(x, "Mixed_6a.branch3x3"), chain(x, ...numbered("Mixed_6a.branch3x3dbl", 3)), shrink(x)); // [N, 17, 17, 768]
    for (const name of ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"]) x = blockC(x, name);
    if (dims === 768) return average(x);
    x = join(
      chain(x, ...numbered("Mixed_7a.branch3x3", 2)),
      chain(x, ...numbered("Mixed_7a.branch7x7x3", 4)),
      shrink(x),
    ); // [N, 8, 8, 1280]
    x = blockE(x, "Mixed_7b", smooth(x)); // [N, 8, 8, 2048]
    x = blockE(x, "Mixed_7c", tf.maxPool(x, 3, 1, "same"));
    return average(x);
  });
}
