/**
 * UNIT's networks as pure functions of (parameters, tensors), with the layers of the published code (mingyuliutw/UNIT,
 * branch version_02). S is the side, W the width, N the batch. Images are [N, S, S, 3] in [-1, 1], features and codes
 * [N, S/4, S/4, 4 W].
 */
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../device/ops/bias-leaky.js";
import { instanceNorm } from "../../device/ops/instance-norm.js";
import { biasOf, convolve, convolveDoubling, filterOf, NO_ACTIVATION, RELU } from "../../nn/layers.js";
import type { Parameters } from "../../nn/parameters.js";

/** A has the attribute, B does not. */
export type Domain = "A" | "B";

/** Slope of every LeakyReLU below zero. */
const LEAK = 0.01;

/** A convolution with bias and LeakyReLU. */
function activated(parameters: Parameters, layer: string, x: tf.Tensor4D, stride: number, pad: number): tf.Tensor4D {
  const name = `${layer}.model.0`;
  return biasLeaky(convolve(parameters, name, x, stride, pad), biasOf(parameters, name), LEAK);
}

/** A transposed convolution that doubles the side, with bias and LeakyReLU. */
function enlarge(parameters: Parameters, layer: string, x: tf.Tensor4D): tf.Tensor4D {
  const name = `${layer}.model.0`;
  return biasLeaky(convolveDoubling(parameters, name, x), biasOf(parameters, name), LEAK);
}

/**
 * A residual block. Its convolutions have biases, but the instance norms behind them subtract the mean of each channel,
 * and the bias with it. So the biases are not added here, and their gradients are 0 (the published ones are rounding
 * errors). Weight decay shrinks them, as it does in the published code.
 */
function block(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const conv = (layer: number, from: tf.Tensor4D): tf.Tensor4D =>
    convolve(parameters, `${name}.model.${layer}`, from, 1, 1);
  const inner = instanceNorm({ x: conv(0, x) }, RELU);
  return tf.add(x, instanceNorm({ x: conv(3, inner) }, NO_ACTIVATION));
}

/** Computes the features of one domain's images. */
export function encode(parameters: Parameters, domain: Domain, images: tf.Tensor4D): tf.Tensor4D {
  const name = `gen.encode_${domain}`;
  let x = activated(parameters, `${name}.0`, images, 1, 3); // [N, S, S, W]
  x = activated(parameters, `${name}.1`, x, 2, 1); // [N, S/2, S/2, 2 W]
  x = activated(parameters, `${name}.2`, x, 2, 1); // [N, S/4, S/4, 4 W]
  for (const i of [3, 4, 5]) x = block(parameters, `${name}.${i}`, x);
  return x;
}

/**
 * Computes the code that both domains share.
 * @param features the result of encode()
 * @param noise    standard normal noise of the code's shape for training; null for editing
 */
export function toCode(parameters: Parameters, features: tf.Tensor4D, noise: tf.Tensor4D | null): tf.Tensor4D {
  const code = block(parameters, "gen.enc_shared.0", features);
  return noise === null ? code : tf.add(code, noise);
}

/** Computes the features from which either decoder starts. */
export function fromCode(parameters: Parameters, code: tf.Tensor4D): tf.Tensor4D {
  return block(parameters, "gen.dec_shared.0", code);
}

/** Makes one domain's images. @param features the result of fromCode() */
export function decode(parameters: Parameters, domain: Domain, features: tf.Tensor4D): tf.Tensor4D {
  const name = `gen.decode_${domain}`;
  let x = features;
  for (const i of [0, 1, 2]) x = block(parameters, `${name}.${i}`, x);
  x = enlarge(parameters, `${name}.3`, x); // [N, S/2, S/2, 2 W]
  x = enlarge(parameters, `${name}.4`, x); // [N, S, S, W]
  const [n, height, width] = x.shape;
  const colours = tf.conv2dTranspose(x, filterOf(parameters, `${name}.5`), [n, height, width, 3], 1, 0);
  return tf.tanh(tf.add(colours, biasOf(parameters, `${name}.5`)));
}

