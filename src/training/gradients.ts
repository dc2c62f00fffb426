/** Losses and gradients of one part of a batch: of the discriminators for given C and D, and of the generator. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../device/tape.js";
import { type Generated, generate } from "../model/exchange.js";
import { discriminate, halve } from "../model/networks.js";
import { adversarialLoss, discriminatorLoss, gradientPenalty, reconstructionLoss, type Scores } from "./losses.js";
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
export type GeneratorScalars = Scalars<"G" | "reconstruction" | "adversarial1" | "adversarial2">;

/** Kept, wherever it was computed; the caller disposes of all. */
export interface Differentiated<Losses> {
  readonly losses: Losses;
  readonly gradients: Gradients;
}

/** Scores of A, B, C and D by both discriminators, each in one batch. */
function scoreAll(state: TrainingState, pictures: tf.Tensor4D, labels: tf.Tensor2D): { D1: Scores; D2: Scores } {
  const { parameters } = state.discriminator;
  const split = (logits: tf.Tensor): Scores => {
    const [A, B, C, D] = tf.split(logits, 4, 0);
    return { A, B, C, D };
  };
  return {
    D1: split(discriminate(parameters, "D1", pictures, labels)),
    D2: split(discriminate(parameters, "D2", halve(pictures), labels)),
  };
}

/** R1 of both discriminators on A and B, weighted as their losses are. */
function penalize(state: TrainingState, pictures: tf.Tensor4D, labels: tf.Tensor2D, settings: StepSettings): tf.Scalar {
  const { parameters } = state.discriminator;
  const { weights, r1 } = settings;
  const count = pictures.shape[0] / 2;
  const real = tf.slice(pictures, 0, count) as tf.Tensor4D;
  const own = tf.slice(labels, 0, count) as tf.Tensor2D;
  const penalty = (network: "D1" | "D2", seen: tf.Tensor4D): tf.Scalar =>
    gradientPenalty((x) => discriminate(parameters, network, x, own, true), seen, r1);
  return tf.add(
    tf.mul(penalty("D1", real), weights.discriminator1),
    tf.mul(penalty("D2", halve(real)), weights.discriminator2),
  );
}

/** @param exchanged C, D stacked, constants here, [2n, S, S, 3] */
export function differentiateDiscriminators(
  state: TrainingState,
  { pictures: real, labels }: Part,
  exchanged: tf.Tensor4D,
  settings: StepSettings,
  keeper?: TraceKeeper,
): Differentiated<DiscriminatorScalars> & { readonly right: RightScalars } {
  const { weights, r1 } = settings;
  const pictures = tf.concat([real, exchanged], 0) as tf.Tensor4D; // A, B, C, D
  let parts: Omit<DiscriminatorScalars, "D"> | undefined;
  let right: RightScalars | undefined;
  const { value, gradients } = gradientsOf(state.discriminator, () => {
    const scores = scoreAll(state, pictures, labels);
    keeper?.addScores(scores);
    const [D1, D2] = [scores.D1, scores.D2].map((each) => tf.keep(discriminatorLoss(each)));
    parts = { D1, D2 };
    right = suspendTape(() => ({ D1: tf.keep(countRight(scores.D1)), D2: tf.keep(countRight(scores.D2)) }));
    const loss = tf.add<tf.Scalar>(tf.mul(D1, weights.discriminator1), tf.mul(D2, weights.discriminator2));
    if (r1 === 0) return loss;
    const penalty = tf.keep(penalize(state, pictures, labels, settings));
    parts = { D1, D2, r1: penalty };
    return tf.add(loss, penalty);
  });
  pictures.dispose();
  keeper?.addGradients(gradients);
  if (parts === undefined || right === undefined) throw new Error("training step: nothing was scored");
  return { losses: { D: tf.keep(value), ...parts }, right, gradients };
}

/** @param onGenerated runs between the generator's forward and the scoring of its C and D, unseen by the gradient */
export function differentiateGenerator(
  state: TrainingState,
  { pictures, fakeLabels, attribute }: Part,
  settings: StepSettings,
  onGenerated?: (generated: Generated) => void,
): Differentiated<GeneratorScalars> {
  const { weights } = settings;
  let parts: Omit<GeneratorScalars, "G"> | undefined;
  const { value, gradients } = gradientsOf(state.generator, () => {
    const generated = generate(state.generator.parameters, state.config, pictures, attribute);
    const { reconstructed, exchanged } = generated;
    if (onGenerated !== undefined) suspendTape(() => onGenerated(generated));

    const adversarial = (network: "D1" | "D2", fakes: tf.Tensor4D): tf.Scalar => {
      const [C, D] = tf.split(discriminate(state.discriminator.parameters, network, fakes, fakeLabels), 2, 0);
      return adversarialLoss({ C, D });
    };
    const reconstruction = tf.keep(reconstructionLoss(pictures, reconstructed, settings.reconstruction));
    const adversarial1 = tf.keep(adversarial("D1", exchanged));
    const adversarial2 = tf.keep(adversarial("D2", halve(exchanged)));
    parts = { reconstruction, adversarial1, adversarial2 };
    return tf.addN([
      tf.mul(reconstruction, weights.reconstruction),
      tf.mul(adversarial1, weights.adversarial1),
      tf.mul(adversarial2, weights.adversarial2),
    ]);
  });
  if (parts === undefined) throw new Error("training step: nothing was generated");
  return { losses: { G: tf.keep(value), ...parts }, gradients };
}
