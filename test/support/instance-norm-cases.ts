/** Random cases of instance normalization, on the current device and by the reference implementation. */
import * as tf from "@tensorflow/tfjs-core";
import { instanceNorm } from "../../src/device/ops/instance-norm.js";
import {
  type InstanceNormArguments,
  instanceNormGradient,
  instanceNorm as twin,
} from "../../src/kernels/reference/instance-norm.js";
import { Random } from "../../src/random.js";
import { assertClose } from "./close.js";
import { randomFloats } from "./team.js";

export const SEED = 20263;

export const EPSILON = 1e-5;

export interface Case extends InstanceNormArguments {
  readonly label: string;
  readonly height: number;
  readonly width: number;
  readonly x: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly dy: Float32Array;
}

/** Channels 1 to 37 and more, with odd numbers of pixels and all kinds of activations. */
export function makeCases(): readonly Case[] {
  const random = Random.fromSeed(SEED, "instance-norm");
  const channelCounts = [...Array.from({ length: 37 }, (_, i) => i + 1), 64, 70];
  return channelCounts.map((channels, k) => {
    const pictures = 1 + (k % 3);
    const [height, width] = channels === 64 ? [33, 31] : [2 + random.below(4), 4 + random.below(4)];
    const count = pictures * height * width * channels;
    const slope = [0, 0.2, 1][k % 3];
    // Far from 0, a one-pass variance would lose its digits.
    const centre = k % 5 === 0 ? 50 : 0;
    const x = randomFloats(random, count).map((value) => value + centre);
    const [weight, bias] = [
      randomFloats(random, channels).map((value) => 1 + value / 2),
      randomFloats(random, channels),
    ];
    const label = `${pictures} x ${height} x ${width} x ${channels}, slope ${slope}, centre ${centre} (seed ${SEED})`;
    const dy = randomFloats(random, count);
    return { label, pictures, height, width, channels, epsilon: EPSILON, slope, x, weight, bias, dy };
  });
}

/** y, dx, dweight, dbias on the current device. */
export async function runOnDevice(c: Case): Promise<Float32Array[]> {
  const tensors = tf.tidy(() => {
    const shape: [number, number, number, number] = [c.pictures, c.height, c.width, c.channels];
    const forward = (...[x, weight, bias]: tf.Tensor[]): tf.Tensor =>
      instanceNorm({ x: x as tf.Tensor4D, weight: weight as tf.Tensor1D, bias: bias as tf.Tensor1D }, c.slope, EPSILON);
    const inputs = [tf.tensor4d(c.x, shape), tf.tensor1d(c.weight), tf.tensor1d(c.bias)];
    const { value, grads } = tf.valueAndGrads(forward)(inputs, tf.tensor4d(c.dy, shape));
    return [value, ...grads];
  });
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return values.map((each) => each.slice() as Float32Array);
}

export const NAMES = ["y", "dx", "dweight", "dbias"];

export function assertLikeTwin(c: Case, results: readonly Float32Array[], scale = 1): void {
  const { dx, dweight, dbias } = instanceNormGradient(c, c.dy);
  for (const [j, expected] of [twin(c), dx, dweight, dbias].entries()) {
    // x has 24 bits. Around 50 their steps are 4e-6, and those of x - mean are, too.
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const tolerance = { abs: scale * 2e-5 * largest, rel: 1e-5 };
    assertClose(results[j], expected, tolerance, (at) => `${NAMES[j]} [${at}] of ${c.label}`);
  }
}
