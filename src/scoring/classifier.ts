/**
 * Small networks that recognise the attributes of a face: convolutions, then one linear layer that still distinguishes
 * positions (faces are aligned). `elegant score` trains one on the data's own training images, to judge whether an edit
 * reached the wanted attribute and kept the others. `elegant label` has another one.
 */
import * as tf from "@tensorflow/tfjs-core";
import { channelNorm } from "../device/ops/channel-norm.js";
import { type Parameters, parameter } from "../nn/parameters.js";
import { Random } from "../random.js";

export interface ClassifierShape {
  /** Side in pixels of the images. Other images are resized. */
  readonly size: number;
  /** The convolutions in their order: the number of output channels, and the stride. */
  readonly layers: readonly { readonly channels: number; readonly stride: 1 | 2 }[];
}

const LEAK = 0.2;
/** The network of `elegant score`, from 64 to 32, 16, 8 and 4 pixels. */
export const JUDGE: ClassifierShape = {
  size: 64,
  layers: [24, 48, 96, 96].map((channels) => ({ channels, stride: 2 })),
};

/** Number of inputs of the linear layer per image. */
export function featureCount({ size, layers }: ClassifierShape): number {
  const side = layers.reduce((before, { stride }) => Math.ceil(before / stride), size);
  return side * side * layers[layers.length - 1].channels;
}

interface Spec {
  readonly name: string;
  /** Shape on the device: filters [3, 3, in, out], linear layer [features, attributes]. */
  readonly shape: readonly number[];
  /** Standard deviation of the initial values around `mean`. */
  readonly deviation: number;
  readonly mean: number;
}

/** The parameters for `count` attributes, in the order of their layers. */
export function classifierSpecs(shape: ClassifierShape, count: number): readonly Spec[] {
  const features = featureCount(shape);
  const blocks = shape.layers.flatMap(({ channels: to }, i): Spec[] => {
    const from = i === 0 ? 3 : shape.layers[i - 1].channels;
    return [
      { name: `${i}.weight`, shape: [3, 3, from, to], deviation: Math.sqrt(2 / (9 * from)), mean: 0 },
      { name: `${i}.bias`, shape: [to], deviation: 0, mean: 0 },
      { name: `${i}.alpha`, shape: [1], deviation: 0, mean: Math.sqrt(to) },
      { name: `${i}.beta`, shape: [1], deviation: 0, mean: 0 },
    ];
  });
  return [
    ...blocks,
    { name: "linear.weight", shape: [features, count], deviation: 0.1 / Math.sqrt(features), mean: 0 },
    { name: "linear.bias", shape: [count], deviation: 0, mean: 0 },
  ];
}

/** New parameters on the current device, with He et al. (2015) for the convolutions. */
export function initialClassifier(network: ClassifierShape, count: number, seed: number): Parameters {
  const parameters = new Map<string, tf.Variable>();
  for (const { name, shape, deviation, mean } of classifierSpecs(network, count)) {
    const random = Random.fromSeed(seed, `classifier/${name}`);
    const values = new Float32Array(tf.util.sizeFromShape([...shape])).fill(mean);
    if (deviation > 0) for (let i = 0; i < values.length; i++) values[i] += deviation * random.normal();
    parameters.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), true)),
    );
  }
  return parameters;
}

/**
 * The network's confidence for each attribute: positive if it finds the attribute.
 * @param images [N, size, size, 3] in [-1, 1]
 * @param kept   factors of the last features in training, [N, features]
 * @returns [N, attributes]
 */
export function classify(
  { size, layers }: ClassifierShape,
  parameters: Parameters,
  images: tf.Tensor4D,
  kept?: tf.Tensor2D,
): tf.Tensor2D {
  return tf.tidy(() => {
    let x = images;
    for (const [i, { stride }] of layers.entries()) {
      const one = (name: string): tf.Tensor1D => parameter(parameters, `${i}.${name}`) as unknown as tf.Tensor1D;
      const filter = parameter(parameters, `${i}.weight`) as unknown as tf.Tensor4D;
      const y = tf.conv2d(x, filter, stride, 1); // [N, S / stride, same, C]
      x = channelNorm({ x: y, bias: one("bias"), alpha: one("alpha"), beta: one("beta") }, LEAK);
    }
    const features = tf.reshape(x, [images.shape[0], featureCount({ size, layers })]) as tf.Tensor2D;
    const flat = kept === undefined ? features : tf.mul(features, kept);
    const weight = parameter(parameters, "linear.weight") as unknown as tf.Tensor2D;
    return tf.add(tf.matMul(flat, weight), parameter(parameters, "linear.bias")) as tf.Tensor2D;
  });
}
