/**
 * One update of the method for one attribute: one forward of the generator; the discriminators learn from detached C and
 * D; the updated discriminators score C and D again for the generator's update (../shared/facts, Training).
 */
import * as tf from "@tensorflow/tfjs-core";
import { type AdamSettings, adamUpdate } from "../device/adam.js";
import { suspendTape } from "../device/tape.js";
import type { ModelConfig } from "../model/config.js";
import { generate } from "../model/exchange.js";
import { discriminate, halve } from "../model/networks.js";
import type { Parameters } from "../model/parameters.js";
import { adversarialLoss, discriminatorLoss, gradientPenalty, reconstructionLoss, type Scores } from "./losses.js";
import type { LossWeights, Reconstruction } from "./method.js";
import { countRight, probeResiduals, readScalars } from "./readings.js";
import { type OnTrace, TraceKeeper } from "./trace.js";

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

/** What the discriminators' update leaves to be read; the caller disposes of it. */
type DiscriminatorReadings = {
  readonly D: tf.Scalar;
  readonly D1: tf.Scalar;
  readonly D2: tf.Scalar;
  /** Logits on the right side of 0. */
  readonly right1: tf.Scalar;
  readonly right2: tf.Scalar;
  readonly r1?: tf.Scalar;
};
type Readings = DiscriminatorReadings &
  Readonly<Record<"G" | "reconstruction" | "adversarial1" | "adversarial2" | "residual" | "exchange", tf.Scalar>>;

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
  keeper?: TraceKeeper,
): DiscriminatorReadings {
  const { weights, r1 } = settings;
  let parts: Omit<DiscriminatorReadings, "D"> | undefined;
  const { value, gradients } = gradientsOf(state.discriminator, () => {
    const scores = scoreAll(state, pictures, labels);
    keeper?.addScores(scores);
    const [D1, D2] = [scores.D1, scores.D2].map((each) => tf.keep(discriminatorLoss(each)));
    const [right1, right2] = suspendTape(() => [scores.D1, scores.D2].map((each) => tf.keep(countRight(each))));
    parts = { D1, D2, right1, right2 };
    const loss = tf.add<tf.Scalar>(tf.mul(D1, weights.discriminator1), tf.mul(D2, weights.discriminator2));
    if (r1 === 0) return loss;
    const penalty = tf.keep(penalize(state, pictures, labels, settings));
    parts = { ...parts, r1: penalty };
    return tf.add(loss, penalty);
  });
  keeper?.addGradients(gradients);
  applyGradients(state.discriminator, gradients, settings);
  tf.dispose([...gradients.values()]);
  if (parts === undefined) throw new Error("training step: nothing was scored");
  // Kept: the generator's gradient function, in which this runs, disposes of what it does not return.
  return { D: tf.keep(value), ...parts };
}

/** Both updates; everything is left to the device, nothing is waited for. The caller disposes of the readings. */
function update(state: TrainingState, batch: PairBatch, settings: StepSettings, keeper?: TraceKeeper): Readings {
  const { config } = state;
  const { A, B, yA, yB, attribute } = batch;
  const { weights } = settings;
  const yC = exchangeLabels(yA, yB, attribute);
  const yD = exchangeLabels(yB, yA, attribute);
  const pictures = tf.concat([A, B], 0) as tf.Tensor4D;
  const fakeLabels = tf.concat([yC, yD], 0) as tf.Tensor2D;
  const labels = tf.concat([yA, yB, fakeLabels], 0) as tf.Tensor2D;
  let parts: Omit<Readings, "G"> | undefined;

  const { value, gradients } = gradientsOf(state.generator, () => {
    const generated = generate(state.generator.parameters, config, pictures, attribute);
    const { reconstructed, exchanged } = generated;
    keeper?.addGenerated(generated);
    const measured = suspendTape(() => {
      const { residual, exchange } = probeResiduals(generated.residuals);
      const all = tf.concat([pictures, exchanged], 0) as tf.Tensor4D;
      return {
        residual: tf.keep(residual),
        exchange: tf.keep(exchange),
        ...updateDiscriminators(state, all, labels, settings, keeper),
      };
    });

    const adversarial = (network: "D1" | "D2", fakes: tf.Tensor4D): tf.Scalar => {
      const [C, D] = tf.split(discriminate(state.discriminator.parameters, network, fakes, fakeLabels), 2, 0);
      return adversarialLoss({ C, D });
    };
    const reconstruction = tf.keep(reconstructionLoss(pictures, reconstructed, settings.reconstruction));
    const adversarial1 = tf.keep(adversarial("D1", exchanged));
    const adversarial2 = tf.keep(adversarial("D2", halve(exchanged)));
    parts = { ...measured, reconstruction, adversarial1, adversarial2 };
    return tf.addN([
      tf.mul(reconstruction, weights.reconstruction),
      tf.mul(adversarial1, weights.adversarial1),
      tf.mul(adversarial2, weights.adversarial2),
    ]);
  });
  keeper?.addGradients(gradients);
  applyGradients(state.generator, gradients, settings);
  if (state.average !== null) updateAverage(state.average, state.generator, settings.ema);
  tf.dispose([yC, yD, pictures, fakeLabels, labels, ...gradients.values()]);
  if (parts === undefined) throw new Error("training step: nothing was updated");
  return { G: value, ...parts };
}

/**
 * One update of D1 and D2, then of Enc and Dec; changes `state` in place. The device is waited for once, at the end.
 * @param onTrace reads what it needs of the update before it is disposed of
 */
export async function trainStep(
  state: TrainingState,
  batch: PairBatch,
  settings: StepSettings,
  onTrace?: OnTrace,
): Promise<StepLosses> {
  const keeper = onTrace === undefined ? undefined : new TraceKeeper();
  const readings = update(state, batch, settings, keeper);
  try {
    const { D, D1, D2, right1, right2, residual, exchange, r1, ...losses } = await readScalars(readings);
    if (keeper !== undefined) await onTrace?.(keeper.trace());
    const scored = 4 * batch.A.shape[0];
    return {
      D,
      D1,
      D2,
      ...losses,
      accuracy1: right1 / scored,
      accuracy2: right2 / scored,
      residual,
      exchange,
      ...(r1 === undefined ? {} : { r1 }),
    };
  } finally {
    tf.dispose(readings);
    keeper?.dispose();
  }
}
