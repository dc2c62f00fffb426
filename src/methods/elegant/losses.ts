/**
 * The losses of the method as pure functions that return named parts (paper section 3.3; weights as in the published
 * code, ../docs/fidelity.md). Cross entropies are computed from logits. The function is the same, and the gradient does
 * not vanish where a sigmoid saturates.
 */
import * as tf from "@tensorflow/tfjs-core";
import { absolute, meanAbsoluteError } from "../../device/ops/mean-absolute-error.js";
import type { Reconstruction } from "./presets.js";

/** Keeps the relative error of a latent finite where it is 0. */
const LATENT_FLOOR = 1e-6;

/** Keeps the slope of the root finite for a perfect reconstruction; a thousandth of a grey level. */
const NORM_FLOOR = 1e-10;

/** The output of one discriminator for a batch of images. */
export interface Score {
  /** Logits [N, 1], or with heads one for each value of each attribute, [N, 2 attributes]. */
  readonly logits: tf.Tensor;
  /** With heads, the weight of each logit, [N, 2 attributes], in rows that sum to 1; null if there is one logit. */
  readonly weights: tf.Tensor | null;
}

/** Scores by one discriminator for the batches A, B, C and D. */
export interface Scores {
  readonly A: Score;
  readonly B: Score;
  readonly C: Score;
  readonly D: Score;
}

/** Returns the weighted mean over a batch. @param values of the shape of the logits */
function weigh(values: tf.Tensor, weights: tf.Tensor | null): tf.Scalar {
  if (weights === null) return tf.mean(values);
  return tf.div(tf.sum(tf.mul(values, weights)), values.shape[0]);
}

/** Returns the mean over the batch of -log sigmoid(logit): cross entropy against "real". */
export function realCrossEntropy({ logits, weights }: Score): tf.Scalar {
  return weigh(tf.softplus(tf.neg(logits)), weights);
}

/** Returns the mean over the batch of -log(1 - sigmoid(logit)): cross entropy against "fake". */
export function fakeCrossEntropy({ logits, weights }: Score): tf.Scalar {
  return weigh(tf.softplus(logits), weights);
}

/** Returns one discriminator's loss: the sum of four mean cross entropies, with A and B real, C and D fake. */
export function discriminatorLoss(scores: Scores): tf.Scalar {
  return tf.addN([
    realCrossEntropy(scores.A),
    realCrossEntropy(scores.B),
    fakeCrossEntropy(scores.C),
    fakeCrossEntropy(scores.D),
  ]);
}

/**
 * Computes the penalty R1 of one discriminator: gamma / 2 (E ||grad D(A)||^2 + E ||grad D(B)||^2), where the gradients
 * are taken with respect to the real images (Mescheder et al. 2018, Which Training Methods for GANs do actually
 * Converge?, eq. 9). It has one mean for each real batch, like discriminatorLoss(), to which it is added.
 * @param score    scores images and is differentiable twice; several logits count as their weighted sum
 * @param pictures A and B stacked, [2N, s, s, 3]
 */
export function gradientPenalty(
  score: (pictures: tf.Tensor4D) => Score,
  pictures: tf.Tensor4D,
  gamma: number,
): tf.Scalar {
  const slopes = tf.grad((x) => {
    const { logits, weights } = score(x as tf.Tensor4D);
    return tf.sum(weights === null ? logits : tf.mul(logits, weights));
  })(pictures);
  // The mean over 2N images is half the sum of the two means.
  return tf.mul(tf.div(tf.sum(tf.square(slopes)), pictures.shape[0]), gamma);
}

/** Returns one discriminator's part of the generator's loss. */
export function adversarialLoss(scores: Pick<Scores, "C" | "D">): tf.Scalar {
  return tf.add(realCrossEntropy(scores.C), realCrossEntropy(scores.D));
}

/**
 * Computes the reconstruction loss.
 * "squared": MSE(A', A) + MSE(B', B), means over batch and values.
 * "norm": ||A' - A|| + ||B' - B||, where the Euclidean norm of each image is divided by the root of its number of
 * values and averaged over the batch. The paper gives no scale; an undivided norm would grow with the side
 * (docs/fidelity.md).
 * @param pictures      A and B stacked, [2N, S, S, 3]
 * @param reconstructed A' and B' stacked
 */
export function reconstructionLoss(
  pictures: tf.Tensor,
  reconstructed: tf.Tensor,
  form: Exclude<Reconstruction, "none">,
): tf.Scalar {
  const squares = tf.squaredDifference(reconstructed, pictures);
  if (form === "squared") return tf.mul(tf.mean(squares), 2);
  return tf.mul(tf.mean(tf.sqrt(tf.add(tf.mean(squares, [1, 2, 3]), NORM_FLOOR))), 2);
}

/**
 * Measures how much edits change: the mean of |R_C - R_A| and |R_D - R_B|, or of |R_C| and |R_D|.
 * @param changes these differences or residuals, [2N, S, S, 3]
 */
export function changeLoss(changes: tf.Tensor4D): tf.Scalar {
  return tf.mean(absolute(changes));
}

/**
 * Measures how far images are from those that they should be, in absolute values: the mean of |C'' - A| and |D'' - B|,
 * where C'' is C with D's slice and D'' is D with C's (the cycle loss of CycleGAN, Zhu et al. 2017, section 3.2).
 * @param restored C'' and D'' stacked, [2N, S, S, 3]
 * @param pictures A and B stacked
 */
export function cycleLoss(restored: tf.Tensor4D, pictures: tf.Tensor4D): tf.Scalar {
  return meanAbsoluteError(restored, pictures);
}

/**
 * Measures how far the latents of edited images are from the exchanged latents that they were made from: mean |z - z'|
 * / mean |z'| of each image, averaged. The loss keeps the exchanged slice visible in the image and all other slices
 * unchanged (like the latent regression of BicycleGAN, Zhu et al. 2017, section 3.2).
 * @param found  latents from the encoder, [N, h, w, C]
 * @param wanted constants of the same shape
 */
export function sliceLoss(found: tf.Tensor4D, wanted: tf.Tensor4D): tf.Scalar {
  const meanOf = (x: tf.Tensor): tf.Tensor1D => tf.mean(absolute(tf.reshape(x, [x.shape[0], -1])), 1);
  return tf.mean(tf.div(meanOf(tf.sub(found, wanted)), tf.maximum(meanOf(wanted), LATENT_FLOOR)));
}
