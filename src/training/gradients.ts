/** Losses and gradients of one part of a batch: of the discriminators for given C and D, and of the generator. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../device/tape.js";
import { type Generated, generate } from "../model/exchange.js";
import { discriminate, halve } from "../model/networks.js";
import { adversarialLoss, discriminatorLoss, gradientPenalty, reconstructionLoss, type Scores } from "./losses.js";
import { type Gradients, gradientsOf } from "./optimizer.js";
import type { Part } from "./parts.js";
import type { OnTrace, StepLosses, StepSettings, TrainingState } from "./step.js";

export type DiscriminatorLosses = Pick<StepLosses, "D" | "D1" | "D2" | "accuracy1" | "accuracy2" | "r1">;
export type GeneratorLosses = Pick<StepLosses, "G" | "reconstruction" | "adversarial1" | "adversarial2">;
export type Probe = Pick<StepLosses, "residual" | "exchange">;

/** The caller disposes of the gradients. */
export interface Differentiated<Losses> {
  readonly losses: Losses;
  readonly gradients: Gradients;
}

/** @returns means over the part's probed pairs, 0 where it has none */
export function probeResiduals({ residuals }: Generated, { probed }: Part): Probe {
  if (probed === 0) return { residual: 0, exchange: 0 };
  return tf.tidy(() => {
    const [A, B, C, D] = tf.split(residuals, 4, 0).map((part) => tf.slice(part, 0, probed));
    const own = tf.concat([A, B], 0);
    const exchanged = tf.concat([C, D], 0);
    const meanOf = (x: tf.Tensor): number => tf.mean(tf.abs(x)).dataSync()[0];
    return { residual: meanOf(exchanged), exchange: meanOf(tf.sub(exchanged, own)) };
  });
}

/** The share of logits on the right side of 0. */
function accuracyOf({ A, B, C, D }: Scores): number {
  const values = [A, B, C, D].map((logits) => logits.dataSync());
  const right = values.map((logits, i) => logits.filter((x) => (i < 2 ? x > 0 : x < 0)).length);
  return right.reduce((a, b) => a + b, 0) / values.reduce((sum, { length }) => sum + length, 0);
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
  onTrace?: OnTrace,
): Differentiated<DiscriminatorLosses> {
  const { weights, r1 } = settings;
  const pictures = tf.concat([real, exchanged], 0) as tf.Tensor4D; // A, B, C, D
  const parts: { D1?: tf.Scalar; D2?: tf.Scalar; r1?: tf.Scalar } = {};
  let accuracies: Pick<StepLosses, "accuracy1" | "accuracy2"> | undefined;
  const { value, gradients } = gradientsOf(state.discriminator, () => {
    const scores = scoreAll(state, pictures, labels);
    if (onTrace !== undefined) onTrace(scores);
    parts.D1 = tf.keep(discriminatorLoss(scores.D1));
    parts.D2 = tf.keep(discriminatorLoss(scores.D2));
    accuracies = { accuracy1: accuracyOf(scores.D1), accuracy2: accuracyOf(scores.D2) };
    const loss = tf.add<tf.Scalar>(tf.mul(parts.D1, weights.discriminator1), tf.mul(parts.D2, weights.discriminator2));
    if (r1 === 0) return loss;
    parts.r1 = tf.keep(penalize(state, pictures, labels, settings));
    return tf.add(loss, parts.r1);
  });
  if (onTrace !== undefined) onTrace({ gradients });
  if (accuracies === undefined) throw new Error("training step: nothing was scored");
  const penalty = parts.r1 === undefined ? {} : { r1: scalar(parts.r1) };
  const losses = { D: scalar(value), D1: scalar(parts.D1), D2: scalar(parts.D2), ...accuracies, ...penalty };
  tf.dispose([pictures, value, ...Object.values(parts)]);
  return { losses, gradients };
}

/** @param onGenerated runs between the generator's forward and the scoring of its C and D, unseen by the gradient */
export function differentiateGenerator(
  state: TrainingState,
  { pictures, fakeLabels, attribute }: Part,
  settings: StepSettings,
  onGenerated?: (generated: Generated) => void,
): Differentiated<GeneratorLosses> {
  const { weights } = settings;
  const parts: Partial<Record<"reconstruction" | "adversarial1" | "adversarial2", tf.Scalar>> = {};
  const { value, gradients } = gradientsOf(state.generator, () => {
    const generated = generate(state.generator.parameters, state.config, pictures, attribute);
    const { reconstructed, exchanged } = generated;
    if (onGenerated !== undefined) suspendTape(() => onGenerated(generated));

    const adversarial = (network: "D1" | "D2", fakes: tf.Tensor4D): tf.Scalar => {
      const [C, D] = tf.split(discriminate(state.discriminator.parameters, network, fakes, fakeLabels), 2, 0);
      return adversarialLoss({ C, D });
    };
    parts.reconstruction = tf.keep(reconstructionLoss(pictures, reconstructed, settings.reconstruction));
    parts.adversarial1 = tf.keep(adversarial("D1", exchanged));
    parts.adversarial2 = tf.keep(adversarial("D2", halve(exchanged)));
    return tf.addN([
      tf.mul(parts.reconstruction, weights.reconstruction),
      tf.mul(parts.adversarial1, weights.adversarial1),
      tf.mul(parts.adversarial2, weights.adversarial2),
    ]);
  });
  const losses = {
    G: scalar(value),
    reconstruction: scalar(parts.reconstruction),
    adversarial1: scalar(parts.adversarial1),
    adversarial2: scalar(parts.adversarial2),
  };
  tf.dispose([value, ...Object.values(parts)]);
  return { losses, gradients };
}

function scalar(tensor: tf.Scalar | undefined): number {
  if (tensor === undefined) throw new Error("loss: a part was not computed");
  return tensor.dataSync()[0];
}
