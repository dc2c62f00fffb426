/** RMSProp against TensorFlow 1's formula in float64, and composed from stock operations of TensorFlow.js. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { rmspropUpdate } from "../../src/device/ops/rmsprop.js";
import { rmsprop } from "../../src/kernels/reference/rmsprop.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { randomFloats, THREADS } from "../support/team.js";
import { hasWebgpu } from "../support/webgpu.js";

const SEED = 20263;
const STEPS = 6;
const SETTINGS = { decay: 0.8, epsilon: 1e-10 };
const LEARNING_RATE = 2e-3;
/** Sizes around the lane width, and around the block of 16,384 values. */
const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 16383, 16384, 16385, 40000];

interface Drawn {
  readonly p: Float32Array;
  readonly gradients: readonly Float32Array[];
  readonly limit: number | null;
}

/** Gradients from 1e-9 to 100, so that either part of the moment dominates. Every other size is clipped. */
function draw(size: number, k: number): Drawn {
  const random = Random.fromSeed(SEED, `rmsprop/${size}`);
  const gradients = Array.from({ length: STEPS }, () =>
    Float32Array.from({ length: size }, () => random.between(-1, 1) * 10 ** random.between(-9, 2)),
  );
  return { p: randomFloats(random, size), gradients, limit: k % 2 === 0 ? 0.5 : null };
}

/** The parameter and the moment after all steps. */
async function runOnDevice({ p, gradients, limit }: Drawn): Promise<Float32Array[]> {
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

function compare([p, second]: readonly Float32Array[], drawn: Drawn, device: string): void {
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

describe("kernels/rmsprop against TensorFlow 1's formula", () => {
  it("agrees over several steps, with the same bits from 1, 2 and 3 threads", async () => {
    const drawn = SIZES.map(draw);
    const results: Float32Array[][][] = [];
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      const ofAll: Float32Array[][] = [];
      for (const each of drawn) ofAll.push(await runOnDevice(each));
      results.push(ofAll);
      await device.close();
    }
    for (const [i, item] of drawn.entries()) {
      compare(results[0][i], item, "wasm");
      for (const [k, other] of results.entries()) {
        assert.deepEqual(other[i], results[0][i], `${THREADS[k]} threads give other bits than 1`);
      }
    }
  });

  it("agrees where it is composed from stock operations", async () => {
    const device = await openDevice("cpu", 1);
    for (const [k, size] of SIZES.entries()) compare(await runOnDevice(draw(size, k)), draw(size, k), "cpu");
    await device.close();
  });

  it("agrees on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const device = await openDevice("webgpu", 1);
    for (const [k, size] of SIZES.entries()) compare(await runOnDevice(draw(size, k)), draw(size, k), "webgpu");
    await device.close();
  });
});
