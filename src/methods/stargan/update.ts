/**
 * One iteration of StarGAN, top to bottom: the discriminator learns from real and translated images, and in every n-th
 * iteration the generator learns from the updated discriminator (paper section 3; yunjey/stargan, solver.py).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import { suspendTape } from "../../device/ops/tape.js";
import { divideTensors, type LearnOptions, learn } from "../../nn/learn.js";
import { type OptimizerState, updateAverage } from "../../nn/optimizer.js";
import type { Parameters } from "../../nn/parameters.js";
import { disposeReadings, readMeans, type Weighted } from "../../nn/readings.js";
import type { StarganConfig } from "./config.js";
import {
  type DiscriminatorLosses,
  discriminatorLoss,
  type GeneratorLosses,
  generatorLoss,
  type LabelledBatch,
} from "./losses.js";
import { translate } from "./networks.js";
import type { UpdateSettings } from "./settings.js";

/** StarGAN's part of a training's state. */
export interface StarganState {
  readonly config: StarganConfig;
  readonly generator: OptimizerState;
  readonly discriminator: OptimizerState;
  /** Exponential moving average of the generator; null if none is kept. */
  readonly average: Parameters | null;
}

/** The values of an iteration, for logs. `D` and `G` are the weighted totals. */
export type IterationLosses = { readonly [Name in keyof DiscriminatorLosses]: number } & {
  readonly [Name in keyof GeneratorLosses]?: number;
};

/** `onGradients` gets the gradients of the discriminator, then those of the generator. */
export interface IterationOptions extends LearnOptions {
  /** Whether the generator learns, too. */
  readonly learns: boolean;
}

/** An iteration's images, and each image's share in the point at which the penalty is taken, [N] in [0, 1). */
export interface Iteration extends LabelledBatch {
  readonly alpha: tf.Tensor1D;
}

/** Changes `state` in place. It waits for the device once, at the end. */
export async function trainIteration(
  { config, generator, discriminator, average }: StarganState,
  batch: Iteration,
  settings: UpdateSettings,
  options: IterationOptions,
): Promise<IterationLosses> {
  const readings: { D: Weighted<DiscriminatorLosses>[]; G: Weighted<GeneratorLosses>[] } = { D: [], G: [] };
  try {
    disposingOnFailure(() => {
      readings.D = learn(discriminator, divideTensors(batch), settings, options, (part) => {
        const fakes = suspendTape(() => translate(generator.parameters, config, part.images, part.targets));
        const losses = discriminatorLoss(discriminator.parameters, config, part, fakes, part.alpha, settings.weights);
        return { total: losses.D, losses };
      });
      if (!options.learns) return;
      readings.G = learn(generator, divideTensors(batch), settings, options, (part) => {
        const losses = generatorLoss(generator.parameters, discriminator.parameters, config, part, settings.weights);
        return { total: losses.G, losses };
      });
      if (average !== null) updateAverage(average, generator, settings.ema);
    });
    const { D, G } = await readMeans({ ...readings });
    return { ...D, ...G };
  } finally {
    disposeReadings({ ...readings });
  }
}
