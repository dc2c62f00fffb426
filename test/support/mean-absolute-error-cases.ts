/** Random cases of the mean absolute error on the current device, and their comparison with the reference implementation. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { meanAbsoluteError } from "../../src/device/ops/mean-absolute-error.js";
import {
  meanAbsoluteErrorGradient,
  meanAbsoluteError as reference,
} from "../../src/kernels/reference/mean-absolute-error.js";
import { Random } from "../../src/random.js";
import { assertClose } from "./close.js";
import { randomFloats } from "./team.js";

export const SEED = 20271;

export const DY = -0.7;

export interface Case {
  readonly count: number;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** Every third value is the same in both. */
export function makeCase(count: number): Case {
  const random = Random.fromSeed(SEED, `mean-absolute-error/${count}`);
  const a = randomFloats(random, count);
  return { count, a, b: randomFloats(random, count).map((value, i) => (i % 3 === 1 ? a[i] : value)) };
}

export const label = (name: string, count: number) => (i: number) => `${name} [${i}] of ${count} (seed ${SEED})`;

/** Value and both gradients on the current device. */
export async function runOnDevice(
  { a, b }: Case,
  work: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor = meanAbsoluteError,
): Promise<Float32Array[]> {
  const held = tf.memory().numTensors;
  const tensors = tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads((x, y) => tf.mul(work(x, y), DY))([tf.tensor1d(a), tf.tensor1d(b)]);
    return [value, ...grads];
  });
  assert.equal(tf.memory().numTensors, held + 3, "nothing else is left behind");
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return values.map((each) => each.slice() as Float32Array);
}

/** Fails unless value and gradients of the current device are the reference implementation's. */
export async function assertLikeReference(cases: readonly Case[]): Promise<void> {
  for (const c of cases) {
    const [value, da, db] = await runOnDevice(c);
    // TensorFlow.js sums in float32.
    assertClose(value, [DY * reference(c.a, c.b)], { abs: 0, rel: 1e-5 }, label("value", c.count));
    const slopes = meanAbsoluteErrorGradient(c.a, c.b, DY);
    assertClose(da, slopes, { abs: 0, rel: 2.4e-7 }, label("da", c.count));
    assertClose(
      db,
      slopes.map((slope) => -slope),
      { abs: 0, rel: 2.4e-7 },
      label("db", c.count),
    );
  }
}
