/** Losses and gradients of one part of a batch: of the discriminators for given C and D, and of the generator. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../device/tape.js";
import { type Generated, generate } from "../model/exchange.js";
import { discriminate, encode, halve } from "../model/networks.js";
import type { Parameters } from "../model/parameters.js";
import {
  adversarialLoss,
  discriminatorLoss,
  gradientPenalty,
  reconstructionLoss,
  type Scores,
  sliceLoss,
} from "./losses.js";
import { type Gradients, gradientsOf } from "./optimizer.js";
import type { Part } from "./parts.js";
import { countRight } from "./readings.js";
import type { StepSettings } from "./settings.js";
import type { TrainingState } from "./step.js";
import type { TraceKeeper } from "./trace.js";

type Scalars<Names extends string> = Readonly<Record<Names, tf.Scalar>>;
export type DiscriminatorScalars = Scalars<"D" | "D1" | "D2"> & { readonly r1?: tf.Scalar };
/** How many of the scores by each discriminator were on the right side. */
export type RightScalars = Scalars<"D1" | "D2">;
export type GeneratorScalars = Scalars<"G" | "adversarial1" | "adversarial2"> & GeneratorExtras;
/** Only those that the method has. */
type GeneratorExtras = Partial<Scalars<"reconstruction" | "slice" | "mask">>;

/** Kept, wherever it was computed; the caller disposes of all. */
export interface Differentiated<Losses> {
  readonly losses: Losses;
  readonly gradients: Gradients;
}

/** Scores of A, B, C and D by both discriminators, each in one batch. */
function scoreAll(state: TrainingState, pictures: tf.Tensor4D, conditions: tf.Tensor2D): { D1: Scores; D2: Scores } {
  const { config } = state;
  const { parameters } = state.discriminator;
  const split = (logits: tf.Tensor): Scores => {
    const [A, B, C, D] = tf.split(logits, 4, 0);
    return { A, B, C, D };
  };
  return {
    D1: split(discriminate(parameters, config, "D1", pictures, conditions)),
    D2: split(discriminate(parameters, config, "D2", halve(pictures), conditions)),
  };
}

/** R1 of both discriminators on A and B, weighted as their losses are. */
function penalize(
  state: TrainingState,
  pictures: tf.Tensor4D,
  conditions: tf.Tensor2D,
  settings: StepSettings,
): tf.Scalar {
  const { config } = state;
  const { parameters } = state.discriminator;
  const { weights, r1, r1Every } = settings;
  const count = pictures.shape[0] / 2;
  const real = tf.slice(pictures, 0, count) as tf.Tensor4D;
  const own = tf.slice(conditions, 0, count) as tf.Tensor2D;
  const penalty = (network: "D1" | "D2", seen: tf.Tensor4D): tf.Scalar =>
    gradientPenalty((x) => discriminate(parameters, config, network, x, own, true), seen, r1 * r1Every);
  return tf.add(
    tf.mul(penalty("D1", real), weights.discriminator1),
    tf.mul(penalty("D2", halve(real)), weights.discriminator2),
  );
}

/** @param exchanged C, D stacked, constants here, [2n, S, S, 3] */
export function differentiateDiscriminators(
  state: TrainingState,
  { pictures: real, conditions }: Part,
  exchanged: tf.Tensor4D,
  settings: StepSettings,
  keeper?: TraceKeeper,
): Differentiated<DiscriminatorScalars> & { readonly right: RightScalars } {
  const { weights, r1, r1Every } = settings;
  const isPenalized = r1 > 0 && state.discriminator.updates % r1Every === 0;
  const pictures = tf.concat([real, exchanged], 0) as tf.Tensor4D; // A, B, C, D
  let parts: Omit<DiscriminatorScalars, "D"> | undefined;
  let right: RightScalars | undefined;
  const { value, gradients } = gradientsOf(state.discriminator, () => {
    const scores = scoreAll(state, pictures, conditions);
    keeper?.addScores(scores);
    const [D1, D2] = [scores.D1, scores.D2].map((each) => tf.keep(discriminatorLoss(each)));
    parts = { D1, D2 };
    right = suspendTape(() => ({ D1: tf.keep(countRight(scores.D1)), D2: tf.keep(countRight(scores.D2)) }));
    const loss = tf.add<tf.Scalar>(tf.mul(D1, weights.discriminator1), tf.mul(D2, weights.discriminator2));
    if (!isPenalized) return loss;
    const penalty = tf.keep(penalize(state, pictures, conditions, settings));
    parts = { D1, D2, r1: penalty };
    return tf.add(loss, penalty);
  });
  pictures.dispose();
  keeper?.addGradients(gradients);
  if (parts === undefined || right === undefined) throw new Error("training step: nothing was scored");
  return { losses: { D: tf.keep(value), ...parts }, right, gradients };
}

/** The same values, through which no gradient flows to the variables. */
function constantsOf(parameters: Parameters): Parameters {
  return suspendTape(() => new Map([...parameters].map(([name, p]) => [name, tf.clone(p) as tf.Variable])));
}

/** What the method adds to the generator's loss next to the adversarial parts, unweighted and kept. */
function generatorExtras(
  { generator: { parameters }, config }: TrainingState,
  pictures: tf.Tensor4D,
  { latents, masks, reconstructed, exchanged }: Generated,
  { reconstruction, weights }: StepSettings,
): GeneratorExtras {
  const extras: { -readonly [Name in keyof GeneratorExtras]: GeneratorExtras[Name] } = {};
  if (reconstruction !== "none") {
    extras.reconstruction = tf.keep(reconstructionLoss(pictures, reconstructed, reconstruction));
  }
  if (weights.slice > 0) {
    const [, wanted] = suspendTape(() => tf.split(latents, 2, 0)) as tf.Tensor4D[];
    // The encoder that looks is fixed: otherwise it would learn to find slices that nobody sees.
    const { latent } = encode(constantsOf(parameters), config, exchanged);
    extras.slice = tf.keep(sliceLoss(latent, wanted));
  }
  if (weights.mask > 0 && masks !== null) extras.mask = tf.keep(tf.mean(masks));
  return extras;
}

/** @param onGenerated runs between the generator's forward and the scoring of its C and D, unseen by the gradient */
export function differentiateGenerator(
  state: TrainingState,
  { pictures, fakeConditions, groups }: Part,
  settings: StepSettings,
  onGenerated?: (generated: Generated) => void,
): Differentiated<GeneratorScalars> {
  const { weights } = settings;
  const { config, generator, discriminator } = state;
  let parts: Omit<GeneratorScalars, "G"> | undefined;
  const { value, gradients } = gradientsOf(generator, () => {
    const generated = generate(generator.parameters, config, pictures, groups);
    const { exchanged } = generated;
    if (onGenerated !== undefined) suspendTape(() => onGenerated(generated));

    const adversarial = (network: "D1" | "D2", fakes: tf.Tensor4D): tf.Scalar => {
      const scores = discriminate(discriminator.parameters, config, network, fakes, fakeConditions);
      const [C, D] = tf.split(scores, 2, 0);
      return adversarialLoss({ C, D });
    };
    const extras = generatorExtras(state, pictures, generated, settings);
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
