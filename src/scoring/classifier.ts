/**
 * A small network that recognises the attributes of a face, trained on the data's own training images. It judges
 * whether an edit reached the wanted attribute and kept the others. It has four convolutions of stride 2, then one
 * linear layer that still distinguishes positions (faces are aligned).
 */
import * as tf from "@tensorflow/tfjs-core";
import { channelNorm } from "../device/ops/channel-norm.js";
import { type Parameters, parameter } from "../nn/parameters.js";
import { Random } from "../random.js";

/** Side in pixels of the images that it judges. Other images are resized. */
export const CLASSIFIER_SIZE = 64;
const LEAK = 0.2;
/** Channels of the blocks, from 64 to 32, 16, 8 and 4 pixels. */
const CHANNELS = [24, 48, 96, 96] as const;
const LAST_SIDE = CLASSIFIER_SIZE / 2 ** CHANNELS.length;
/** Number of inputs of the linear layer per image. */
export const FEATURES = LAST_SIDE * LAST_SIDE * CHANNELS[CHANNELS.length - 1];

interface Spec {
  readonly name: string;
  /** Shape on the device: filters [3, 3, in, out], linear layer [features, attributes]. */
  readonly shape: readonly number[];
  /** Standard deviation of the initial values around `mean`. */
  readonly deviation: number;
  readonly mean: number;
}

/** The parameters for `count` attributes, in the order of their layers. */
export function classifierSpecs(count: number): readonly Spec[] {
  const blocks = CHANNELS.flatMap((to, i): Spec[] => {
    const from = i === 0 ? 3 : CHANNELS[i - 1];
    return [
      { name: `${i}.weight`, shape: [3, 3, from, to], deviation: Math.sqrt(2 / (9 * from)), mean: 0 },
      { name: `${i}.bias`, shape: [to], deviation: 0, mean: 0 },
      { name: `${i}.alpha`, shape: [1], deviation: 0, mean: Math.sqrt(to) },
      { name: `${i}.beta`, shape: [1], deviation: 0, mean: 0 },
    ];
  });
  return [
    ...blocks,
    { name: "linear.weight", shape: [FEATURES, count], deviation: 0.1 / Math.sqrt(FEATURES), mean: 0 },
    { name: "linear.bias", shape: [count], deviation: 0, mean: 0 },
  ];
}

/** New parameters on the current device, with He et al. (2015) for the convolutions. */
export function initialClassifier(count: number, seed: number): Parameters {
  const parameters = new Map<string, tf.Variable>();
  for (const { name, shape, deviation, mean } of classifierSpecs(count)) {
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
 * @param images [N, 64, 64, 3] in [-1, 1]
 * @param kept   factors of the last features in training, [N, FEATURES]
 * @returns [N, attributes]
 */
export function classify(parameters: Parameters, images: tf.Tensor4D, kept?: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    let x = images;
    for (let i = 0; i < CHANNELS.length; i++) {
      const one = (name: string): tf.Tensor1D => parameter(parameters, `${i}.${name}`) as unknown as tf.Tensor1D;
      const filter = parameter(parameters, `${i}.weight`) as unknown as tf.Tensor4D;
      const y = tf.conv2d(x, filter, 2, 1); // [N, 32 / 2^i, same, C]
      x = channelNorm({ x: y, bias: one("bias"), alpha: one("alpha"), beta: one("beta") }, LEAK);
    }
    const features = tf.reshape(x, [images.shape[0], FEATURES]) as tf.Tensor2D;
    const flat = kept === undefined ? features : tf.mul(features, kept);
    const weight = parameter(parameters, "linear.weight") as unknown as tf.Tensor2D;
    return tf.add(tf.matMul(flat, weight), parameter(parameters, "linear.bias")) as tf.Tensor2D;
  });
}
