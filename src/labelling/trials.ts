/** Samples of the labeller's work with made-up images, to compare devices: a batch of answers, a training update. */
import * as tf from "@tensorflow/tfjs-core";
import { applyGradients, createOptimizer, disposeOptimizer, gradientsOf } from "../nn/optimizer.js";
import { disposeParameters } from "../nn/parameters.js";
import type { Trial } from "../planner/choose-device.js";
import { type ClassifierShape, featureCount, initialClassifier } from "../scoring/classifier.js";
import { classifierLoss } from "../scoring/classifier-training.js";
import { answersFor, BATCH } from "./predict.js";

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const CELEBA_ATTRIBUTES = 40;

/** Makes a trial that labels a batch. */
export function labelTrial(shape: ClassifierShape): Trial {
  return {
    key: `label ${JSON.stringify(shape)}`,
    unit: "face",
    units: BATCH,
    async open() {
      const parameters = initialClassifier(shape, CELEBA_ATTRIBUTES, 1);
      const images = new Float32Array(BATCH * shape.size ** 2 * 3);
      return { run: () => answersFor(shape, parameters, images), close: () => disposeParameters(parameters) };
    },
  };
}

/** Makes a trial that updates an untrained labeller. */
export function learnTrial(shape: ClassifierShape): Trial {
  return {
    key: `learn labels ${JSON.stringify(shape)}`,
    unit: "update",
    units: 1,
    async open() {
      const state = createOptimizer(initialClassifier(shape, CELEBA_ATTRIBUTES, 1));
      const labels: [number, number] = [BATCH, CELEBA_ATTRIBUTES];
      const batch = {
        images: tf.randomUniform<tf.Rank.R4>([BATCH, shape.size, shape.size, 3], -1, 1, "float32", 1),
        labels: tf.ones<tf.Rank.R2>(labels),
        weights: tf.ones<tf.Rank.R2>(labels),
        kept: tf.ones<tf.Rank.R2>([BATCH, featureCount(shape)]),
      };
      return {
        async run() {
          const { value, gradients } = gradientsOf(state, () => classifierLoss(shape, state.parameters, batch));
          applyGradients(state, gradients, { learningRate: 1e-4, adam: ADAM });
          await value.data();
          tf.dispose([value, ...gradients.values()]);
        },
        close() {
          tf.dispose(Object.values(batch));
          disposeOptimizer(state);
        },
      };
    },
  };
}
