/**
 * Encoder, decoder and discriminator as pure functions of (parameters, tensors), with the layers of the published code
 * (paper section 3.2; ../shared/facts names every shape). S is the side, W the width, N the batch.
 */
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../device/ops/bias-leaky.js";
import { channelNorm, channelNormTwice } from "../../device/ops/channel-norm.js";
import { residualOutput } from "../../device/ops/residual.js";
import { upsampleBilinear } from "../../device/ops/upsample.js";
import { withLabels } from "../../nn/labels.js";
import { type Parameters, parameter } from "../../nn/parameters.js";
import type { Encoded } from "../method.js";
import { latentChannels, latentSide, type ModelConfig } from "./config.js";

/** Slope of LeakyReLU below zero. */
const LEAK = 0.2;

export interface Decoded {
  /** Residual [N, S, S, 3] in [-2, 2], already multiplied by the mask. */
  readonly residual: tf.Tensor4D;
  /** Mask [N, S, S, 1] in [0, 1]; null for a network without a mask. */
  readonly mask: tf.Tensor4D | null;
}

/** Fails if a tensor's shape is not the one that the layer expects. */
export function expectShape(name: string, tensor: tf.Tensor, shape: readonly (number | null)[]): void {
  const fits =
    tensor.rank === shape.length && shape.every((extent, i) => extent === null || extent === tensor.shape[i]);
  if (!fits) throw new Error(`${name}: expected shape [${shape.map((e) => e ?? "N")}], received [${tensor.shape}]`);
}

function tensor1d(parameters: Parameters, name: string): tf.Tensor1D {
  return parameter(parameters, name) as unknown as tf.Tensor1D;
}

function filter(parameters: Parameters, name: string): tf.Tensor4D {
  return parameter(parameters, name) as unknown as tf.Tensor4D;
}

/**
 * conv 3x3, stride 2, pad 1 -> Normalization -> LeakyReLU: [N, s, s, C] -> [N, s/2, s/2, C']
 * @param norm null for a block without normalization
 */
function downBlock(
  parameters: Parameters,
  conv: string,
  norm: string | null,
  x: tf.Tensor4D,
  normalize: typeof channelNorm = channelNorm,
): tf.Tensor4D {
  const y = tf.conv2d(x, filter(parameters, `${conv}.weight`), 2, 1);
  const bias = tensor1d(parameters, `${conv}.bias`);
  if (norm === null) return biasLeaky(y, bias, LEAK);
  const alpha = tensor1d(parameters, `${norm}.alpha`);
  const beta = tensor1d(parameters, `${norm}.beta`);
  return normalize({ x: y, bias, alpha, beta }, LEAK);
}

/** Encodes images. @param images [N, S, S, 3] in [-1, 1] */
export function encode(parameters: Parameters, config: ModelConfig, images: tf.Tensor4D): Encoded {
  expectShape("encoder", images, [null, config.size, config.size, 3]);
  const skips: tf.Tensor4D[] = [];
  let x = images;
  for (let i = 0; i < config.generatorBlocks; i++) {
    x = downBlock(parameters, `Enc.main.${i}.0`, `Enc.main.${i}.1`, x); // [N, S / 2^(i+1), same, channels[i]]
    skips.push(x);
  }
  return { latent: x, skips: skips.slice(0, -1) };
}

/**
 * Doubles the side in the decoder, [N, s, s, C] -> [N, 2 s, 2 s, C'].
 *
 * "transposed" is the published layer (stride 2, pad 1, output_padding 1). "resize" repeats each pixel twice in both
 * directions and convolves with stride 1, so every output meets the same number of taps. A 3x3 filter of stride 2 does
 * not ensure this, and the difference shows as a checkerboard (Odena et al. 2016, Deconvolution and Checkerboard
 * Artifacts). Repeating and convolving equal one transposed convolution with the filter summed over a 2x2 box, 4x4, so
 * the repeated pixels are never stored.
 *
 * @param weights [3, 3, C', C]
 */
function double(x: tf.Tensor4D, weights: tf.Tensor4D, upsampling: ModelConfig["upsampling"]): tf.Tensor4D {
  const [n, side] = x.shape;
  const shape: [number, number, number, number] = [n, 2 * side, 2 * side, weights.shape[2]];
  return tf.conv2dTranspose(x, upsampling === "resize" ? boxed(weights) : weights, shape, 2, 1);
}

/** Convolves the filter with a 2x2 box of ones: [3, 3, C', C] -> [4, 4, C', C]. */
function boxed(weights: tf.Tensor4D): tf.Tensor4D {
  return [0, 1].reduce((filter, axis) => {
    const [height, width, to, from] = filter.shape;
    const zeros = tf.zeros<tf.Rank.R4>(axis === 0 ? [1, width, to, from] : [height, 1, to, from]);
    return tf.add(tf.concat([filter, zeros], axis), tf.concat([zeros, filter], axis));
  }, weights);
}

