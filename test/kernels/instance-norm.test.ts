/** The instance normalization kernel and its gradient against the reference implementation and central differences. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { instanceNorm } from "../../src/device/ops/instance-norm.js";
import { instanceNormGradient, instanceNorm as twin } from "../../src/kernels/reference/instance-norm.js";
import { assertClose } from "../support/close.js";
import { assertLikeTwin, type Case, makeCases, runOnDevice } from "../support/instance-norm-cases.js";
import { THREADS } from "../support/team.js";

async function runAll(cases: readonly Case[]): Promise<Float32Array[][]> {
  const results: Float32Array[][] = [];
  for (const c of cases) results.push(await runOnDevice(c));
  return results;
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
