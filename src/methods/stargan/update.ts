/**
 * One iteration of StarGAN, top to bottom: the discriminator learns from real and translated images, and in every n-th
 * iteration the generator learns from the updated discriminator (paper section 3; yunjey/stargan, solver.py).
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import { suspendTape } from "../../device/ops/tape.js";
import {
  addGradients,
  applyGradients,
  type Gradients,
  gradientsOf,
  type OptimizerState,
  updateAverage,
} from "../../nn/optimizer.js";
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

export interface IterationOptions {
  /** Whether the generator learns, too. */
  readonly learns: boolean;
  /** Images computed at the same time. All losses are means over images, so the result is the same up to rounding. */
  readonly part?: number;
  /** Reads the gradients of both networks before they are disposed. */
  readonly onGradients?: (gradients: Gradients) => void;
}

/** An iteration's images, and each image's share in the point at which the penalty is taken, [N] in [0, 1). */
export interface Iteration extends LabelledBatch {
  readonly alpha: tf.Tensor1D;
}

/** Copies images [from, from + count). */
function takePart({ images, own, targets, alpha }: Iteration, from: number, count: number): Iteration {
  return {
    images: tf.slice(images, from, count),
    own: tf.slice(own, from, count),
    targets: tf.slice(targets, from, count),
    alpha: tf.slice(alpha, from, count),
  };
}

/** Differentiates a loss in parts, updates, and keeps the losses, which the caller disposes. */
function learn<Losses extends object>(
  optimizer: OptimizerState,
  batch: Iteration,
  settings: UpdateSettings,
  { part = Infinity, onGradients }: IterationOptions,
  lossOf: (part: Iteration) => { readonly total: tf.Scalar; readonly losses: Losses },
): Weighted<Losses>[] {
  const count = batch.images.shape[0];
  const size = Math.min(part, count);
  const readings: Weighted<Losses>[] = [];
  let sum: Gradients | null = null;
  for (let from = 0; from < count; from += size) {
    const taken = takePart(batch, from, Math.min(size, count - from));
    const share = taken.images.shape[0] / count;
    const { value, gradients } = gradientsOf(optimizer, () => {
      const { total, losses } = lossOf(taken);
      for (const loss of Object.values(losses) as tf.Scalar[]) tf.keep(loss);
      readings.push({ scalars: losses, share });
      return tf.clone(total);
    });
    tf.dispose([value, taken.images, taken.own, taken.targets, taken.alpha]);
    sum = addGradients(sum, gradients, share);
  }
  if (sum === null) throw new Error("stargan: no images");
  onGradients?.(sum);
  applyGradients(optimizer, sum, settings);
  tf.dispose([...sum.values()]);
  return readings;
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
      readings.D = learn(discriminator, batch, settings, options, (part) => {
        const fakes = suspendTape(() => translate(generator.parameters, config, part.images, part.targets));
        const losses = discriminatorLoss(discriminator.parameters, config, part, fakes, part.alpha, settings.weights);
        return { total: losses.D, losses };
      });
      if (!options.learns) return;
      readings.G = learn(generator, batch, settings, options, (part) => {
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
