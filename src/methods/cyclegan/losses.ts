/**
 * CycleGAN's losses as pure functions that return named parts (paper section 3; weights as in the published code). A
 * loss has the letter of its network, as in the published code: `adversarialA` is what D_A says of G_A's images, and
 * `cycleA` begins and ends in A.
 */
import * as tf from "@tensorflow/tfjs-core";
import { meanAbsoluteError } from "../../device/ops/mean-absolute-error.js";
import type { Parameters } from "../../nn/parameters.js";
import type { CycleganConfig } from "./config.js";
import { scorePatches, translate } from "./networks.js";
import type { Discriminator, Generator } from "./parameters.js";

/** The weights of the parts of the generators' loss. */
export interface LossWeights {
  /** Weight of the difference between an image and its reconstruction from the other domain. */
  readonly cycle: number;
  /**
   * Weight of the difference between an image and its translation to the domain that it is in already. With 0, as the
   * paper has it for most tasks, the translations are not computed.
   */
  readonly identity: number;
}

/** Images of both domains, [N, S, S, 3] in [-1, 1]. A has the attribute, B does not. */
export interface Domains {
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
}

/** Images of both domains, and translated images in both domains. */
export interface JudgedBatch extends Domains {
  readonly fakeA: tf.Tensor4D;
  readonly fakeB: tf.Tensor4D;
}

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
/** `G` is the weighted total; the parts are unweighted. */
export type GeneratorLosses = Scalars<
  "G" | "adversarialA" | "adversarialB" | "cycleA" | "cycleB" | "identityA" | "identityB"
>;
/** `D` is the sum of the others. */
export type DiscriminatorLosses = Scalars<"D" | "discriminatorA" | "discriminatorB">;

/** Returns the mean squared difference between scores and a label (Mao et al. 2017, least squares GAN). */
function leastSquares(scores: tf.Tensor4D, label: number): tf.Scalar {
  return tf.mean(tf.square(tf.sub(scores, label)));
}

/** Computes the loss of both generators, and returns what they made of the images. */
export function generatorLoss(
  generators: Parameters,
  discriminators: Parameters,
  config: CycleganConfig,
  { A, B }: Domains,
  weights: LossWeights,
): { readonly losses: GeneratorLosses; readonly fakes: Domains } {
  const by = (network: Generator, images: tf.Tensor4D): tf.Tensor4D => translate(generators, config, network, images);
  const identity = (network: Generator, images: tf.Tensor4D): tf.Scalar =>
    weights.identity === 0 ? tf.scalar(0) : meanAbsoluteError(images, by(network, images));
  const fakes = { A: by("G_B", B), B: by("G_A", A) };
  const parts = {
    adversarialA: leastSquares(scorePatches(discriminators, "D_A", fakes.B), 1),
    adversarialB: leastSquares(scorePatches(discriminators, "D_B", fakes.A), 1),
    cycleA: meanAbsoluteError(A, by("G_B", fakes.B)),
    cycleB: meanAbsoluteError(B, by("G_A", fakes.A)),
    identityA: identity("G_A", B),
    identityB: identity("G_B", A),
  };
  const cycles = tf.mul(tf.add(parts.cycleA, parts.cycleB), weights.cycle) as tf.Scalar;
  const identities = tf.mul(tf.add(parts.identityA, parts.identityB), weights.identity) as tf.Scalar;
  return { losses: { G: tf.addN([parts.adversarialA, parts.adversarialB, cycles, identities]), ...parts }, fakes };
}

/** Computes the loss of both discriminators. @param batch with translated images that are constants */
export function discriminatorLoss(
  discriminators: Parameters,
  { A, B, fakeA, fakeB }: JudgedBatch,
): DiscriminatorLosses {
  const lossOf = (network: Discriminator, real: tf.Tensor4D, fake: tf.Tensor4D): tf.Scalar => {
    const [ofReal, ofFake] = [real, fake].map((images) => scorePatches(discriminators, network, images));
    return tf.mul(tf.add(leastSquares(ofReal, 1), leastSquares(ofFake, 0)), 0.5) as tf.Scalar;
  };
  const [discriminatorA, discriminatorB] = [lossOf("D_A", B, fakeB), lossOf("D_B", A, fakeA)];
  return { D: tf.add(discriminatorA, discriminatorB), discriminatorA, discriminatorB };
}
