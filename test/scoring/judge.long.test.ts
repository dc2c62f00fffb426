/** The classifier that judges edits: how often it is right, with any number of threads, and its answers on every device. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { createOptimizer, gradientsOf } from "../../src/nn/optimizer.js";
import { disposeParameters, type Parameters } from "../../src/nn/parameters.js";
import { classify, featureCount, initialClassifier, JUDGE } from "../../src/scoring/classifier.js";
import { classifierLoss, trainClassifier } from "../../src/scoring/classifier-training.js";
import { decide } from "../../src/scoring/judge.js";
import { assertClose } from "../support/close.js";
import { barred, SIDE } from "../support/judge-pictures.js";
import { hasWebgpu, onDevice } from "../support/webgpu.js";

async function valuesOf(parameters: Parameters): Promise<number[]> {
  const values: number[] = [];
  for (const variable of parameters.values()) values.push(...(await variable.data()));
  return values;
}

describe("the classifier of a score", () => {
  it("is right about pictures that it has not seen, with the same numbers on any number of threads, and leaves no tensor behind", async () => {
    const learned: number[][] = [];
    for (const threads of [1, 2]) {
      const device = await openDevice("wasm", threads);
      const held = tf.memory().numTensors;
      const parameters = await trainClassifier(barred(1, 320), 3, () => {});
      const fresh = barred(2, 100);
      const floats = Float32Array.from(fresh.levels, (level) => level / 127.5 - 1);
      const right = (await decide(parameters, floats)).filter((answer, i) => answer === fresh.labels[i]).length;
      assert.ok(right >= 196, `${right} of 200 decisions`);
      learned.push(await valuesOf(parameters));
      disposeParameters(parameters);
      assert.equal(tf.memory().numTensors, held);
      await device.close();
    }
    assert.deepEqual(learned[1], learned[0]);
  });

  it("has the answers and gradients of `cpu` on `wasm` and `webgpu` within 1e-4 of the largest", async () => {
    const devices = ["cpu", "wasm", ...((await hasWebgpu()) ? ["webgpu" as const] : [])] as const;
    const found: number[][][] = [];
    for (const name of devices) {
      found.push(
        await onDevice(name, async () => {
          const parameters = initialClassifier(JUDGE, 2, 7);
          const { levels, labels } = barred(5, 1);
          const features = featureCount(JUDGE);
          const batch = {
            images: tf.tensor4d(
              Float32Array.from(levels, (level) => level / 127.5 - 1),
              [1, SIDE, SIDE, 3],
            ),
            labels: tf.tensor2d(Float32Array.from(labels), [1, 2]),
            weights: tf.tensor2d([0.3, 0.7], [1, 2]),
            kept: tf.tensor2d(
              Float32Array.from({ length: features }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
              [1, features],
            ),
          };
          const state = createOptimizer(parameters);
          const { gradients } = gradientsOf(state, () => classifierLoss(JUDGE, parameters, batch));
          const tensors = [classify(JUDGE, parameters, batch.images), ...gradients.values()];
          const values: number[][] = [];
          for (const tensor of tensors) values.push([...(await tensor.data())]);
          for (const set of [parameters, state.first, state.second]) disposeParameters(set);
          return values;
        }),
      );
    }
    const [expected, ...others] = found;
    for (const values of others) {
      assert.equal(values.length, 1 + 4 * 4 + 2);
      for (const [i, own] of values.entries()) {
        const largest = Math.max(...expected[i].map(Math.abs));
        // A factor before a norm has no effect, so its gradient is 0 except for rounding.
        const isFactor = i % 4 === 3 && i < 12;
        assert.equal(largest > 1e-5, !isFactor, `tensor ${i}: ${largest}`);
        const abs = isFactor ? 1e-6 : 1e-4 * largest;
        assertClose(own, expected[i], { abs, rel: 0 }, (at) => `tensor ${i}, value ${at}`);
      }
    }
  });
});
