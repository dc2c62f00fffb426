/** Trains the labeller's network. The same images, labels and seed give the same network, whatever the number of threads. */
import * as tf from "@tensorflow/tfjs-core";
import { OPEN } from "../dataset/lists.js";
import {
  applyGradients,
  createOptimizer,
  disposeOptimizer,
  gradientsOf,
  type OptimizerState,
  updateAverage,
} from "../nn/optimizer.js";
import { copyParameters, disposeParameters, type Parameters } from "../nn/parameters.js";
import { Random } from "../random.js";
import { type ClassifierShape, featureCount, initialClassifier } from "../scoring/classifier.js";
import {
  type ClassifierBatch,
  type ClassifierData,
  classifierLoss,
  RoundOrder,
} from "../scoring/classifier-training.js";
import type { OnProgress } from "../types.js";
import { augment } from "./augment.js";

const BATCH = 64;
/** Learning rate after the warm-up. It decreases to 0 like half a cosine wave. */
const LEARNING_RATE = 2e-3;
/** Updates of the warm-up, at most a tenth of all. */
const WARM_UP = 100;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
/** Share of each weight that one update takes away, per unit of learning rate (Loshchilov and Hutter 2019). */
const DECAY = 0.02;
/** Share of the last features that are dropped for each image. */
const DROPOUT = 0.5;
/** Decay of the moving average of the weights, which is the result. */
const AVERAGE = 0.998;

/** Number of updates of a training. @param passes over all images */
export function labellerUpdates(images: number, passes: number): number {
  return Math.ceil((passes * images) / Math.min(BATCH, images));
}

function makeBatch(
  { levels, labels, attributes }: ClassifierData,
  shape: ClassifierShape,
  order: RoundOrder,
  random: Random,
): ClassifierBatch {
  const { size } = shape;
  const length = size * size * 3;
  const batch = Math.min(BATCH, labels.length / attributes);
  const images = new Float32Array(batch * length);
  const wanted = new Float32Array(batch * attributes);
  const weights = new Float32Array(batch * attributes);
  for (let i = 0; i < batch; i++) {
    const row = order.next();
    const picture = levels.subarray(row * length, (row + 1) * length);
    augment(picture, images.subarray(i * length, (i + 1) * length), size, random);
    for (let a = 0; a < attributes; a++) {
      const label = labels[row * attributes + a];
      if (label === OPEN) continue; // its weight is 0
      wanted[i * attributes + a] = label;
      weights[i * attributes + a] = 1 / (batch * attributes);
    }
  }
  const features = featureCount(shape);
  const kept = Float32Array.from({ length: batch * features }, () => (random.chance(DROPOUT) ? 0 : 1 / (1 - DROPOUT)));
  return {
    images: tf.tensor4d(images, [batch, size, size, 3]),
    labels: tf.tensor2d(wanted, [batch, attributes]),
    weights: tf.tensor2d(weights, [batch, attributes]),
    kept: tf.tensor2d(kept, [batch, features]),
  };
}

/** Makes all weights smaller, but not biases and norms. */
function decayWeights({ parameters }: OptimizerState, learningRate: number): void {
  for (const [name, weights] of parameters) {
    if (!name.endsWith(".weight")) continue;
    tf.tidy(() => weights.assign(tf.mul(weights, 1 - learningRate * DECAY)));
  }
}

export interface LabellerTraining {
  readonly shape: ClassifierShape;
  readonly seed: number;
  /** Number of passes over all images. */
  readonly passes: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * Trains on the current device.
 * @returns the moving average of the weights; free it with disposeParameters()
 * @throws the signal's reason after an abort
 */
export async function trainLabeller(data: ClassifierData, options: LabellerTraining): Promise<Parameters> {
  const { shape, seed, passes, signal, onProgress } = options;
  const count = data.labels.length / data.attributes;
  const updates = labellerUpdates(count, passes);
  const state = createOptimizer(initialClassifier(shape, data.attributes, seed));
  const average = copyParameters(state.parameters);
  const order = new RoundOrder(count, seed);
  try {
    for (let update = 0; update < updates; update++) {
      const batch = makeBatch(data, shape, order, Random.fromSeed(seed, `labeller/${update}`));
      const { value, gradients } = gradientsOf(state, () => classifierLoss(shape, state.parameters, batch));
      const warm = Math.min(1, (update + 1) / Math.min(WARM_UP, updates / 10));
      const learningRate = (LEARNING_RATE * warm * (1 + Math.cos((Math.PI * update) / updates))) / 2;
      decayWeights(state, learningRate);
      applyGradients(state, gradients, { learningRate, adam: ADAM });
      updateAverage(average, state, AVERAGE);
      tf.dispose([value, ...Object.values(batch), ...gradients.values()]);
      if (update % 8 === 7) await new Promise((resolve) => setImmediate(resolve)); // lets signals through
      onProgress({ stage: "train", done: update + 1, total: updates, unit: "updates" });
      signal.throwIfAborted();
    }
    return average;
  } catch (error) {
    disposeParameters(average);
    throw error;
  } finally {
    disposeOptimizer(state);
  }
}
