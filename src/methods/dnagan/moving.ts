/**
 * Moving averages of batch normalization's statistics in encoder and decoder, for editing (Ioffe and Szegedy 2015;
 * tf.layers.batch_normalization). Training does not depend on them. Each call of a network counts, one after the other,
 * in every update of D and of G. The discriminator's averages have no use and are not kept.
 */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../../device/ops/tape.js";
import { type ParameterSpec, type Parameters, parameter } from "../../nn/parameters.js";
import type { DnaganConfig } from "./config.js";
import { EPSILON, type Normalize, normalizeByBatch } from "./networks.js";
import { normalizedLayers } from "./parameters.js";

const MOMENTUM = 0.99;

const meanName = (layer: string): string => `${layer}/batch_normalization/moving_mean`;
/**
 * The further state of a training starts at 0, but TensorFlow's moving variance starts at 1. So this is the average of
 * the variances minus 1, which is the moving variance minus 1.
 */
const varianceName = (layer: string): string => `${layer}/batch_normalization/moving_variance_less_1`;

/** Lists the moving averages. All start at 0. */
export function movingSpecs(config: DnaganConfig): readonly ParameterSpec[] {
  return normalizedLayers(config).flatMap(({ name, channels }) =>
    [meanName(name), varianceName(name)].map((each) => ({
      name: each,
      shape: [channels],
      kind: "bias" as const,
      fanIn: channels,
    })),
  );
}

/** Statistics of batches by the names of their moving averages, in the order of the calls; each [C]. */
export type CallStatistics = Map<string, tf.Tensor1D[]>;

/** Returns what a call adds to the averages of its layer, by their names. No gradient flows through it. */
function statisticsOf(layer: string, x: tf.Tensor4D): Readonly<Record<string, tf.Tensor1D>> {
  return suspendTape(() =>
    tf.tidy(() => {
      const pixels = tf.reshape(x, [-1, x.shape[3]]);
      const mean = tf.mean(pixels, 0) as tf.Tensor1D;
      const variance = tf.mean(tf.squaredDifference(pixels, mean), 0) as tf.Tensor1D;
      return { [meanName(layer)]: mean, [varianceName(layer)]: tf.sub(variance, 1) };
    }),
  );
}

/** Normalizes by the batch, and adds the statistics of each call to `calls`. The scope around it disposes them. */
export function normalizeAndRecord(calls: CallStatistics): Normalize {
  return (layer, x, affine, slope) => {
    for (const [name, statistics] of Object.entries(statisticsOf(layer, x))) {
      calls.set(name, [...(calls.get(name) ?? []), statistics]);
    }
    return normalizeByBatch(layer, x, affine, slope);
  };
}

/**
 * Updates the averages in place: average = 0.99 average + 0.01 statistics, call by call.
 *
 * The updates of D and G in an iteration meet the same encoder and decoder with the same batch, so they repeat the same
 * calls. Their sum over the repetitions is a geometric series.
 *
 * @param repetitions number of updates with these calls
 */
export function updateMoving(moving: Parameters, calls: CallStatistics, repetitions: number): void {
  for (const [name, statistics] of calls) {
    const average = parameter(moving, name);
    const kept = MOMENTUM ** statistics.length;
    const keptByAll = kept ** repetitions;
    tf.tidy(() => {
      const once = statistics.reduce<tf.Tensor>(
        (sum, each) => tf.add(tf.mul(sum, MOMENTUM), tf.mul(each, 1 - MOMENTUM)),
        tf.zerosLike(average),
      );
      average.assign(tf.add(tf.mul(average, keptByAll), tf.mul(once, (1 - keptByAll) / (1 - kept))));
    });
  }
}

/** Returns a layer's moving mean and variance, [C]. */
export function movingStatistics(
  moving: Parameters,
  layer: string,
): { readonly mean: tf.Tensor1D; readonly variance: tf.Tensor1D } {
  const mean = tf.clone(parameter(moving, meanName(layer))) as unknown as tf.Tensor1D;
  return { mean, variance: tf.add(parameter(moving, varianceName(layer)), 1) as tf.Tensor1D };
}

/** Normalizes with the moving statistics, so that an image's edit does not depend on the other images of its batch. */
export function normalizeByMoving(moving: Parameters): Normalize {
  return (layer, x, { gamma, beta }, slope) =>
    tf.tidy(() => {
      const { mean, variance } = movingStatistics(moving, layer);
      const factor = tf.div(gamma, tf.sqrt(tf.add(variance, EPSILON)));
      const t = tf.add(tf.mul(tf.sub(x, mean), factor), beta);
      return (slope === 0 ? tf.relu(t) : tf.leakyRelu(t, slope)) as tf.Tensor4D;
    });
}