/**
 * Makes the mask of an image: one convolution of the decoder's features at a quarter of the side, enlarged bilinearly,
 * then a sigmoid. At that resolution it can cover a pair of glasses but cannot carry noise of single pixels.
 * @param features [N, S/4, S/4, C]
 * @returns [N, S, S, 1] in [0, 1]
 */
function softMask(parameters: Parameters, features: tf.Tensor4D): tf.Tensor4D {
  const y = tf.conv2d(features, filter(parameters, "Dec.mask.weight"), 1, 1);
  return tf.sigmoid(upsampleBilinear(tf.add(y, tensor1d(parameters, "Dec.mask.bias")), 4));
}

/**
 * Computes the residual of a picture whose own latent is `own` and whose edited latent is `edited`.
 * @param edited [N, S/32, S/32, 8 W], or [N, S/16, S/16, 8 W] with four blocks
 * @param own    same shape as edited
 * @param skips  the pictures' own skips; with [N / k, ...] each is used k times along the batch
 */
export function decode(
  parameters: Parameters,
  config: ModelConfig,
  edited: tf.Tensor4D,
  own: tf.Tensor4D,
  skips: readonly tf.Tensor4D[],
): Decoded {
  const side = latentSide(config);
  expectShape("decoder", edited, [null, side, side, latentChannels(config.width)]);
  const slope = config.decoderActivation === "leaky-relu" ? LEAK : 0;
  const last = config.generatorBlocks - 1;
  let x = tf.concat([edited, own], 3); // [N, S / 2^blocks, same, 16 W]
  let mask: tf.Tensor4D | null = null;
  for (let i = 0; i < last; i++) {
    const y = double(x, filter(parameters, `Dec.main.${i}.0.weight`), config.upsampling);
    const bias = tensor1d(parameters, `Dec.main.${i}.0.bias`);
    const alpha = tensor1d(parameters, `Dec.main.${i}.1.alpha`);
    const beta = tensor1d(parameters, `Dec.main.${i}.1.beta`);
    x = channelNorm({ x: y, bias, alpha, beta, skip: skips[last - 1 - i] }, slope); // [N, S / 2^(last-i), same, ...]
    if (config.mask && i === last - 2) mask = softMask(parameters, x);
  }
  const y = double(x, filter(parameters, `Dec.main.${last}.0.weight`), config.upsampling);
  const residual = residualOutput(y, tensor1d(parameters, `Dec.main.${last}.0.bias`)); // [N, S, S, 3]
  return { residual: mask === null ? residual : tf.mul(residual, mask), mask };
}

/**
 * Computes the logits of one discriminator (their sigmoid is the published score).
 * @param images     [N, s, s, 3], s = S for D1 and S/2 for D2
 * @param labels     [N, attributes] of 0, 1, or 0.5 if open; ignored by a network with heads
 * @param twice      whether a gradient of the gradient will be computed, which is slower
 * @returns [N, 1], with heads [N, 2 attributes]: 2 i is "without attribute i" and 2 i + 1 is "with it"
 */
export function discriminate(
  parameters: Parameters,
  config: ModelConfig,
  network: "D1" | "D2",
  images: tf.Tensor4D,
  labels: tf.Tensor2D,
  twice = false,
): tf.Tensor2D {
  const normalize = twice ? channelNormTwice : channelNorm;
  let x = config.condition === "planes" ? withLabels(images, labels) : images;
  for (let i = 0; i < config.discriminatorBlocks; i++) {
    const norm = config.discriminatorNorm === "none" ? null : `${network}.conv.${3 * i + 1}`;
    x = downBlock(parameters, `${network}.conv.${3 * i}`, norm, x, normalize); // [N, s / 2^(i+1), same, ...]
  }
  // Flattened as H, W, C; the weight was permuted from the published C, H, W when it was uploaded.
  const weight = parameter(parameters, `${network}.linear.0.weight`) as unknown as tf.Tensor2D;
  const flat = tf.reshape(x, [images.shape[0], weight.shape[0]]);
  return tf.add(tf.matMul(flat, weight), tensor1d(parameters, `${network}.linear.0.bias`));
}

/** Makes the image that D2 sees: 2x2 averages, [N, S, S, 3] -> [N, S/2, S/2, 3]. */
export function halve(images: tf.Tensor4D): tf.Tensor4D {
  return tf.avgPool(images, 2, 2, "valid");
}
