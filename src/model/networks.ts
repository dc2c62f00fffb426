/**
 * Encoder, decoder and discriminator as pure functions of (parameters, tensors); the layers of the published code
 * (paper section 3.2; ../shared/facts names every shape). S is the side, W the width, N the batch.
 */
import * as tf from "@tensorflow/tfjs-core";
import { channelNorm, channelNormTwice } from "../device/channel-norm.js";
import { residualOutput } from "../device/residual.js";
import { encoderChannels, latentChannels, latentSide, type ModelConfig } from "./config.js";
import { type Parameters, parameter } from "./parameters.js";

/** Slope of LeakyReLU below zero. */
const LEAK = 0.2;

export interface Encoded {
  /** z: [N, S/32, S/32, 8 W] */
  readonly latent: tf.Tensor4D;
  /** Activated outputs of blocks 1 to 4: [N, S/2, S/2, W] ... [N, S/16, S/16, 8 W] */
  readonly skips: readonly tf.Tensor4D[];
}

/** Fails when a tensor has another shape than the layer that takes it was made for. */
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

/** conv 3x3, stride 2, pad 1 -> Normalization -> LeakyReLU: [N, s, s, C] -> [N, s/2, s/2, C'] */
function downBlock(
  parameters: Parameters,
  conv: string,
  norm: string,
  x: tf.Tensor4D,
  normalize: typeof channelNorm = channelNorm,
): tf.Tensor4D {
  const y = tf.conv2d(x, filter(parameters, `${conv}.weight`), 2, 1);
  const bias = tensor1d(parameters, `${conv}.bias`);
  const alpha = tensor1d(parameters, `${norm}.alpha`);
  const beta = tensor1d(parameters, `${norm}.beta`);
  return normalize({ x: y, bias, alpha, beta }, LEAK);
}

/** @param images [N, S, S, 3] in [-1, 1] */
export function encode(parameters: Parameters, config: ModelConfig, images: tf.Tensor4D): Encoded {
  expectShape("encoder", images, [null, config.size, config.size, 3]);
  const skips: tf.Tensor4D[] = [];
  let x = images;
  for (let i = 0; i < encoderChannels(config.width).length; i++) {
    x = downBlock(parameters, `Enc.main.${i}.0`, `Enc.main.${i}.1`, x); // [N, S / 2^(i+1), same, channels[i]]
    skips.push(x);
  }
  return { latent: x, skips: skips.slice(0, 4) };
}

/**
 * One doubling of the decoder, [N, s, s, C] -> [N, 2 s, 2 s, C'].
 *
 * "transposed" is the published layer (stride 2, pad 1, output_padding 1). "resize" repeats each pixel twice both ways and
 * convolves with stride 1: every output then meets the same number of taps, which a 3x3 filter of stride 2 does not grant
 * and which shows as a checkerboard (Odena et al. 2016, Deconvolution and Checkerboard Artifacts). Repeating and
 * convolving are one transposed convolution with the filter summed over a 2x2 box, 4x4, so the repeated pixels are never made.
 *
 * @param weights [3, 3, C', C]
 */
function double(x: tf.Tensor4D, weights: tf.Tensor4D, upsampling: ModelConfig["upsampling"]): tf.Tensor4D {
  const [n, side] = x.shape;
  const shape: [number, number, number, number] = [n, 2 * side, 2 * side, weights.shape[2]];
  return tf.conv2dTranspose(x, upsampling === "resize" ? boxed(weights) : weights, shape, 2, 1);
}

/** The filter convolved with a 2x2 box of ones: [3, 3, C', C] -> [4, 4, C', C]. */
function boxed(weights: tf.Tensor4D): tf.Tensor4D {
  return [0, 1].reduce((filter, axis) => {
    const [height, width, to, from] = filter.shape;
    const zeros = tf.zeros<tf.Rank.R4>(axis === 0 ? [1, width, to, from] : [height, 1, to, from]);
    return tf.add(tf.concat([filter, zeros], axis), tf.concat([zeros, filter], axis));
  }, weights);
}

/**
 * The residual of a picture whose own latent is `own` and whose edited latent is `edited`.
 * @param edited [N, S/32, S/32, 8 W]
 * @param own    the same shape
 * @param skips  the pictures' own; with [N / k, ...] each is taken k times along the batch
 * @returns [N, S, S, 3] in [-2, 2]
 */
export function decode(
  parameters: Parameters,
  config: ModelConfig,
  edited: tf.Tensor4D,
  own: tf.Tensor4D,
  skips: readonly tf.Tensor4D[],
): tf.Tensor4D {
  const side = latentSide(config.size);
  expectShape("decoder", edited, [null, side, side, latentChannels(config.width)]);
  const slope = config.decoderActivation === "leaky-relu" ? LEAK : 0;
  let x = tf.concat([edited, own], 3); // [N, S/32, S/32, 16 W]
  for (let i = 0; i < 5; i++) {
    const conv = `Dec.main.${i}.0`;
    const y = double(x, filter(parameters, `${conv}.weight`), config.upsampling);
    const bias = tensor1d(parameters, `${conv}.bias`);
    if (i === 4) return residualOutput(y, bias); // [N, S, S, 3]
    const alpha = tensor1d(parameters, `Dec.main.${i}.1.alpha`);
    const beta = tensor1d(parameters, `Dec.main.${i}.1.beta`);
    x = channelNorm({ x: y, bias, alpha, beta, skip: skips[3 - i] }, slope); // [N, S / 2^(4-i), same, ...]
  }
  throw new Error("decoder: unreachable");
}

/**
 * Logits of one discriminator (its sigmoid is the published score).
 * @param images [N, s, s, 3], s = S for D1 and S/2 for D2
 * @param labels [N, attributes] of 0 and 1
 * @param twice  when a gradient of the gradient will be taken; slower
 * @returns [N, 1]
 */
export function discriminate(
  parameters: Parameters,
  network: "D1" | "D2",
  images: tf.Tensor4D,
  labels: tf.Tensor2D,
  twice = false,
): tf.Tensor2D {
  const normalize = twice ? channelNormTwice : channelNorm;
  const [n, height, width] = images.shape;
  const count = labels.shape[1];
  const planes = tf.broadcastTo(tf.reshape(labels, [n, 1, 1, count]), [n, height, width, count]) as tf.Tensor4D;
  let x = tf.concat([images, planes], 3); // [N, s, s, 3 + attributes]
  for (let i = 0; parameters.has(`${network}.conv.${3 * i}.weight`); i++) {
    const [conv, norm] = [`${network}.conv.${3 * i}`, `${network}.conv.${3 * i + 1}`];
    x = downBlock(parameters, conv, norm, x, normalize); // [N, s / 2^(i+1), same, ...]
  }
  // Flattened as H, W, C; the weight was permuted from the published C, H, W when it was uploaded.
  const weight = parameter(parameters, `${network}.linear.0.weight`) as unknown as tf.Tensor2D;
  const flat = tf.reshape(x, [n, weight.shape[0]]);
  return tf.add(tf.matMul(flat, weight), tensor1d(parameters, `${network}.linear.0.bias`));
}

/** The picture that D2 sees: 2x2 averages, [N, S, S, 3] -> [N, S/2, S/2, 3]. */
export function halve(images: tf.Tensor4D): tf.Tensor4D {
  return tf.avgPool(images, 2, 2, "valid");
}
