/** StarGAN's losses as pure functions that return named parts (paper section 3; weights as in the published code). */
import * as tf from "@tensorflow/tfjs-core";
import { meanAbsoluteError } from "../../device/ops/mean-absolute-error.js";
import { attributeCrossEntropy } from "../../nn/losses.js";
import type { Parameters } from "../../nn/parameters.js";
import type { StarganConfig } from "./config.js";
import { judge, scorePatches, translate } from "./networks.js";

/** The weights of the parts of both losses. */
export interface LossWeights {
  /** Weight of the classification of attributes. */
  readonly classification: number;
  /** Weight of the reconstruction. */
  readonly reconstruction: number;
  /** Weight of the gradient penalty. */
  readonly penalty: number;
}

/** One iteration's images: each has its own labels, and those that it is translated to. */
export interface LabelledBatch {
  /** [N, S, S, 3] in [-1, 1] */
  readonly images: tf.Tensor4D;
  /** [N, attributes] of 0 and 1 */
  readonly own: tf.Tensor2D;
  readonly targets: tf.Tensor2D;
}

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
/** `D` is the weighted total; the penalty is unweighted. */
export type DiscriminatorLosses = Scalars<"D" | "real" | "fake" | "classificationD" | "penalty">;
/** `G` is the weighted total. */
export type GeneratorLosses = Scalars<"G" | "adversarial" | "classificationG" | "reconstruction">;

/** Returns points between images and fakes, [N, S, S, 3]. @param alpha each image's share, [N] in [0, 1) */
export function pointsBetween(images: tf.Tensor4D, fakes: tf.Tensor4D, alpha: tf.Tensor1D): tf.Tensor4D {
  const share = tf.reshape(alpha, [-1, 1, 1, 1]);
  return tf.add(tf.mul(share, images), tf.mul(tf.sub(1, share), fakes));
}

/**
 * Computes the gradient penalty at points between real and translated images: the mean over the batch of (||g|| - 1)^2,
 * where g is the gradient of the sum of all patch scores (paper eq. 8; Gulrajani et al. 2017).
 * @param between constants, [N, S, S, 3]
 */
export function gradientPenalty(parameters: Parameters, config: StarganConfig, between: tf.Tensor4D): tf.Scalar {
  const slopes = tf.grad((x) => tf.sum(scorePatches(parameters, config, x as tf.Tensor4D)))(between);
  const norms = tf.sqrt(tf.sum(tf.square(slopes), [1, 2, 3]));
  return tf.mean(tf.square(tf.sub(norms, 1)));
}

/**
 * Computes the discriminator's loss.
 * @param fakes translated images, as constants
 * @param alpha each image's share in the point at which the penalty is taken, [N] in [0, 1)
 */
export function discriminatorLoss(
  parameters: Parameters,
  config: StarganConfig,
  { images, own }: LabelledBatch,
  fakes: tf.Tensor4D,
  alpha: tf.Tensor1D,
  weights: LossWeights,
): DiscriminatorLosses {
  const ofReal = judge(parameters, config, images);
  const real = tf.neg(tf.mean(ofReal.source)) as tf.Scalar;
  const fake = tf.mean(scorePatches(parameters, config, fakes)) as tf.Scalar;
  const classificationD = attributeCrossEntropy(ofReal.logits, own);
  const penalty = gradientPenalty(parameters, config, pointsBetween(images, fakes, alpha));
  const weighted = [tf.mul(classificationD, weights.classification), tf.mul(penalty, weights.penalty)] as tf.Scalar[];
  return { D: tf.addN([real, fake, ...weighted]), real, fake, classificationD, penalty };
}

/** Computes the generator's loss. The gradient passes through both translations. */
export function generatorLoss(
  generator: Parameters,
  discriminator: Parameters,
  config: StarganConfig,
  { images, own, targets }: LabelledBatch,
  weights: LossWeights,
): GeneratorLosses {
  const fakes = translate(generator, config, images, targets);
  const { source, logits } = judge(discriminator, config, fakes);
  const adversarial = tf.neg(tf.mean(source)) as tf.Scalar;
  const classificationG = attributeCrossEntropy(logits, targets);
  const reconstruction = meanAbsoluteError(images, translate(generator, config, fakes, own));
  const parts = [tf.mul(classificationG, weights.classification), tf.mul(reconstruction, weights.reconstruction)];
  return { G: tf.addN([adversarial, ...(parts as tf.Scalar[])]), adversarial, classificationG, reconstruction };
}
