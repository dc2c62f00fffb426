/** Builds the model, the weights and the batches of a golden file of training updates, on the current device. */
import * as tf from "@tensorflow/tfjs-core";
import { describeMismatch, InputError } from "../errors.js";
import { type ModelConfig, modelConfigSchema, OFFICIAL_NETWORK } from "../methods/elegant/config.js";
import { DISCRIMINATORS, GENERATOR, type Network, parameterSpecs } from "../methods/elegant/parameters.js";
import type { ElegantState } from "../methods/elegant/state.js";
import type { PairBatch } from "../methods/method.js";
import { createOptimizer, type OptimizerState } from "../nn/optimizer.js";
import { uploadParameters } from "../nn/parameters.js";
import type { ElegantGolden } from "./elegant-schema.js";
import { fillParameters, image, labels } from "./formula.js";
import { toChannelsLast } from "./layout.js";
import { nudge } from "./trials.js";

/**
 * The configuration of a file's model. Its width is read from the first layer. @throws InputError for sizes that we do
 * not train
 */
export function configOf(golden: ElegantGolden, file: string): ModelConfig {
  const width = golden.params_after["Enc.main.0.0.weight"]?.shape[0];
  const attributes = Array.from({ length: golden.n_attributes }, (_, i) => `attribute${i}`);
  const parsed = modelConfigSchema.safeParse({ ...OFFICIAL_NETWORK, size: golden.img_size, width, attributes });
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const expected = "a model of size 64, 128 or 256";
  throw new InputError(
    describeMismatch(file, expected, `${path.join(".")}: ${message}`, "Choose another golden file."),
  );
}

/** A state filled by the formula. Trial 0 moves nothing. */
export function createState(config: ModelConfig, seed: number, trial: number): ElegantState {
  const optimizer = (networks: readonly Network[]): OptimizerState => {
    const specs = parameterSpecs(config, networks);
    return createOptimizer(uploadParameters(specs, nudge(fillParameters(specs, seed), trial), "formula"));
  };
  return { config, generator: optimizer(GENERATOR), average: null, discriminator: optimizer(DISCRIMINATORS) };
}

/** Images and labels of one update. */
export function createBatch(golden: ElegantGolden, iteration: number): PairBatch {
  const { seed, batch, img_size: size, n_attributes: count } = golden;
  const attribute = iteration % count;
  const picture = (side: "A" | "B"): tf.Tensor4D => {
    const values = image(`${side}${iteration}`, seed, batch, size);
    return tf.tensor4d(toChannelsLast(values, [batch, 3, size, size]), [batch, size, size, 3]);
  };
  const label = (side: "A" | "B"): tf.Tensor2D =>
    tf.tensor2d(labels(side, seed, iteration, batch, count, attribute), [batch, count]);
  return { groups: [{ attribute, pairs: batch }], A: picture("A"), B: picture("B"), yA: label("A"), yB: label("B") };
}
