/** Losses and gradients of one part of a batch: for the discriminators with given C and D, and for the generator. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../../device/ops/tape.js";
import { type Gradients, gradientsOf } from "../../nn/optimizer.js";
import type { Parameters } from "../../nn/parameters.js";
import { type Generated, generate } from "./exchange.js";
import {
  adversarialLoss,
  changeLoss,
  cycleLoss,
  discriminatorLoss,
  gradientPenalty,
  reconstructionLoss,
  type Score,
  type Scores,
  sliceLoss,
} from "./losses.js";
import { discriminate, encode, halve } from "./networks.js";
import type { Part } from "./parts.js";
import { countRight } from "./probes.js";
import type { StepSettings } from "./settings.js";
import type { ElegantState } from "./state.js";
import type { TraceKeeper } from "./trace.js";

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
export type DiscriminatorScalars = Scalars<"D" | "D1" | "D2"> & { readonly r1?: tf.Scalar };
/** Number of scores of each discriminator that were on the right side. */
export type RightScalars = Scalars<"D1" | "D2">;
export type GeneratorScalars = Scalars<"G" | "adversarial1" | "adversarial2"> & GeneratorExtras;
/** Parts of the generator's loss that only some methods have. */
type GeneratorExtras = Partial<Scalars<"reconstruction" | "slice" | "mask" | "change" | "cycle">>;

/** Losses and gradients. They are kept by tf.keep(), and the caller disposes them. */
export interface Differentiated<Losses> {
  readonly losses: Losses;
  readonly gradients: Gradients;
}

/** Splits a batch of scores into `count` equal parts. */
function splitScore({ logits, weights }: Score, count: number): Score[] {
  const ofEach = weights === null ? null : tf.split(weights, count, 0);
  return tf.split(logits, count, 0).map((own, i) => ({ logits: own, weights: ofEach === null ? null : ofEach[i] }));
}

/** Scores A, B, C and D with both discriminators, in one batch for each discriminator. */
function scoreAll(
  { config, discriminator: { parameters } }: ElegantState,
  pictures: tf.Tensor4D,
  { labels, weights }: Pick<Part, "labels" | "weights">,
): { D1: Scores; D2: Scores } {
  const score = (network: "D1" | "D2", seen: tf.Tensor4D): Scores => {
    const [A, B, C, D] = splitScore({ logits: discriminate(parameters, config, network, seen, labels), weights }, 4);
    return { A, B, C, D };
  };
  return { D1: score("D1", pictures), D2: score("D2", halve(pictures)) };
}

/** Computes the penalty R1 of both discriminators on A and B, weighted like their losses. */
function penalize(
  { config, discriminator: { parameters } }: ElegantState,
  pictures: tf.Tensor4D,
  { labels, weights: ofScores }: Part,
  settings: StepSettings,
): tf.Scalar {
  const { weights, r1, r1Every } = settings;
  const count = pictures.shape[0] / 2;
  const real = tf.slice(pictures, 0, count) as tf.Tensor4D;
  const own = tf.slice(labels, 0, count) as tf.Tensor2D;
  const ownWeights = ofScores === null ? null : tf.slice(ofScores, 0, count);
  const penalty = (network: "D1" | "D2", seen: tf.Tensor4D): tf.Scalar => {
    const score = (x: tf.Tensor4D): Score => {
      return { logits: discriminate(parameters, config, network, x, own, true), weights: ownWeights };
    };
    return gradientPenalty(score, seen, r1 * r1Every);
  };
  return tf.add(
    tf.mul(penalty("D1", real), weights.discriminator1),
    tf.mul(penalty("D2", halve(real)), weights.discriminator2),
  );
}

/** Differentiates the discriminators' loss. @param exchanged C and D stacked, as constants, [2n, S, S, 3] */
export function differentiateDiscriminators(
  state: ElegantState,
  part: Part,
  exchanged: tf.Tensor4D,
  settings: StepSettings,
  keeper?: TraceKeeper,
): Differentiated<DiscriminatorScalars> & { readonly right: RightScalars } {
  const { weights, r1, r1Every } = settings;
  const isPenalized = r1 > 0 && state.discriminator.updates % r1Every === 0;
  const pictures = tf.concat([part.pictures, exchanged], 0) as tf.Tensor4D; // A, B, C, D
  let parts: Omit<DiscriminatorScalars, "D"> | undefined;
  let right: RightScalars | undefined;
  const { value, gradients } = gradientsOf(state.discriminator, () => {
    const scores = scoreAll(state, pictures, part);
    keeper?.addScores(scores);
    const [D1, D2] = [scores.D1, scores.D2].map((each) => tf.keep(discriminatorLoss(each)));
    parts = { D1, D2 };
    right = suspendTape(() => ({ D1: tf.keep(countRight(scores.D1)), D2: tf.keep(countRight(scores.D2)) }));
    const loss = tf.add<tf.Scalar>(tf.mul(D1, weights.discriminator1), tf.mul(D2, weights.discriminator2));
    if (!isPenalized) return loss;
    const penalty = tf.keep(penalize(state, pictures, part, settings));
    parts = { D1, D2, r1: penalty };
    return tf.add(loss, penalty);
  });
  pictures.dispose();
  keeper?.addGradients(gradients);
  if (parts === undefined || right === undefined) throw new Error("training step: nothing was scored");
  return { losses: { D: tf.keep(value), ...parts }, right, gradients };
}

