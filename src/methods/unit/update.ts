/**
 * One update of UNIT, top to bottom: the discriminators learn from real and translated images, then the generator
 * learns from the updated discriminators, with a forward pass and noise of its own (paper section 3; mingyuliutw/UNIT,
 * branch version_02).
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import { type Divisible, type LearnOptions, learn } from "../../nn/learn.js";
import type { OptimizerState } from "../../nn/optimizer.js";
import type { Parameters } from "../../nn/parameters.js";
import { disposeReadings, readMeans, type Weighted } from "../../nn/readings.js";
import {
  type DiscriminatorLosses,
  discriminatorLoss,
  type GeneratorLosses,
  generatorLoss,
  type Images,
} from "./losses.js";
import { translate } from "./networks.js";
import type { Noises } from "./noise.js";
import type { UpdateSettings } from "./settings.js";

/** UNIT's part of a training's state. */
export interface UnitState {
  readonly generator: OptimizerState;
  /** Both domains' discriminators, which share most of their layers. */
  readonly discriminator: OptimizerState;
}

/** One update's images and noise. */
export interface UnitBatch extends Images {
  readonly noises: Noises;
}

/** Values of one update, for logs. `D` and `G` are the weighted totals. */
export type UpdateLosses = { readonly [Name in keyof (DiscriminatorLosses & GeneratorLosses)]: number };

/** Copies the images of pairs [from, from + count). */
const takeImages = ({ A, B }: Images, from: number, count: number): Images => ({
  A: tf.slice(A, from, count),
  B: tf.slice(B, from, count),
});

/** Copies the noise of these pairs from noise that is for A's codes, then for B's. */
function takeStacked(noise: tf.Tensor4D, from: number, count: number): { A: tf.Tensor4D; B: tf.Tensor4D } {
  return { A: tf.slice(noise, from, count), B: tf.slice(noise, noise.shape[0] / 2 + from, count) };
}

/**
 * Divides the batch of the discriminators' update, and translates its images. The published code translates inside the
 * differentiated loss and discards the generator's gradients; the result is the same.
 */
function divideWithFakes(generator: Parameters, batch: UnitBatch): Divisible<Images & { readonly fakes: Images }> {
  return {
    count: batch.A.shape[0],
    take: (from, count) =>
      tf.tidy(() => {
        const { A, B } = takeImages(batch, from, count);
        const noise = takeStacked(batch.noises.discriminator, from, count);
        const inA = translate(generator, "B", B, noise.B).images;
        const inB = translate(generator, "A", A, noise.A).images;
        return { A, B, fakes: { A: inA, B: inB } };
      }),
  };
}

/** Divides the batch of the generator's update. */
function divide(batch: UnitBatch): Divisible<Images & Pick<Noises, "generator" | "bab" | "aba">> {
  const { generator, bab, aba } = batch.noises;
  return {
    count: batch.A.shape[0],
    take: (from, count) =>
      tf.tidy(() => {
        const noise = takeStacked(generator, from, count);
        return {
          ...takeImages(batch, from, count),
          generator: tf.concat([noise.A, noise.B], 0),
          bab: tf.slice(bab, from, count),
          aba: tf.slice(aba, from, count),
        };
      }),
  };
}

/**
 * Changes `state` in place. It waits for the device once, at the end.
 * @param options `onGradients` gets the gradients of the discriminators, then those of the generator
 */
export async function trainPairs(
  { generator, discriminator }: UnitState,
  batch: UnitBatch,
  settings: UpdateSettings,
  options: LearnOptions = {},
): Promise<UpdateLosses> {
  const { weights } = settings;
  const readings: { D: Weighted<DiscriminatorLosses>[]; G: Weighted<GeneratorLosses>[] } = { D: [], G: [] };
  try {
    disposingOnFailure(() => {
      const divided = divideWithFakes(generator.parameters, batch);
      readings.D = learn(discriminator, divided, settings, options, ({ A, B, fakes }) => {
        const losses = discriminatorLoss(discriminator.parameters, { A, B }, fakes, weights);
        return { total: losses.D, losses };
      });
      readings.G = learn(generator, divide(batch), settings, options, (part) => {
        const losses = generatorLoss(generator.parameters, discriminator.parameters, part, part, weights);
        return { total: losses.G, losses };
      });
    });
    const { D, G } = await readMeans({ ...readings });
    return { ...D, ...G };
  } finally {
    disposeReadings({ ...readings });
  }
}
