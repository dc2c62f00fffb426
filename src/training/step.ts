/**
 * One update of the method for one attribute: one forward of the generator; the discriminators learn from detached C and
 * D; the updated discriminators score C and D again for the generator's update (../shared/facts, Training).
 */
import * as tf from "@tensorflow/tfjs-core";
import { type AdamSettings, adamUpdate } from "../device/adam.js";
import { suspendTape } from "../device/tape.js";
import type { ModelConfig } from "../model/config.js";
import { type Generated, generate } from "../model/exchange.js";
import { discriminate, halve } from "../model/networks.js";
import type { Parameters } from "../model/parameters.js";
import { adversarialLoss, discriminatorLoss, gradientPenalty, reconstructionLoss, type Scores } from "./losses.js";
import type { LossWeights, Reconstruction } from "./method.js";

/** One optimizer's state: moments beside each of its parameters, and the updates done. */
export interface OptimizerState {
  readonly parameters: Parameters;
  readonly first: Parameters;
  readonly second: Parameters;
  updates: number;
}

export interface TrainingState {
  readonly config: ModelConfig;
  /** Enc and Dec. */
  readonly generator: OptimizerState;
  /** Exponential moving average of Enc and Dec; null when none is kept. */
  readonly average: Parameters | null;
  /** D1 and D2. */
  readonly discriminator: OptimizerState;
}

/** A batch of pairs for one attribute: A has it, B has not. */
export interface PairBatch {
  readonly attribute: number;
  /** [N, S, S, 3] in [-1, 1] */
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
  /** [N, attributes] of 0 and 1 */
  readonly yA: tf.Tensor2D;
  readonly yB: tf.Tensor2D;
}

export interface StepSettings {
  readonly reconstruction: Reconstruction;
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
  /** Gamma of the gradient penalty; 0 is none. */
  readonly r1: number;
  /** Decay of the generator's moving average, where the state has one. */
  readonly ema: number;
}

/** Values of one update, for logs. `D` and `G` are the weighted totals that were differentiated. */
export interface StepLosses {
  readonly D: number;
  readonly D1: number;
  readonly D2: number;
  readonly G: number;
  readonly reconstruction: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  /** Share of A, B, C and D that each discriminator told right before its update. */
  readonly accuracy1: number;
  readonly accuracy2: number;
  /** Mean |R| of C and D, and mean |R_C - R_A| and |R_D - R_B|, of a few pairs: what an edit and the slice change. */
  readonly residual: number;
  readonly exchange: number;
  /** The gradient penalties as they were added to D; only where they are on. */
  readonly r1?: number;
}

/** What a caller may look at before it is disposed of: golden checks read all of it. */
export interface StepTrace {
  readonly generated: Generated;
  /** Scores by the discriminators before their update. */
  readonly D1: Scores;
  readonly D2: Scores;
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}
export type OnTrace = (part: Partial<StepTrace>) => void;

/** Zero moments for a set of parameters. */
export function createOptimizer(parameters: Parameters): OptimizerState {
  const zeros = (): Parameters => {
    const moments = new Map<string, tf.Variable>();
    for (const [name, p] of parameters)
      moments.set(
        name,
        tf.tidy(() => tf.variable(tf.zeros(p.shape), false)),
      );
    return moments;
  };
  return { parameters, first: zeros(), second: zeros(), updates: 0 };
}

/** The labels of C and D: their own with one entry from the other's. */
export function exchangeLabels(y: tf.Tensor2D, other: tf.Tensor2D, attribute: number): tf.Tensor2D {
  return tf.tidy(() => {
    // Not tf.oneHot, which refuses a single attribute.
    const mask = tf.tensor2d([Array.from({ length: y.shape[1] }, (_, i) => (i === attribute ? 1 : 0))]);
    return tf.add(y, tf.mul(mask, tf.sub(other, y)));
  });
}

/** Pairs of a batch that `residual` and `exchange` are measured on. */
const PROBED = 4;