/** Copies the values, so that no gradient flows to the variables. */
function constantsOf(parameters: Parameters): Parameters {
  return suspendTape(() => new Map([...parameters].map(([name, p]) => [name, tf.clone(p) as tf.Variable])));
}

/** Computes the parts that the method adds to the adversarial ones in the generator's loss, unweighted and kept. */
function generatorExtras(
  { generator: { parameters }, config }: ElegantState,
  { pictures, groups }: Pick<Part, "pictures" | "groups">,
  { latents, residuals, masks, differences, reconstructed, exchanged }: Generated,
  { reconstruction, weights }: StepSettings,
): GeneratorExtras {
  const extras: { -readonly [Name in keyof GeneratorExtras]: GeneratorExtras[Name] } = {};
  if (reconstruction !== "none") {
    extras.reconstruction = tf.keep(reconstructionLoss(pictures, reconstructed, reconstruction));
  }
  if (weights.slice > 0) {
    const [, wanted] = suspendTape(() => tf.split(latents, 2, 0)) as tf.Tensor4D[];
    // This encoder is fixed. Otherwise it would learn to find slices that are not visible in the image.
    const { latent } = encode(constantsOf(parameters), config, exchanged);
    extras.slice = tf.keep(sliceLoss(latent, wanted));
  }
  if (weights.mask > 0 && masks !== null) extras.mask = tf.keep(tf.mean(masks));
  if (weights.change > 0) {
    const changes = differences ?? (tf.split(residuals, 2, 0)[1] as tf.Tensor4D);
    extras.change = tf.keep(changeLoss(changes));
  }
  if (weights.cycle > 0) {
    // C and D are constants here: with a gradient they would learn to hide in themselves what restores A and B.
    const edited = suspendTape(() => tf.clone(exchanged));
    const { exchanged: restored } = generate(parameters, config, edited, groups);
    extras.cycle = tf.keep(cycleLoss(restored, pictures));
  }
  return extras;
}

/**
 * Differentiates the generator's loss.
 * @param onGenerated runs between the generator's forward and the scoring of its C and D, outside the gradient
 */
export function differentiateGenerator(
  state: ElegantState,
  part: Part,
  settings: StepSettings,
  onGenerated?: (generated: Generated) => void,
): Differentiated<GeneratorScalars> {
  const { pictures, fakeLabels, fakeWeights, groups } = part;
  const { weights } = settings;
  const { config, generator, discriminator } = state;
  let parts: Omit<GeneratorScalars, "G"> | undefined;
  const { value, gradients } = gradientsOf(generator, () => {
    const generated = generate(generator.parameters, config, pictures, groups);
    const { exchanged } = generated;
    if (onGenerated !== undefined) suspendTape(() => onGenerated(generated));

    const adversarial = (network: "D1" | "D2", fakes: tf.Tensor4D): tf.Scalar => {
      const logits = discriminate(discriminator.parameters, config, network, fakes, fakeLabels);
      const [C, D] = splitScore({ logits, weights: fakeWeights }, 2);
      return adversarialLoss({ C, D });
    };
    const extras = generatorExtras(state, part, generated, settings);
    const adversarial1 = tf.keep(adversarial("D1", exchanged));
    const adversarial2 = tf.keep(adversarial("D2", halve(exchanged)));
    parts = { ...extras, adversarial1, adversarial2 };
    return tf.addN<tf.Scalar>(
      Object.entries(parts).map(([name, loss]) => tf.mul<tf.Scalar>(loss, weights[name as keyof typeof parts])),
    );
  });
  if (parts === undefined) throw new Error("training step: nothing was generated");
  return { losses: { G: tf.keep(value), ...parts }, gradients };
}
