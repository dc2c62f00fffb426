/**
 * StarGAN's generator and discriminator as pure functions of (parameters, tensors), with the layers of the published
 * code (yunjey/stargan, model.py). S is the side, W the width, N the batch, c the number of attributes.
 */
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../device/ops/bias-leaky.js";
import { instanceNorm } from "../../device/ops/instance-norm.js";
import { withLabels } from "../../nn/labels.js";
import { biasOf, convolve, convolveDoubling, filterOf, NO_ACTIVATION, RELU } from "../../nn/layers.js";
import { type Parameters, parameter } from "../../nn/parameters.js";
import type { StarganConfig } from "./config.js";

/** Slope of the discriminator's LeakyReLU below zero. */
const LEAK = 0.01;

/** Normalizes with the layer's own weight and bias. The statistics are always those of the picture itself. */
function norm(parameters: Parameters, name: string, x: tf.Tensor4D, slope: number): tf.Tensor4D {
  const weight = parameter(parameters, `${name}.weight`) as unknown as tf.Tensor1D;
  return instanceNorm({ x, weight, bias: biasOf(parameters, name) }, slope);
}

/**
 * Translates images to other labels.
 * @param images [N, S, S, 3] in [-1, 1]
 * @param labels the wanted labels of all attributes, [N, c] of 0 and 1
 * @returns [N, S, S, 3] in [-1, 1]
 */
export function translate(
  parameters: Parameters,
  { generatorBlocks }: StarganConfig,
  images: tf.Tensor4D,
  labels: tf.Tensor2D,
): tf.Tensor4D {
  const conv = (x: tf.Tensor4D, name: string, stride: number, pad: number) =>
    convolve(parameters, name, x, stride, pad);
  const doubled = (x: tf.Tensor4D, name: string) => convolveDoubling(parameters, name, x);
  const at = (i: number): string => `G.main.${i}`;
  let x = withLabels(images, labels);
  x = norm(parameters, at(1), conv(x, at(0), 1, 3), RELU); // [N, S, S, W]
  x = norm(parameters, at(4), conv(x, at(3), 2, 1), RELU); // [N, S/2, S/2, 2 W]
  x = norm(parameters, at(7), conv(x, at(6), 2, 1), RELU); // [N, S/4, S/4, 4 W]
  for (let block = 0; block < generatorBlocks; block++) {
    const name = `${at(9 + block)}.main`;
    const inner = norm(parameters, `${name}.1`, conv(x, `${name}.0`, 1, 1), RELU);
    x = tf.add(x, norm(parameters, `${name}.4`, conv(inner, `${name}.3`, 1, 1), NO_ACTIVATION));
  }
  const up = 9 + generatorBlocks;
  x = norm(parameters, at(up + 1), doubled(x, at(up)), RELU); // [N, S/2, S/2, 2 W]
  x = norm(parameters, at(up + 4), doubled(x, at(up + 3)), RELU); // [N, S, S, W]
  return tf.tanh(conv(x, at(up + 6), 1, 3));
}

/** What the discriminator says of images. */
export interface Judged {
  /** Scores of patches, higher for real ones: [N, s, s, 1] with s = S / 2^layers. */
  readonly source: tf.Tensor4D;
  /** Logits of the attributes, [N, c]. */
  readonly logits: tf.Tensor2D;
}

/** Computes the part that both heads of the discriminator share: [N, s, s, C]. It is differentiable twice. */
function trunk(parameters: Parameters, { discriminatorLayers }: StarganConfig, images: tf.Tensor4D): tf.Tensor4D {
  let x = images;
  for (let i = 0; i < discriminatorLayers; i++) {
    const name = `D.main.${2 * i}`;
    const y = tf.conv2d(x, filterOf(parameters, name), 2, 1);
    x = biasLeaky(y, biasOf(parameters, name), LEAK); // [N, S / 2^(i+1), same, W 2^i]
  }
  return x;
}

/** Computes the scores of patches alone. @param images [N, S, S, 3] @returns [N, s, s, 1] */
export function scorePatches(parameters: Parameters, config: StarganConfig, images: tf.Tensor4D): tf.Tensor4D {
  return tf.conv2d(trunk(parameters, config, images), filterOf(parameters, "D.conv1"), 1, 1);
}

/** Judges images. @param images [N, S, S, 3] in [-1, 1] */
export function judge(parameters: Parameters, config: StarganConfig, images: tf.Tensor4D): Judged {
  const features = trunk(parameters, config, images);
  const source = tf.conv2d(features, filterOf(parameters, "D.conv1"), 1, 1);
  const logits = tf.conv2d(features, filterOf(parameters, "D.conv2"), 1, 0); // [N, 1, 1, c]
  return { source, logits: tf.reshape(logits, [images.shape[0], config.attributes.length]) };
}
