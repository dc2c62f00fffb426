/**
 * CycleGAN's generators and discriminators as pure functions of (parameters, tensors), with the layers of the published
 * code (junyanz/pytorch-CycleGAN-and-pix2pix, models/networks.py: resnet_9blocks and basic, with instance norm). S is
 * the side, W the width, N the batch.
 *
 * Every published convolution has a bias. An instance norm behind it subtracts the bias again, so no output depends on
 * it, and we do not add it. It remains a parameter, for the published files, with a gradient of 0.
 */
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../device/ops/bias-leaky.js";
import { instanceNorm } from "../../device/ops/instance-norm.js";
import { reflectPad } from "../../device/ops/reflect-pad.js";
import { biasOf, convolve, convolveDoubling, NO_ACTIVATION, RELU } from "../../nn/layers.js";
import type { Parameters } from "../../nn/parameters.js";
import type { CycleganConfig } from "./config.js";
import type { Discriminator, Generator } from "./parameters.js";

/** Slope of the discriminators' LeakyReLU below zero. */
const LEAK = 0.2;

/** Reads what a layer computes. @param layer the published name of the module whose output it is: "model.3" */
export type OnLayer = (layer: string, x: tf.Tensor4D) => void;

/**
 * Translates images to the other domain.
 * @param network G_A from A to B, or G_B from B to A
 * @param images  [N, S, S, 3] in [-1, 1]; S is a multiple of 4
 * @returns [N, S, S, 3] in [-1, 1]
 */
export function translate(
  parameters: Parameters,
  { generatorBlocks }: CycleganConfig,
  network: Generator,
  images: tf.Tensor4D,
  onLayer: OnLayer = () => {},
): tf.Tensor4D {
  const at = (i: number): string => `${network}.model.${i}`;
  const shown = (layer: number, x: tf.Tensor4D): tf.Tensor4D => {
    onLayer(`model.${layer}`, x);
    return x;
  };
  const conv = (x: tf.Tensor4D, name: string, stride: number, pad: number): tf.Tensor4D =>
    convolve(parameters, name, x, stride, pad);
  const normalize = (x: tf.Tensor4D, slope: number): tf.Tensor4D => instanceNorm({ x }, slope);
  let x = shown(0, reflectPad(images, 3));
  x = shown(3, normalize(conv(x, at(1), 1, 0), RELU)); // [N, S, S, W]
  x = shown(6, normalize(conv(x, at(4), 2, 1), RELU)); // [N, S/2, S/2, 2 W]
  x = shown(9, normalize(conv(x, at(7), 2, 1), RELU)); // [N, S/4, S/4, 4 W]
  for (let block = 0; block < generatorBlocks; block++) {
    const name = `${at(10 + block)}.conv_block`;
    const inner = normalize(conv(reflectPad(x, 1), `${name}.1`, 1, 0), RELU);
    x = shown(10 + block, tf.add(x, normalize(conv(reflectPad(inner, 1), `${name}.5`, 1, 0), NO_ACTIVATION)));
  }
  const up = 10 + generatorBlocks;
  x = shown(up + 2, normalize(convolveDoubling(parameters, at(up), x), RELU)); // [N, S/2, S/2, 2 W]
  x = shown(up + 5, normalize(convolveDoubling(parameters, at(up + 3), x), RELU)); // [N, S, S, W]
  x = shown(up + 6, reflectPad(x, 3));
  return shown(up + 8, tf.tanh(tf.add(conv(x, at(up + 7), 1, 0), biasOf(parameters, at(up + 7)))));
}

/**
 * Scores patches of images: a real one should have 1, a translated one 0.
 * @param network D_A for images of B, or D_B for images of A
 * @param images  [N, S, S, 3] in [-1, 1]
 * @returns [N, s, s, 1] with s = S / 8 - 2
 */
export function scorePatches(
  parameters: Parameters,
  network: Discriminator,
  images: tf.Tensor4D,
  onLayer: OnLayer = () => {},
): tf.Tensor4D {
  const at = (i: number): string => `${network}.model.${i}`;
  const shown = (layer: number, x: tf.Tensor4D): tf.Tensor4D => {
    onLayer(`model.${layer}`, x);
    return x;
  };
  const conv = (x: tf.Tensor4D, name: string, stride: number): tf.Tensor4D => convolve(parameters, name, x, stride, 1);
  let x = shown(1, biasLeaky(conv(images, at(0), 2), biasOf(parameters, at(0)), LEAK)); // [N, S/2, S/2, W]
  x = shown(4, instanceNorm({ x: conv(x, at(2), 2) }, LEAK)); // [N, S/4, S/4, 2 W]
  x = shown(7, instanceNorm({ x: conv(x, at(5), 2) }, LEAK)); // [N, S/8, S/8, 4 W]
  x = shown(10, instanceNorm({ x: conv(x, at(8), 1) }, LEAK)); // [N, S/8 - 1, S/8 - 1, 8 W]
  return shown(11, tf.add(conv(x, at(11), 1), biasOf(parameters, at(11))));
}
