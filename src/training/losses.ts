/**
 * The losses of the method as pure functions that return named parts (paper section 3.3; weights as in the published
 * code, ../docs/fidelity.md). Cross entropies are computed from logits, which is the same function and keeps the gradient
 * where a sigmoid saturates.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Weights of the parts; the presets differ in them. */
export interface LossWeights {
  readonly reconstruction: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  readonly discriminator1: number;
  readonly discriminator2: number;
}

export const LOSS_WEIGHTS: Readonly<Record<"official" | "paper", LossWeights>> = {
  official: { reconstruction: 5, adversarial1: 1, adversarial2: 0.5, discriminator1: 1 / 4, discriminator2: 0.5 / 4 },
  paper: { reconstruction: 1, adversarial1: 1, adversarial2: 1, discriminator1: 1, discriminator2: 1 },
};

/** Logits of one discriminator for a batch of each picture, [N, 1]. */
export interface Scores {
  readonly A: tf.Tensor;
  readonly B: tf.Tensor;
  readonly C: tf.Tensor;
  readonly D: tf.Tensor;
}

/** Mean over the batch of -log sigmoid(logit): cross entropy against "real". */
export function realCrossEntropy(logits: tf.Tensor): tf.Scalar {
  return tf.mean(tf.softplus(tf.neg(logits)));
}

/** Mean over the batch of -log(1 - sigmoid(logit)): cross entropy against "fake". */
export function fakeCrossEntropy(logits: tf.Tensor): tf.Scalar {
  return tf.mean(tf.softplus(logits));
}

/** One discriminator's loss: the sum of four mean cross entropies; A and B are real, C and D fake. */
export function discriminatorLoss(scores: Scores): tf.Scalar {
  return tf.addN([
    realCrossEntropy(scores.A),
    realCrossEntropy(scores.B),
    fakeCrossEntropy(scores.C),
    fakeCrossEntropy(scores.D),
  ]);
}

/** One discriminator's part of the generator's loss. */
export function adversarialLoss(scores: Pick<Scores, "C" | "D">): tf.Scalar {
  return tf.add(realCrossEntropy(scores.C), realCrossEntropy(scores.D));
}

/**
 * MSE(A', A) + MSE(B', B).
 * @param pictures      A and B stacked, [2N, S, S, 3]
 * @param reconstructed A' and B' stacked
 */
export function reconstructionLoss(pictures: tf.Tensor, reconstructed: tf.Tensor): tf.Scalar {
  return tf.mul(tf.mean(tf.squaredDifference(reconstructed, pictures)), 2);
}