/** @param residuals R_A, R_B, R_C, R_D stacked, [4N, S, S, 3] */
function probeResiduals(residuals: tf.Tensor4D): { readonly residual: number; readonly exchange: number } {
  const n = residuals.shape[0] / 4;
  return tf.tidy(() => {
    const [A, B, C, D] = tf.split(residuals, 4, 0).map((part) => tf.slice(part, 0, Math.min(PROBED, n)));
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

/**
 * average = decay average + (1 - decay) weights. The first updates count more, decay = min(ema, (1 + t) / (10 + t)) after t of
 * them, so that the initial weights are soon forgotten.
 */
function updateAverage(average: Parameters, { parameters, updates }: OptimizerState, ema: number): void {
  const share = 1 - Math.min(ema, (1 + updates) / (10 + updates));
  for (const [name, weights] of parameters) {
    const mean = average.get(name);
    if (mean === undefined) throw new Error(`average: no '${name}'`);
    tf.tidy(() => mean.assign(tf.add(mean, tf.mul(tf.sub(weights, mean), share))));
  }
}

function applyGradients(
  state: OptimizerState,
  gradients: ReadonlyMap<string, tf.Tensor>,
  settings: StepSettings,
): void {
  state.updates++;
  for (const [name, p] of state.parameters) {
    const gradient = gradients.get(name);
    const first = state.first.get(name);
    const second = state.second.get(name);
    if (gradient === undefined || first === undefined || second === undefined)
      throw new Error(`optimizer: no '${name}'`);
    adamUpdate(p, first, second, gradient, state.updates, settings.learningRate, settings.adam);
  }
}

/** Loss and gradients by name; the caller disposes of both. */
function gradientsOf(
  state: OptimizerState,
  loss: () => tf.Scalar,
): { readonly value: tf.Scalar; readonly gradients: Map<string, tf.Tensor> } {
  const names = [...state.parameters.keys()];
  const { value, grads } = tf.variableGrads(loss, [...state.parameters.values()]);
  const byVariable = grads as Record<string, tf.Tensor>;
  const gradients = new Map<string, tf.Tensor>();
  for (const name of names) {
    const variable = state.parameters.get(name) as tf.Variable;
    gradients.set(name, byVariable[variable.name]);
  }
  return { value, gradients };
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

type DiscriminatorLosses = Pick<StepLosses, "D" | "D1" | "D2" | "accuracy1" | "accuracy2" | "r1">;

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

/**
 * Updates the discriminators on detached C and D.
 * @param pictures A, B, C, D stacked, [4N, S, S, 3]
 * @param labels   theirs, [4N, attributes]
 */
function updateDiscriminators(
  state: TrainingState,
  pictures: tf.Tensor4D,
  labels: tf.Tensor2D,
  settings: StepSettings,
  onTrace?: OnTrace,
): DiscriminatorLosses {
  const { weights, r1 } = settings;
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
  applyGradients(state.discriminator, gradients, settings);
  if (accuracies === undefined) throw new Error("training step: nothing was scored");
  const penalty = parts.r1 === undefined ? {} : { r1: scalar(parts.r1) };
  const losses = { D: scalar(value), D1: scalar(parts.D1), D2: scalar(parts.D2), ...accuracies, ...penalty };
  tf.dispose([value, ...Object.values(parts), ...gradients.values()]);
  return losses;
}

function scalar(tensor: tf.Scalar | undefined): number {
  if (tensor === undefined) throw new Error("loss: a part was not computed");
  return tensor.dataSync()[0];
}

/**
 * One update of D1 and D2, then of Enc and Dec; changes `state` in place.
 * Reads the losses synchronously (devices without dataSync come with their own issue).
 */
export function trainStep(
  state: TrainingState,
  batch: PairBatch,
  settings: StepSettings,
  onTrace?: OnTrace,
): StepLosses {
  const { config } = state;
  const { A, B, yA, yB, attribute } = batch;
  const { weights } = settings;
  const yC = exchangeLabels(yA, yB, attribute);
  const yD = exchangeLabels(yB, yA, attribute);
  const pictures = tf.concat([A, B], 0) as tf.Tensor4D;
  const fakeLabels = tf.concat([yC, yD], 0) as tf.Tensor2D;
  const labels = tf.concat([yA, yB, fakeLabels], 0) as tf.Tensor2D;
  const parts: Partial<Record<"reconstruction" | "adversarial1" | "adversarial2", tf.Scalar>> = {};
  let discriminatorLosses: DiscriminatorLosses | undefined;
  let probed: Pick<StepLosses, "residual" | "exchange"> | undefined;

  const { value, gradients } = gradientsOf(state.generator, () => {
    const generated = generate(state.generator.parameters, config, pictures, attribute);
    const { reconstructed, exchanged } = generated;
    if (onTrace !== undefined) onTrace({ generated });
    probed = suspendTape(() => probeResiduals(generated.residuals));
    discriminatorLosses = suspendTape(() => {
      const all = tf.concat([pictures, exchanged], 0) as tf.Tensor4D;
      return updateDiscriminators(state, all, labels, settings, onTrace);
    });

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
  if (onTrace !== undefined) onTrace({ gradients });
  applyGradients(state.generator, gradients, settings);
  if (state.average !== null) updateAverage(state.average, state.generator, settings.ema);
  const generatorLosses = {
    G: scalar(value),
    reconstruction: scalar(parts.reconstruction),
    adversarial1: scalar(parts.adversarial1),
    adversarial2: scalar(parts.adversarial2),
  };
  tf.dispose([value, yC, yD, pictures, fakeLabels, labels, ...Object.values(parts), ...gradients.values()]);
  if (discriminatorLosses === undefined || probed === undefined) throw new Error("training step: nothing was updated");
  const { accuracy1, accuracy2, r1, ...losses } = discriminatorLosses;
  return { ...losses, ...generatorLosses, accuracy1, accuracy2, ...probed, ...(r1 === undefined ? {} : { r1 }) };
}
