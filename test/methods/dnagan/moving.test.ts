/** DNA-GAN's moving statistics: how they follow the calls, and edits with them. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { configSchema, type DnaganConfig } from "../../../src/methods/dnagan/config.js";
import { addAttribute, removeAttribute } from "../../../src/methods/dnagan/exchange.js";
import {
  type CallStatistics,
  movingSpecs,
  movingStatistics,
  normalizeAndRecord,
  normalizeByMoving,
  updateMoving,
} from "../../../src/methods/dnagan/moving.js";
import { normalizeByBatch } from "../../../src/methods/dnagan/networks.js";
import { generatorSpecs, initialParameters } from "../../../src/methods/dnagan/parameters.js";
import { parseFields } from "../../../src/methods/parse.js";
import { uploadParameters, zeroParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { useWasm } from "../../support/use-device.js";

const CONFIG: DnaganConfig = parseFields(
  configSchema,
  { method: "dnagan", size: 64, width: 4, attributes: ["Bangs", "Smiling"] },
  "test",
);
const LAYER = "encoder/conv2";
const CHANNELS = 8;
const AFFINE = {
  gamma: [0.5, 1, 1.5, 2, 0.5, 1, 1.5, 2],
  beta: [0, 0.1, -0.1, 0.2, 0, 0.1, -0.1, 0.2],
};

/** Outputs of a layer for three images, whose channels have different means and variances. */
function activations(seed: number): tf.Tensor4D {
  const noise = tf.randomUniform([3, 4, 4, CHANNELS], -1, 1, "float32", seed);
  const channels = tf.range(1, CHANNELS + 1);
  return tf.add(tf.mul(noise, channels), tf.div(channels, 4)) as tf.Tensor4D;
}

const affine = () => ({ gamma: tf.tensor1d(AFFINE.gamma), beta: tf.tensor1d(AFFINE.beta) });

describe("DNA-GAN's moving statistics", () => {
  useWasm(2);

  it("start with mean 0 and variance 1", () => {
    const moving = zeroParameters(movingSpecs(CONFIG));
    const { mean, variance } = movingStatistics(moving, LAYER);
    assert.deepEqual([...mean.dataSync()], Array(CHANNELS).fill(0));
    assert.deepEqual([...variance.dataSync()], Array(CHANNELS).fill(1));
  });

  it("follow each call with momentum 0.99, in every update that repeats the calls", () => {
    const moving = zeroParameters(movingSpecs(CONFIG));
    const expected = { mean: Array<number>(CHANNELS).fill(0), variance: Array<number>(CHANNELS).fill(1) };
    for (const [iteration, repetitions] of [3, 1, 101].entries()) {
      const calls: CallStatistics = new Map();
      const batches = [10, 20].map((seed) => activations(seed + iteration));
      for (const batch of batches) normalizeAndRecord(calls)(LAYER, batch, affine(), 0.2);
      updateMoving(moving, calls, repetitions);
      const statistics = batches.map((batch) => {
        const { mean, variance } = tf.moments(batch, [0, 1, 2]);
        return { mean: mean.dataSync(), variance: variance.dataSync() };
      });
      for (let repetition = 0; repetition < repetitions; repetition++) {
        for (const call of statistics) {
          for (const part of ["mean", "variance"] as const) {
            expected[part] = expected[part].map((value, c) => 0.99 * value + 0.01 * call[part][c]);
          }
        }
      }
    }
    const { mean, variance } = movingStatistics(moving, LAYER);
    assertClose(mean.dataSync(), expected.mean, { abs: 1e-6, rel: 1e-5 });
    assertClose(variance.dataSync(), expected.variance, { abs: 1e-6, rel: 1e-5 });
  });

  it("are recorded by a normalization that gives the batch's own result", () => {
    const x = activations(5);
    const recorded = normalizeAndRecord(new Map())(LAYER, x, affine(), 0.2);
    assert.deepEqual(recorded.dataSync(), normalizeByBatch(LAYER, x, affine(), 0.2).dataSync());
  });

  it("normalize as the batch does once they have seen it often", () => {
    const moving = zeroParameters(movingSpecs(CONFIG));
    const x = activations(6);
    const calls: CallStatistics = new Map();
    normalizeAndRecord(calls)(LAYER, x, affine(), 0.2);
    updateMoving(moving, calls, 10_000);
    for (const slope of [0.2, 0]) {
      const byMoving = normalizeByMoving(moving)(LAYER, x, affine(), slope);
      assertClose(byMoving.dataSync(), normalizeByBatch(LAYER, x, affine(), slope).dataSync(), {
        abs: 2e-5,
        rel: 1e-5,
      });
    }
  });

  it("make an image's edit independent of the other images of its batch", () => {
    const specs = generatorSpecs(CONFIG);
    const parameters = new Map([
      ...uploadParameters(specs, initialParameters(specs, 1), "test"),
      ...zeroParameters(movingSpecs(CONFIG)),
    ]);
    const [images, exemplars] = [1, 2].map(
      (seed) => tf.randomUniform([3, 64, 64, 3], -1, 1, "float32", seed) as tf.Tensor4D,
    );
    const [first, ofFirst] = [images, exemplars].map((all) => tf.slice(all, 0, 1) as tf.Tensor4D);
    const removed = removeAttribute(parameters, CONFIG, images, 1);
    const added = addAttribute(parameters, CONFIG, images, exemplars, 1);
    assert.deepEqual(removed.shape, images.shape);
    const alone = removeAttribute(parameters, CONFIG, first, 1);
    assert.deepEqual(tf.slice(removed, 0, 1).dataSync(), alone.dataSync());
    assert.deepEqual(tf.slice(added, 0, 1).dataSync(), addAttribute(parameters, CONFIG, first, ofFirst, 1).dataSync());
    assert.notDeepEqual(added.dataSync(), removed.dataSync());
  });
});
