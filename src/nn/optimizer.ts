/** The state of one optimizer and its updates; sums of micro-batches' gradients; moving averages. */
import * as tf from "@tensorflow/tfjs-core";
import { adamUpdate } from "../device/ops/adam.js";
import { rmspropUpdate } from "../device/ops/rmsprop.js";
import type { AdamSettings, RmspropSettings } from "../types.js";
import { disposeParameters, type Parameters } from "./parameters.js";

/** One optimizer's state: its parameters, their moments, and the number of updates. */
export interface OptimizerState {
  readonly parameters: Parameters;
  readonly first: Parameters;
  readonly second: Parameters;
  updates: number;
}

/** Gradients by the names of their parameters. */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** Makes zero moments for a set of parameters. */
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

/**
 * Computes loss and gradients by name; the caller disposes both. A parameter that the loss does not depend on has a
 * gradient of zeros.
 */
export function gradientsOf(
  state: OptimizerState,
  loss: () => tf.Scalar,
): { readonly value: tf.Scalar; readonly gradients: Gradients } {
  const names = [...state.parameters.keys()];
  const { value, grads } = tf.variableGrads(loss, [...state.parameters.values()]);
  const byVariable = grads as Record<string, tf.Tensor | undefined>;
  const gradients = new Map<string, tf.Tensor>();
  for (const name of names) {
    const variable = state.parameters.get(name) as tf.Variable;
    gradients.set(name, byVariable[variable.name] ?? tf.zerosLike(variable));
  }
  return { value, gradients };
}

/**
 * Returns the share of the learning rate at a moment of the run: 1 in its first half, then falling linearly to 0.
 * @param progress the share of the run that is done, in [0, 1]
 */
export function linearDecay(progress: number): number {
  return Math.max(0, Math.min(1, 2 * (1 - progress)));
}

/** Counts an update and makes it, parameter by parameter. */
function updateEach(
  state: OptimizerState,
  gradients: Gradients,
  update: (p: tf.Variable, first: tf.Variable, second: tf.Variable, gradient: tf.Tensor) => void,
): void {
  state.updates++;
  for (const [name, p] of state.parameters) {
    const gradient = gradients.get(name);
    const first = state.first.get(name);
    const second = state.second.get(name);
    if (gradient === undefined || first === undefined || second === undefined)
      throw new Error(`optimizer: no '${name}'`);
    update(p, first, second, gradient);
  }
}

/** Updates with Adam. */
export function applyGradients(
  state: OptimizerState,
  gradients: Gradients,
  { learningRate, adam }: { readonly learningRate: number; readonly adam: AdamSettings },
): void {
  updateEach(state, gradients, (p, first, second, gradient) =>
    adamUpdate(p, first, second, gradient, state.updates, learningRate, adam),
  );
}

/**
 * Updates with TensorFlow 1's RMSProp. The first moments stay 0; the second ones are kept as rmspropUpdate() describes.
 * @param limit largest absolute value of the updated parameters; null clips nothing
 */
export function applyRmsprop(
  state: OptimizerState,
  gradients: Gradients,
  { learningRate, rmsprop }: { readonly learningRate: number; readonly rmsprop: RmspropSettings },
  limit: number | null = null,
): void {
  updateEach(state, gradients, (p, _, second, gradient) =>
    rmspropUpdate(p, second, gradient, state.updates, learningRate, rmsprop, limit),
  );
}

/**
 * Sets average = decay average + (1 - decay) weights. The first updates count more: decay = min(ema, (1 + t) / (10 +
 * t)) after t of them. The average therefore soon forgets the initial weights.
 */
export function updateAverage(average: Parameters, { parameters, updates }: OptimizerState, ema: number): void {
  const share = 1 - Math.min(ema, (1 + updates) / (10 + updates));
  for (const [name, weights] of parameters) {
    const mean = average.get(name);
    if (mean === undefined) throw new Error(`average: no '${name}'`);
    tf.tidy(() => mean.assign(tf.add(mean, tf.mul(tf.sub(weights, mean), share))));
  }
}

/**
 * Adds the gradients of one more part to the sum, in the order of calls, and disposes both.
 * @param sum null before the first part
 */
export function addGradients(sum: Gradients | null, gradients: Gradients, share: number): Gradients {
  const next = new Map<string, tf.Tensor>();
  for (const [name, gradient] of gradients) {
    const before = sum?.get(name);
    next.set(
      name,
      tf.tidy(() => {
        const scaled = tf.mul(gradient, share);
        return before === undefined ? scaled : tf.add(before, scaled);
      }),
    );
    gradient.dispose();
    before?.dispose();
  }
  return next;
}

/** Frees the variables of the parameters and of their moments. */
export function disposeOptimizer({ parameters, first, second }: OptimizerState): void {
  for (const named of [parameters, first, second]) disposeParameters(named);
}
