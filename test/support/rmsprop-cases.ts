/** Random cases of RMSProp, on the current device and by TensorFlow 1's formula. */
import * as tf from "@tensorflow/tfjs-core";
import { rmspropUpdate } from "../../src/device/ops/rmsprop.js";
import { rmsprop } from "../../src/kernels/reference/rmsprop.js";
import { Random } from "../../src/random.js";
import { assertClose } from "./close.js";
import { randomFloats } from "./team.js";

export const SEED = 20263;

export const STEPS = 6;

export const SETTINGS = { decay: 0.8, epsilon: 1e-10 };

export const LEARNING_RATE = 2e-3;

/** Sizes around the lane width, and around the block of 16,384 values. */
export const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 16383, 16384, 16385, 40000];

export interface Drawn {
  readonly p: Float32Array;
  readonly gradients: readonly Float32Array[];
  readonly limit: number | null;
}

/** Gradients from 1e-9 to 100, so that either part of the moment dominates. Every other size is clipped. */
export function draw(size: number, k: number): Drawn {
  const random = Random.fromSeed(SEED, `rmsprop/${size}`);
  const gradients = Array.from({ length: STEPS }, () =>
    Float32Array.from({ length: size }, () => random.between(-1, 1) * 10 ** random.between(-9, 2)),
  );
  return { p: randomFloats(random, size), gradients, limit: k % 2 === 0 ? 0.5 : null };
}

/** The parameter and the moment after all steps. */
export async function runOnDevice({ p, gradients, limit }: Drawn): Promise<Float32Array[]> {
  const [parameter, second] = [tf.tensor1d(p), tf.zeros([p.length])].map((values) => {
    const variable = tf.variable(values);
    values.dispose();
    return variable;
  });
  for (const [i, values] of gradients.entries()) {
    const gradient = tf.tensor1d(values);
    rmspropUpdate(parameter, second, gradient, i + 1, LEARNING_RATE, SETTINGS, limit);
    gradient.dispose();
  }
  const results = await Promise.all([parameter, second].map((variable) => variable.data()));
  tf.dispose([parameter, second]);
  return results.map((each) => each.slice() as Float32Array);
}

export function compare([p, second]: readonly Float32Array[], drawn: Drawn, device: string): void {
  const label = (name: string) => (i: number) => `${name} [${i}] of ${drawn.p.length} on ${device} (seed ${SEED})`;
  const [parameter, ms] = [Float64Array.from(drawn.p), new Float64Array(drawn.p.length).fill(1)];
  const settings = { ...SETTINGS, learningRate: LEARNING_RATE, limit: drawn.limit ?? Number.POSITIVE_INFINITY };
  for (const gradient of drawn.gradients) rmsprop(parameter, ms, gradient, settings);
  // Weights near 1 round at 6e-8 in each of six steps.
  assertClose(p, parameter, { abs: 6e-7, rel: 0 }, label("p"));
  const remainder = SETTINGS.decay ** STEPS;
  // ms has the float64 roundings of 1, which its difference from the remainder keeps.
  assertClose(
    second,
    ms.map((value) => value - remainder),
    { abs: 1e-15, rel: 2e-6 },
    label("second"),
  );
}