/** Translated images, and the code that they were made from. */
export interface Translated {
  readonly images: tf.Tensor4D;
  readonly code: tf.Tensor4D;
}

/**
 * Translates images into the other domain: from A to B removes the attribute, from B to A adds it.
 * @param noise as in toCode()
 */
export function translate(
  parameters: Parameters,
  from: Domain,
  images: tf.Tensor4D,
  noise: tf.Tensor4D | null,
): Translated {
  const code = toCode(parameters, encode(parameters, from, images), noise);
  return { images: decode(parameters, from === "A" ? "B" : "A", fromCode(parameters, code)), code };
}

/** Images of both domains from both decoders: `ba` shows B's images in domain A. All are [N, S, S, 3]. */
export interface Crossed {
  readonly aa: tf.Tensor4D;
  readonly ba: tf.Tensor4D;
  readonly ab: tf.Tensor4D;
  readonly bb: tf.Tensor4D;
  /** The codes of A, then those of B, [2N, S/4, S/4, 4 W]. */
  readonly code: tf.Tensor4D;
}

/**
 * Reconstructs and translates the images of both domains.
 * @param noise as in toCode(), for A's codes and then for B's, [2N, S/4, S/4, 4 W]
 */
export function cross(parameters: Parameters, A: tf.Tensor4D, B: tf.Tensor4D, noise: tf.Tensor4D): Crossed {
  const encoded = tf.concat([encode(parameters, "A", A), encode(parameters, "B", B)], 0);
  const code = toCode(parameters, encoded, noise);
  const features = fromCode(parameters, code);
  const [aa, ba] = tf.split<tf.Tensor4D>(decode(parameters, "A", features), 2, 0);
  const [ab, bb] = tf.split<tf.Tensor4D>(decode(parameters, "B", features), 2, 0);
  return { aa, ba, ab, bb, code };
}

/**
 * Computes the layers that one domain's discriminator has for itself.
 * @returns each layer's activations; the last are [N, S/4, S/4, 2 W]
 */
export function domainLayers(parameters: Parameters, domain: Domain, images: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const first = activated(parameters, `dis.model_${domain}.0`, images, 2, 3); // [N, S/2, S/2, W]
  return [first, activated(parameters, `dis.model_${domain}.1`, first, 2, 1)];
}

/**
 * Computes the layers that both discriminators share.
 * @param features [N, S/4, S/4, 2 W]
 * @returns each layer's activations, then the logits [N, S/64, S/64, 1]
 */
export function sharedLayers(
  parameters: Parameters,
  features: tf.Tensor4D,
): { readonly activations: readonly tf.Tensor4D[]; readonly logits: tf.Tensor4D } {
  const activations: tf.Tensor4D[] = [];
  let x = features;
  for (const i of [0, 1, 2, 3]) {
    x = activated(parameters, `dis.model_S.${i}`, x, 2, 1); // [N, S / 2^(i+3), same, W 2^(i+2)]
    activations.push(x);
  }
  const logits = convolve(parameters, "dis.model_S.4", x, 1, 0);
  return { activations, logits: tf.add(logits, biasOf(parameters, "dis.model_S.4")) };
}

/**
 * Judges images, each by the discriminator of a domain: logits above 0 mean real.
 * @param inA, inB the same number of images
 * @returns the logits of both, [N, S/64, S/64, 1]
 */
export function judge(parameters: Parameters, inA: tf.Tensor4D, inB: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] {
  const [ofA, ofB] = [domainLayers(parameters, "A", inA)[1], domainLayers(parameters, "B", inB)[1]];
  // The shared layers have nearly all parameters, so both domains go through them together.
  const { logits } = sharedLayers(parameters, tf.concat([ofA, ofB], 0));
  return tf.split<tf.Tensor4D>(logits, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
}
