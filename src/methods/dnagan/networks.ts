/**
 * DNA-GAN's encoder, decoder and discriminator as pure functions of (parameters, tensors), with the layers of the
 * published code (Prinsphield/DNA-GAN, model.py). S is the side, W the width, N the batch, n the number of attributes.
 * All filters are 4x4 with stride 2; TensorFlow's padding "SAME" is one row of zeros all round.
 */
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../device/ops/bias-leaky.js";
import { batchNorm } from "../../device/ops/instance-norm.js";
import { withLabels } from "../../nn/labels.js";
import { type Parameters, parameter } from "../../nn/parameters.js";

/** Slope of LeakyReLU below zero, in the encoder and the discriminator. */
const LEAK = 0.2;
const RELU = 0;
/** Epsilon of batch normalization. */
export const EPSILON = 1e-3;

/** The factor and the offset of a layer's batch normalization, each [C]. */
export interface Affine {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
}

/**
 * Normalizes and activates a layer's output.
 * @param layer the layer's name: "encoder/conv2"
 * @param x     [N, H, W, C]
 * @param slope of the activation below zero; 0 is ReLU
 * @returns [N, H, W, C]
 */
export type Normalize = (layer: string, x: tf.Tensor4D, affine: Affine, slope: number) => tf.Tensor4D;

/** Normalizes with the statistics of the call's own batch, as in training. */
export const normalizeByBatch: Normalize = (_, x, { gamma, beta }, slope) =>
  batchNorm({ x, weight: gamma, bias: beta }, slope, EPSILON);

function filterOf(parameters: Parameters, layer: string): tf.Tensor4D {
  return parameter(parameters, `${layer}/W`) as unknown as tf.Tensor4D;
}

function affineOf(parameters: Parameters, layer: string): Affine {
  const [gamma, beta] = ["gamma", "beta"].map((part) => parameter(parameters, `${layer}/batch_normalization/${part}`));
  return { gamma: gamma as unknown as tf.Tensor1D, beta: beta as unknown as tf.Tensor1D };
}

/** Halves the side: [N, s, s, C] -> [N, s/2, s/2, C']. */
function halved(parameters: Parameters, layer: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.conv2d(x, filterOf(parameters, layer), 2, 1);
}

/** Doubles the side: [N, s, s, C] -> [N, 2 s, 2 s, C']. */
function doubled(parameters: Parameters, layer: string, x: tf.Tensor4D): tf.Tensor4D {
  const weights = filterOf(parameters, layer);
  const [n, side] = x.shape;
  return tf.conv2dTranspose(x, weights, [n, 2 * side, 2 * side, weights.shape[2]], 2, 1);
}

/** The first layer of encoder and discriminator has neither bias nor normalization. */
function firstLayer(parameters: Parameters, layer: string, x: tf.Tensor4D): tf.Tensor4D {
  const y = halved(parameters, layer, x);
  return biasLeaky(y, tf.zeros([y.shape[3]]), LEAK);
}

/** Encodes images, [N, S, S, 3] in [-1, 1]. @returns codes [N, S/8, S/8, 4 W] */
export function encode(parameters: Parameters, images: tf.Tensor4D, normalize: Normalize): tf.Tensor4D {
  let x = firstLayer(parameters, "encoder/conv1", images); // [N, S/2, S/2, W]
  for (const layer of ["encoder/conv2", "encoder/conv3"]) {
    x = normalize(layer, halved(parameters, layer, x), affineOf(parameters, layer), LEAK); // 2 W, then 4 W channels
  }
  return x;
}

/** Decodes codes, [N, S/8, S/8, 4 W]. @returns images [N, S, S, 3] in [-1, 1] */
export function decode(parameters: Parameters, codes: tf.Tensor4D, normalize: Normalize): tf.Tensor4D {
  let x = codes;
  for (const layer of ["decoder/deconv1", "decoder/deconv2"]) {
    x = normalize(layer, doubled(parameters, layer, x), affineOf(parameters, layer), RELU); // 4 W, then 2 W channels
  }
  return tf.tanh(tf.add(doubled(parameters, "decoder/deconv3", x), parameter(parameters, "decoder/b")));
}

/**
 * Scores images with the labels that they should have. A Wasserstein critic's scores have no bounds.
 * @param images    [N, S, S, 3] in [-1, 1]
 * @param labels    [N, n] of 0, 1, or 0.5 if open; their planes are -1, 1 and 0
 * @param attribute the one whose score is wanted
 * @returns [N], higher for real images
 */
export function score(
  parameters: Parameters,
  images: tf.Tensor4D,
  labels: tf.Tensor2D,
  attribute: number,
): tf.Tensor1D {
  const signs = tf.sub(tf.mul(labels, 2), 1) as tf.Tensor2D;
  let x = firstLayer(parameters, "D/conv1", withLabels(images, signs)); // [N, S/2, S/2, W]
  for (const layer of ["D/conv2", "D/conv3", "D/conv4"]) {
    x = normalizeByBatch(layer, halved(parameters, layer, x), affineOf(parameters, layer), LEAK);
  }
  const weights = parameter(parameters, "D/fct/W") as unknown as tf.Tensor2D; // [H * W * C, n]
  // x is [N, S/16, S/16, 4 W].
  const flat = tf.reshape(x, [images.shape[0], weights.shape[0]]) as tf.Tensor2D;
  const logits = tf.add(tf.matMul(flat, weights), parameter(parameters, "D/fct/b")); // [N, n]
  return tf.reshape(tf.slice(logits, [0, attribute], [-1, 1]), [-1]);
}
