/** Small models, batches and faces for tests of training and editing. */
import * as tf from "@tensorflow/tfjs-core";
import { type ModelConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { DISCRIMINATORS, GENERATOR, initialParameters, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { LOSS_WEIGHTS } from "../../src/methods/elegant/presets.js";
import type { StepSettings } from "../../src/methods/elegant/settings.js";
import type { ElegantState } from "../../src/methods/elegant/state.js";
import type { PairBatch, TrainingState } from "../../src/methods/method.js";
import { exportGenerator } from "../../src/models/generator-file.js";
import { createOptimizer } from "../../src/nn/optimizer.js";
import { uploadParameters } from "../../src/nn/parameters.js";
import { Random } from "../../src/random.js";

export const TINY: ModelConfig = {
  ...OFFICIAL_NETWORK,
  size: 64,
  width: 4,
  attributes: ["Bangs", "Eyeglasses", "Smiling"],
};

export const STEP_SETTINGS: StepSettings = {
  reconstruction: "squared",
  weights: { ...LOSS_WEIGHTS.official, reconstruction: 5, slice: 0, mask: 0, change: 0, cycle: 0 },
  adam: { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-5 },
  learningRate: 2e-4,
  r1: 0,
  r1Every: 1,
  others: 0,
  wait: 0,
  ema: 0,
};

/** A new model with its optimizers, on the current device. */
export function tinyState(seed: number, config: ModelConfig = TINY): ElegantState {
  const tensors = initialParameters(config, [...GENERATOR, ...DISCRIMINATORS], seed);
  const create = (networks: typeof GENERATOR) =>
    createOptimizer(uploadParameters(parameterSpecs(config, networks), tensors, "a fresh model"));
  return { config, generator: create(GENERATOR), average: null, discriminator: create(DISCRIMINATORS) };
}

/** The state of a training that has this part of ELEGANT's; both share their variables. */
export function trainingState({ config, generator, discriminator, average }: ElegantState): TrainingState {
  const optimizers = new Map([
    ["generator", generator],
    ["discriminator", discriminator],
  ]);
  return { model: elegantModel(config), optimizers, average, extras: new Map() };
}

/** The bytes of a generator file. Its weights are far larger than a new model's, so that its edits are strong. */
export function tinyGenerator(seed: number, config: ModelConfig = TINY): Uint8Array {
  const tensors = initialParameters(config, GENERATOR, seed);
  for (const [name, { data }] of tensors) {
    if (name.endsWith(".weight")) data.set(data.map((weight) => 20 * weight));
  }
  return exportGenerator(tensors, elegantModel(config), { dtype: "F32" });
}

/** Smooth random images, [n, 64, 64, 3] in [-1, 1]. */
export function randomPictures(seed: number, n: number): tf.Tensor4D {
  const random = Random.fromSeed(seed, "pictures");
  return tf.tidy(() => {
    const coarse = tf.tensor4d(
      Float32Array.from({ length: n * 8 * 8 * 3 }, () => random.between(-1, 1)),
      [n, 8, 8, 3],
    );
    return tf.image.resizeBilinear(coarse, [64, 64]);
  });
}

/** Two pairs for one attribute of three. */
export function tinyBatch(seed: number, attribute: number): PairBatch {
  const labels = (own: number): tf.Tensor2D =>
    tf.tensor2d(
      [0, 1].map((i) => [0, 1, 2].map((a) => (a === attribute ? own : (a + i) % 2))),
      [2, 3],
    );
  const [A, B] = [seed, seed + 1].map((of) => randomPictures(of, 2));
  return { groups: [{ attribute, pairs: 2 }], A, B, yA: labels(1), yB: labels(0) };
}

export function disposeBatch({ A, B, yA, yB }: PairBatch): void {
  tf.dispose([A, B, yA, yB]);
}
