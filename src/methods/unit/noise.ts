/** The Gaussian noise that UNIT adds to its codes while it trains. Editing has none. */
import * as tf from "@tensorflow/tfjs-core";
import { Random } from "../../random.js";
import type { UnitConfig } from "./config.js";

/** One update's noise, of unit variance. Codes of N pairs are [N, S/4, S/4, 4 W]; W is the width. */
export interface Noises {
  /** For the forward pass of the discriminators' update: A's codes, then B's, [2N, ...]. */
  readonly discriminator: tf.Tensor4D;
  /** For the forward pass of the generator's update: A's codes, then B's, [2N, ...]. */
  readonly generator: tf.Tensor4D;
  /** For the way of B's translated images back to B, [N, ...]. */
  readonly bab: tf.Tensor4D;
  /** For the way of A's translated images back to A, [N, ...]. */
  readonly aba: tf.Tensor4D;
}

/** The shapes of one update's noise, in the order in which it is drawn. */
export type NoiseShapes = Readonly<Record<keyof Noises, [number, number, number, number]>>;

export function noiseShapes({ size, width }: UnitConfig, pairs: number): NoiseShapes {
  const codes = (count: number): [number, number, number, number] => [count, size / 4, size / 4, 4 * width];
  return { discriminator: codes(2 * pairs), generator: codes(2 * pairs), bab: codes(pairs), aba: codes(pairs) };
}

/** Returns the random numbers of one update. A resumed run has the same ones, so nothing has to be saved. */
export function randomAt(seed: number, step: number): Random {
  return Random.fromSeed(seed, `unit/noise/${step}`);
}

/** Draws one update's noise from N(0, 1). The caller disposes it. */
export function noisesFor(random: Random, shapes: NoiseShapes): Noises {
  const draw = (shape: [number, number, number, number]): tf.Tensor4D => {
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = random.normal();
    return tf.tensor4d(values, shape);
  };
  const discriminator = draw(shapes.discriminator);
  const generator = draw(shapes.generator);
  const bab = draw(shapes.bab);
  return { discriminator, generator, bab, aba: draw(shapes.aba) };
}
