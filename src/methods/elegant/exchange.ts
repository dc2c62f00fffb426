/** The exchange of latent slices (paper section 3.1), and the generator built on it. */
import * as tf from "@tensorflow/tfjs-core";
import { applyResidual } from "../../device/ops/residual.js";
import { replaceChannels, takeChannels } from "../../nn/channels.js";
import type { Parameters } from "../../nn/parameters.js";
import type { PairGroup } from "../method.js";
import { attributeSlice, type ModelConfig } from "./config.js";
import { decode, encode } from "./networks.js";

/**
 * Returns A's latent with the slice of one attribute from B's.
 * @param a, b latents [N, h, w, C]
 */
export function exchangeSlice(a: tf.Tensor4D, b: tf.Tensor4D, config: ModelConfig, attribute: number): tf.Tensor4D {
  const [begin, end] = attributeSlice(a.shape[3], config.attributes.length, attribute);
  return replaceChannels(a, begin, takeChannels(b, begin, end));
}

/**
 * Makes the latents of C and D: A's and B's with the slice of each pair's attribute exchanged.
 * @param zA, zB latents [N, h, w, C], in the order of the groups, whose pairs add up to N
 * @returns C and D stacked, [2N, h, w, C]
 */
function exchangeGroups(
  zA: tf.Tensor4D,
  zB: tf.Tensor4D,
  config: ModelConfig,
  groups: readonly PairGroup[],
): tf.Tensor4D {
  if (groups.length === 1) {
    const [{ attribute }] = groups;
    return tf.concat([exchangeSlice(zA, zB, config, attribute), exchangeSlice(zB, zA, config, attribute)], 0);
  }
  const sizes = groups.map(({ pairs }) => pairs);
  const [partsA, partsB] = [zA, zB].map((z) => tf.split(z, sizes, 0) as tf.Tensor4D[]);
  const exchanged = (own: readonly tf.Tensor4D[], other: readonly tf.Tensor4D[]): tf.Tensor4D[] =>
    groups.map(({ attribute }, i) => exchangeSlice(own[i], other[i], config, attribute));
  return tf.concat([...exchanged(partsA, partsB), ...exchanged(partsB, partsA)], 0);
}

export interface Generated {
  /** z_A, z_B, z_C, z_D stacked: [4N, S/32, S/32, 8 W], or [4N, S/16, S/16, 8 W] with four blocks. */
  readonly latents: tf.Tensor4D;
  /** Skips of A and B stacked, each [2N, ...]. */
  readonly skips: readonly tf.Tensor4D[];
  /** R_A, R_B, R_C, R_D stacked: [4N, S, S, 3] in [-2, 2]. */
  readonly residuals: tf.Tensor4D;
  /** Masks of the residuals, [4N, S, S, 1] in [0, 1]; null for a network without masks. */
  readonly masks: tf.Tensor4D | null;
  /** Images added to A and B to make C and D, before clipping: [2N, S, S, 3]; null if they are R_C and R_D. */
  readonly differences: tf.Tensor4D | null;
  /** A' and B' stacked: [2N, S, S, 3] in [-1, 1]. */
  readonly reconstructed: tf.Tensor4D;
  /** C and D stacked: [2N, S, S, 3] in [-1, 1]. */
  readonly exchanged: tf.Tensor4D;
}

/**
 * Runs the generator on pairs in training, for the reconstructions A' and B' and the exchanged C and D. The images are
 * stacked into one batch for each network. This is exact, since no layer mixes images.
 *
 * @param pictures  A (with the attribute), then B (without it): [2N, S, S, 3] in [-1, 1]
 * @param groups    attributes of the pairs, in their order
 */
export function generate(
  parameters: Parameters,
  config: ModelConfig,
  pictures: tf.Tensor4D,
  groups: readonly PairGroup[],
): Generated {
  const { latent, skips } = encode(parameters, config, pictures);
  const [zA, zB] = tf.split(latent, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
  const latents = tf.concat([latent, exchangeGroups(zA, zB, config, groups)], 0) as tf.Tensor4D;
  const own = tf.concat([latent, latent], 0) as tf.Tensor4D; // A, B, A, B
  const { residual: residuals, mask: masks } = decode(parameters, config, latents, own, skips);
  if (config.edit === "difference") {
    const [unchanged, edited] = tf.split(residuals, 2, 0);
    const differences = tf.sub<tf.Tensor4D>(edited, unchanged);
    const exchanged = applyResidual(pictures, differences);
    return { latents, skips, residuals, masks, differences, reconstructed: pictures, exchanged };
  }
  const [reconstructed, exchanged] = tf.split(applyResidual(pictures, residuals), 2, 0) as [tf.Tensor4D, tf.Tensor4D];
  return { latents, skips, residuals, masks, differences: null, reconstructed, exchanged };
}
