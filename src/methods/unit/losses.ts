/** UNIT's losses as pure functions that return named parts (paper section 3; weights as in the published code). */
import * as tf from "@tensorflow/tfjs-core";
import { meanAbsoluteError } from "../../device/ops/mean-absolute-error.js";
import type { Parameters } from "../../nn/parameters.js";
import { type Crossed, cross, judge, type Translated, translate } from "./networks.js";
import type { Noises } from "./noise.js";

/** The weights of the parts of both losses. */
export interface LossWeights {
  /** Weight of both discriminators' judgements. */
  readonly adversarial: number;
  /** Weight of the images' reconstructions from their own domain. */
  readonly reconstruction: number;
  /** Weight of the reconstructions after two translations. */
  readonly cycle: number;
  /** Weight of the squares of the images' codes. */
  readonly code: number;
  /** Weight of the squares of the translated images' codes. */
  readonly cycleCode: number;
}

/** Images of both domains, in pairs only so that both have the same number: [N, S, S, 3] in [-1, 1]. */
export interface Images {
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
}

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
/** `D` is the weighted total. `real` and `fake` sum both domains. */
export type DiscriminatorLosses = Scalars<"D" | "real" | "fake">;
/** `G` is the weighted total. A suffix A or B names the domain in which an image is judged or reconstructed. */
export type GeneratorLosses = Scalars<
  | "G"
  | "adversarialA"
  | "adversarialB"
  | "reconstructionA"
  | "reconstructionB"
  | "cycleA"
  | "cycleB"
  | "code"
  | "cycleCodeA"
  | "cycleCodeB"
>;

/** Returns the mean cross entropy of logits against one label. It does not saturate as a sigmoid does. */
function crossEntropy(logits: tf.Tensor, label: 0 | 1): tf.Scalar {
  return tf.mean(tf.softplus(label === 1 ? tf.neg(logits) : logits));
}

/** Returns the mean square, which is the code's KL divergence from N(0, 1) up to a factor and a constant. */
const meanSquare = (code: tf.Tensor): tf.Scalar => tf.mean(tf.square(code));

/**
 * Computes the discriminators' loss.
 * @param fakes translated images as constants: A's are in domain A, made from B
 */
export function discriminatorLoss(
  parameters: Parameters,
  images: Images,
  fakes: Images,
  { adversarial }: LossWeights,
): DiscriminatorLosses {
  const both = (["A", "B"] as const).map((domain) => tf.concat([images[domain], fakes[domain]], 0));
  const judged = judge(parameters, both[0], both[1]).map((logits) => tf.split(logits, 2, 0));
  const [real, fake] = ([1, 0] as const).map((label, half) => {
    const [ofA, ofB] = judged.map((halves) => crossEntropy(halves[half], label));
    return tf.add(ofA, ofB) as tf.Scalar;
  });
  return { D: tf.mul(tf.add(real, fake), adversarial) as tf.Scalar, real, fake };
}

/** All images and codes of the generator's update: the crossed ones, and A and B after two translations. */
export interface Cycled extends Crossed {
  readonly aba: Translated;
  readonly bab: Translated;
}

/** Reconstructs and translates both domains' images, and translates the translated ones back. */
export function runCycles(
  parameters: Parameters,
  { A, B }: Images,
  noises: Pick<Noises, "generator" | "bab" | "aba">,
): Cycled {
  const crossed = cross(parameters, A, B, noises.generator);
  const bab = translate(parameters, "A", crossed.ba, noises.bab);
  const aba = translate(parameters, "B", crossed.ab, noises.aba);
  return { ...crossed, bab, aba };
}

/** Computes the generator's loss. The gradient passes through both translations of a cycle. */
export function generatorLoss(
  generator: Parameters,
  discriminator: Parameters,
  { A, B }: Images,
  noises: Pick<Noises, "generator" | "bab" | "aba">,
  weights: LossWeights,
): GeneratorLosses {
  const { aa, ba, ab, bb, code, aba, bab } = runCycles(generator, { A, B }, noises);
  const [adversarialA, adversarialB] = judge(discriminator, ba, ab).map((logits) => crossEntropy(logits, 1));
  const parts = {
    adversarialA,
    adversarialB,
    reconstructionA: meanAbsoluteError(aa, A),
    reconstructionB: meanAbsoluteError(bb, B),
    cycleA: meanAbsoluteError(aba.images, A),
    cycleB: meanAbsoluteError(bab.images, B),
    code: meanSquare(code),
    cycleCodeA: meanSquare(aba.code),
    cycleCodeB: meanSquare(bab.code),
  };
  const weigh = (weight: number, ...terms: tf.Scalar[]): tf.Scalar => tf.mul(tf.addN(terms), weight);
  const G = tf.addN([
    weigh(weights.adversarial, parts.adversarialA, parts.adversarialB),
    weigh(weights.reconstruction, parts.reconstructionA, parts.reconstructionB),
    weigh(weights.cycle, parts.cycleA, parts.cycleB),
    // The published code has a term for each domain, but both are the mean over the codes of A and B.
    weigh(2 * weights.code, parts.code),
    weigh(weights.cycleCode, parts.cycleCodeA, parts.cycleCodeB),
  ]);
  return { G, ...parts };
}
