/**
 * One iteration of CycleGAN, top to bottom: both generators learn from the discriminators, then both discriminators
 * learn from images and from the pools of translated images (paper section 4; junyanz/pytorch-CycleGAN-and-pix2pix,
 * models/cycle_gan_model.py).
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import { divideTensors, type LearnOptions, learn } from "../../nn/learn.js";
import { type OptimizerState, updateAverage } from "../../nn/optimizer.js";
import type { Parameters } from "../../nn/parameters.js";
import { disposeReadings, readMeans, type Weighted } from "../../nn/readings.js";
import type { CycleganConfig } from "./config.js";
import {
  type DiscriminatorLosses,
  type Domains,
  discriminatorLoss,
  type GeneratorLosses,
  generatorLoss,
  type JudgedBatch,
} from "./losses.js";
import { exchangeFakes, type Pool, type PoolDraws, readStored } from "./pool.js";
import type { UpdateSettings } from "./settings.js";

/** CycleGAN's part of a training's state. */
export interface CycleganState {
  readonly config: CycleganConfig;
  /** G_A and G_B. */
  readonly generators: OptimizerState;
  /** D_A and D_B. */
  readonly discriminators: OptimizerState;
  /** Exponential moving average of the generators; null if none is kept. */
  readonly average: Parameters | null;
  /** Translated images in A. */
  readonly poolA: Pool;
  /** Translated images in B. */
  readonly poolB: Pool;
}

/** The values of an iteration, for logs. `D` and `G` are the totals. */
export type IterationLosses = { readonly [Name in keyof (DiscriminatorLosses & GeneratorLosses)]: number };

/**
 * Changes `state` in place. It waits for the device at its start, for the pools' two numbers, and at its end.
 * @param batch   images of both domains, equally many
 * @param draws   the random choices of this iteration's pools; B's pool is asked first
 * @param options `part` counts images of each domain; gradients are read of the generators, then of the discriminators
 */
export async function trainIteration(
  { config, generators, discriminators, average, poolA, poolB }: CycleganState,
  { A, B }: Domains,
  settings: UpdateSettings,
  draws: PoolDraws,
  options: LearnOptions = {},
): Promise<IterationLosses> {
  const [storedA, storedB] = await Promise.all([poolA, poolB].map(readStored));
  const readings: { G: Weighted<GeneratorLosses>[]; D: Weighted<DiscriminatorLosses>[] } = { G: [], D: [] };
  try {
    disposingOnFailure(() => {
      // The discriminators learn from the images that the generators make before their update.
      const [madeA, madeB]: tf.Tensor4D[][] = [[], []];
      readings.G = learn(generators, divideTensors({ A, B }), settings, options, (part) => {
        const { parameters } = generators;
        const { losses, fakes } = generatorLoss(parameters, discriminators.parameters, config, part, settings.weights);
        madeA.push(tf.keep(fakes.A));
        madeB.push(tf.keep(fakes.B));
        return { total: losses.G, losses };
      });
      if (average !== null) updateAverage(average, generators, settings.ema);
      const fakeB = exchangeFakes(poolB, storedB, tf.concat(madeB, 0), draws);
      const fakeA = exchangeFakes(poolA, storedA, tf.concat(madeA, 0), draws);
      tf.dispose([...madeA, ...madeB]);
      const judged: JudgedBatch = { A, B, fakeA, fakeB };
      readings.D = learn(discriminators, divideTensors(judged), settings, options, (part) => {
        const losses = discriminatorLoss(discriminators.parameters, part);
        return { total: losses.D, losses };
      });
    });
    const { D, G } = await readMeans({ ...readings });
    return { ...D, ...G };
  } finally {
    disposeReadings({ ...readings });
  }
}
