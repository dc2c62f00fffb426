/**
 * One iteration of DNA-GAN, top to bottom: the generator runs forward once, the discriminator learns from its images,
 * and the updated discriminator scores them for the generator's update (train.py of the published code).
 *
 * A batch cannot be computed in parts. Batch normalization makes each image depend on all others of its call, so parts
 * would be another training.
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import { suspendTape } from "../../device/ops/tape.js";
import { applyRmsprop, type Gradients, gradientsOf, type OptimizerState } from "../../nn/optimizer.js";
import type { Parameters } from "../../nn/parameters.js";
import { disposeReadings, readMeans, type Weighted } from "../../nn/readings.js";
import type { PairBatch } from "../method.js";
import type { DnaganConfig } from "./config.js";
import { type AttributePairs, type Generated, generate } from "./exchange.js";
import { type DiscriminatorLosses, discriminatorLoss, type GeneratorLosses, generatorLoss } from "./losses.js";
import { type CallStatistics, normalizeAndRecord, updateMoving } from "./moving.js";
import type { UpdateSettings } from "./settings.js";

/** DNA-GAN's part of a training's state. */
export interface DnaganState {
  readonly config: DnaganConfig;
  /** Optimizer of encoder and decoder. */
  readonly generator: OptimizerState;
  readonly discriminator: OptimizerState;
  /** The moving averages of movingSpecs(). */
  readonly moving: Parameters;
}

/** The values of an iteration, for logs. Those of the discriminator are from its last update. */
export type IterationLosses = { readonly [Name in keyof (DiscriminatorLosses & GeneratorLosses)]: number };

/** Losses that updates leave on the device to be read. */
interface Readings {
  D: Weighted<DiscriminatorLosses>[];
  G: Weighted<GeneratorLosses>[];
}

/** Copies the pairs of each attribute out of a batch. */
export function pairsOf({ groups, A, B, yA, yB }: PairBatch): readonly AttributePairs[] {
  let from = 0;
  return groups.map(({ attribute, pairs }) => {
    const take = <T extends tf.Tensor>(batch: T): T => tf.slice(batch, from, pairs);
    const taken = { attribute, A: take(A), B: take(B), yA: take(yA), yB: take(yB) };
    from += pairs;
    return taken;
  });
}

/** Differentiates a loss. The caller disposes the losses and the gradients. */
function differentiate<Losses extends object>(
  optimizer: OptimizerState,
  totalOf: (losses: Losses) => tf.Scalar,
  lossOf: () => Losses,
): { readonly losses: Losses; readonly gradients: Gradients } {
  const kept: Losses[] = [];
  const { value, gradients } = gradientsOf(optimizer, () => {
    const losses = lossOf();
    for (const loss of Object.values(losses) as tf.Scalar[]) tf.keep(loss);
    kept.push(losses);
    return tf.clone(totalOf(losses));
  });
  value.dispose();
  return { losses: kept[0], gradients };
}

/**
 * Updates the discriminator once and clips all of its parameters.
 * @param generated constants
 */
function updateDiscriminator(
  discriminator: OptimizerState,
  pairs: readonly AttributePairs[],
  generated: readonly Generated[],
  settings: UpdateSettings,
): DiscriminatorLosses {
  const { losses, gradients } = differentiate(
    discriminator,
    ({ D }) => D,
    () => discriminatorLoss(discriminator.parameters, pairs, generated),
  );
  for (let left = settings.applications; left > 0; left--) {
    applyRmsprop(discriminator, gradients, settings, left === 1 ? settings.clip : null);
  }
  tf.dispose([...gradients.values()]);
  return losses;
}

/** Makes all updates of an iteration. All results stay on the device, and nothing waits for it. */
function update(
  { config, generator, discriminator, moving }: DnaganState,
  pairs: readonly AttributePairs[],
  settings: UpdateSettings,
  readings: Readings,
): void {
  const { discriminatorUpdates } = settings;
  const { losses, gradients } = differentiate(
    generator,
    ({ G }) => G,
    () => {
      const calls: CallStatistics = new Map();
      const generated = generate(generator.parameters, config, pairs, normalizeAndRecord(calls));
      suspendTape(() => {
        for (let i = 0; i < discriminatorUpdates; i++) {
          disposeReadings({ ...readings }); // Only the last update's losses are read.
          const scalars = updateDiscriminator(discriminator, pairs, generated, settings);
          readings.D = [{ scalars, share: 1 }];
        }
        updateMoving(moving, calls, discriminatorUpdates + 1);
      });
      return generatorLoss(discriminator.parameters, pairs, generated);
    },
  );
  readings.G = [{ scalars: losses, share: 1 }];
  applyRmsprop(generator, gradients, settings);
  tf.dispose([...gradients.values()]);
}

/**
 * Updates the discriminator, then encoder and decoder, and changes `state` in place. It waits for the device once, at
 * the end. The promise rejects if the device fails, for example because its memory is full.
 * @param batch pairs of all attributes over which the losses are summed
 */
export async function trainIteration(
  state: DnaganState,
  batch: PairBatch,
  settings: UpdateSettings,
): Promise<IterationLosses> {
  const readings: Readings = { D: [], G: [] };
  try {
    disposingOnFailure(() => update(state, pairsOf(batch), settings, readings));
    const { D, G } = await readMeans({ ...readings });
    return { ...D, ...G };
  } finally {
    disposeReadings({ ...readings });
  }
}
