/**
 * DNA-GAN's losses as pure functions that return named parts, each summed over the attributes of the batch (model.py of
 * the published code). Every image is scored by the logit of its own pair's attribute, with the labels that it should
 * have: Bx with all of A's, Ae with all of B's.
 */
import * as tf from "@tensorflow/tfjs-core";
import { meanAbsoluteError } from "../../device/ops/mean-absolute-error.js";
import type { Parameters } from "../../nn/parameters.js";
import type { AttributePairs, Generated } from "./exchange.js";
import { score } from "./networks.js";

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
/** `D` is the total. */
export type DiscriminatorLosses = Scalars<"D" | "addedD" | "removedD">;
/** `G` is the total. */
export type GeneratorLosses = Scalars<"G" | "reconstructionA" | "reconstructionB" | "addedG" | "removedG">;

/** Images in [-1, 1] differ by up to 2; the published code divides differences of bytes by 255. */
const RECONSTRUCTION_WEIGHT = 0.5;

type LossOf = (pairs: AttributePairs, generated: Generated) => tf.Tensor;

function sumOver(pairs: readonly AttributePairs[], generated: readonly Generated[], lossOf: LossOf): tf.Scalar {
  return tf.addN(pairs.map((each, i) => lossOf(each, generated[i]) as tf.Scalar));
}

/**
 * Computes the discriminator's loss, a Wasserstein critic's: by how much it scores edited images above real ones.
 * @param generated constants, for each of the pairs
 */
export function discriminatorLoss(
  parameters: Parameters,
  pairs: readonly AttributePairs[],
  generated: readonly Generated[],
): DiscriminatorLosses {
  const meanScore = (images: tf.Tensor4D, labels: tf.Tensor2D, attribute: number): tf.Tensor =>
    tf.mean(score(parameters, images, labels, attribute));
  const addedD = sumOver(pairs, generated, ({ attribute, A, yA }, { Bx }) =>
    tf.sub(meanScore(Bx, yA, attribute), meanScore(A, yA, attribute)),
  );
  const removedD = sumOver(pairs, generated, ({ attribute, B, yB }, { Ae }) =>
    tf.sub(meanScore(Ae, yB, attribute), meanScore(B, yB, attribute)),
  );
  return { D: tf.add(addedD, removedD), addedD, removedD };
}

/** Computes the generator's loss: reconstruction of A and B, and scores of the edited images. */
export function generatorLoss(
  discriminator: Parameters,
  pairs: readonly AttributePairs[],
  generated: readonly Generated[],
): GeneratorLosses {
  const sum = (lossOf: LossOf): tf.Scalar => sumOver(pairs, generated, lossOf);
  const difference = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mul(meanAbsoluteError(a, b), RECONSTRUCTION_WEIGHT);
  const adversarial = (images: tf.Tensor4D, labels: tf.Tensor2D, attribute: number): tf.Tensor =>
    tf.neg(tf.mean(score(discriminator, images, labels, attribute)));
  const parts = {
    reconstructionA: sum(({ A }, { A2 }) => difference(A, A2)),
    reconstructionB: sum(({ B }, { B2 }) => difference(B, B2)),
    addedG: sum(({ attribute, yA }, { Bx }) => adversarial(Bx, yA, attribute)),
    removedG: sum(({ attribute, yB }, { Ae }) => adversarial(Ae, yB, attribute)),
  };
  return { G: tf.addN(Object.values(parts)), ...parts };
}
