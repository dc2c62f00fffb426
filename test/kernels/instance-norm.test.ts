/** The instance normalization kernel and its gradient against the reference implementation and central differences. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { instanceNorm } from "../../src/device/ops/instance-norm.js";
import {
  type InstanceNormArguments,
  instanceNormGradient,
  instanceNorm as twin,
} from "../../src/kernels/reference/instance-norm.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { randomFloats, THREADS } from "../support/team.js";
import { hasWebgpu } from "../support/webgpu.js";

const SEED = 20263;
const EPSILON = 1e-5;

interface Case extends InstanceNormArguments {
  readonly label: string;
  readonly height: number;
  readonly width: number;
  readonly x: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly dy: Float32Array;
}

/** Channels 1 to 37 and more, with odd numbers of pixels and all kinds of activations. */
function makeCases(): readonly Case[] {
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
async function runOnDevice(c: Case): Promise<Float32Array[]> {
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

async function runAll(cases: readonly Case[]): Promise<Float32Array[][]> {
  const results: Float32Array[][] = [];
  for (const c of cases) results.push(await runOnDevice(c));
  return results;
}

const NAMES = ["y", "dx", "dweight", "dbias"];

function assertLikeTwin(c: Case, results: readonly Float32Array[], scale = 1): void {
  const { dx, dweight, dbias } = instanceNormGradient(c, c.dy);
  for (const [j, expected] of [twin(c), dx, dweight, dbias].entries()) {
    // x has 24 bits. Around 50 their steps are 4e-6, and those of x - mean are, too.
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const tolerance = { abs: scale * 2e-5 * largest, rel: 1e-5 };
    assertClose(results[j], expected, tolerance, (at) => `${NAMES[j]} [${at}] of ${c.label}`);
  }
}

describe("kernels/instance-norm against the plain twin", () => {
  const cases = makeCases();

  it("agrees in value and gradient for 1 to 70 channels, with the same bits from 1, 2 and 3 threads", async () => {
    let first: readonly Float32Array[][] | null = null;
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      const results = await runAll(cases);
      await device.close();
      first ??= results;
      for (const [i, c] of cases.entries()) {
        assertLikeTwin(c, results[i]);
        assert.deepEqual(results[i], first[i], `${threads} threads give other bits than 1 for ${c.label}`);
      }
    }
  });

  it("agrees on cpu, where stock operations compute it", async () => {
    const device = await openDevice("cpu", 1);
    // TensorFlow.js sums in float32.
    for (const c of cases.slice(0, 37)) assertLikeTwin(c, await runOnDevice(c), 5);
    await device.close();
  });

  it("agrees on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const device = await openDevice("webgpu", 1);
    for (const c of cases) assertLikeTwin(c, await runOnDevice(c), 2);
    await device.close();
  });

  it("normalizes without parameters as with weights of 1 and biases of 0", async () => {
    const device = await openDevice("wasm", 1);
    const [c] = cases.filter(({ channels }) => channels === 12);
    const x = tf.tensor4d(c.x, [c.pictures, c.height, c.width, c.channels]);
    const [weight, bias] = [tf.ones<tf.Rank.R1>([12]), tf.zeros<tf.Rank.R1>([12])];
    assert.deepEqual(instanceNorm({ x }, 0).dataSync(), instanceNorm({ x, weight, bias }, 0).dataSync());
    const same = { ...c, weight: new Float32Array(12).fill(1), bias: new Float32Array(12), slope: 0 };
    assertClose(instanceNorm({ x }, 0).dataSync(), twin(same), { abs: 2e-5, rel: 1e-5 });
    await device.close();
  });

  it("has in the twin the gradient that differences of the twin show", () => {
    const step = 1e-6;
    for (const c of cases.filter(({ channels, x }) => channels <= 9 && x.length < 400)) {
      const args = {
        ...c,
        x: Float64Array.from(c.x),
        weight: Float64Array.from(c.weight),
        bias: Float64Array.from(c.bias),
      };
      const { dx, dweight, dbias } = instanceNormGradient(args, c.dy);
      const loss = (changed: Partial<typeof args>): number =>
        twin({ ...args, ...changed }).reduce((sum, value, i) => sum + value * c.dy[i], 0);
      const slopes = (name: "x" | "weight" | "bias"): number[] =>
        Array.from(args[name], (_, i) => {
          const moved = (by: number) => ({ [name]: args[name].map((value, j) => (j === i ? value + by : value)) });
          return (loss(moved(step)) - loss(moved(-step))) / (2 * step);
        });
      const numeric = [...slopes("x"), ...slopes("weight"), ...slopes("bias")];
      // Central differences in float64: roundings of 1e-16 * 50 / 1e-6, and a curvature of 1e-12 / variance.
      assertClose([...dx, ...dweight, ...dbias], numeric, { abs: 1e-5, rel: 1e-5 }, (i) => `value ${i} of ${c.label}`);
    }
  });
});
