/** The exchange of latent slices (paper section 3.1), and the generator built on it. */
import * as tf from "@tensorflow/tfjs-core";
import { applyResidual } from "../device/residual.js";
import { attributeSlice, type ModelConfig } from "./config.js";
import { decode, encode } from "./networks.js";
import type { Parameters } from "./parameters.js";

/**
 * A's latent with the slice of one attribute from B's.
 * @param a, b [N, h, w, C]
 */
export function exchangeSlice(a: tf.Tensor4D, b: tf.Tensor4D, config: ModelConfig, attribute: number): tf.Tensor4D {
  const channels = a.shape[3];
  const [begin, end] = attributeSlice(channels, config.attributes.length, attribute);
  const part = (z: tf.Tensor4D, from: number, to: number): tf.Tensor4D =>
    tf.slice(z, [0, 0, 0, from], [-1, -1, -1, to - from]);
  const parts = [part(b, begin, end)];
  if (begin > 0) parts.unshift(part(a, 0, begin));
  if (end < channels) parts.push(part(a, end, channels));
  return tf.concat(parts, 3);
}

export interface Generated {
  /** z_A, z_B, z_C, z_D stacked: [4N, S/32, S/32, 8 W]. */
  readonly latents: tf.Tensor4D;
  /** Skips of A and B stacked: four of [2N, ...]. */
  readonly skips: readonly tf.Tensor4D[];
  /** R_A, R_B, R_C, R_D stacked: [4N, S, S, 3] in [-2, 2]. */
  readonly residuals: tf.Tensor4D;
  /** A', B' stacked: [2N, S, S, 3] in [-1, 1]. */
  readonly reconstructed: tf.Tensor4D;
  /** C, D stacked: [2N, S, S, 3] in [-1, 1]. */
  readonly exchanged: tf.Tensor4D;
}

/**
 * Everything the generator makes of a pair in training: reconstructions A', B' and the exchanged C, D.
 * Pictures are stacked into one batch for each network, which is exact since no layer mixes pictures.
 *
 * @param pictures  A (with the attribute), then B (without it): [2N, S, S, 3] in [-1, 1]
 */
export function generate(
  parameters: Parameters,
  config: ModelConfig,
  pictures: tf.Tensor4D,
  attribute: number,
): Generated {
  const { latent, skips } = encode(parameters, config, pictures);
  const [zA, zB] = tf.split(latent, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
  const zC = exchangeSlice(zA, zB, config, attribute);
  const zD = exchangeSlice(zB, zA, config, attribute);
  const latents = tf.concat([latent, zC, zD], 0) as tf.Tensor4D;
  const own = tf.concat([latent, latent], 0) as tf.Tensor4D; // A, B, A, B
  const residuals = decode(parameters, config, latents, own, skips);
  const [reconstructed, exchanged] = tf.split(applyResidual(pictures, residuals), 2, 0) as [tf.Tensor4D, tf.Tensor4D];
  return { latents, skips, residuals, reconstructed, exchanged };
}
