/** The moving average of the generator's weights. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import { disposeState } from "../../../src/methods/elegant/state.js";
import { trainStep } from "../../../src/methods/elegant/update.js";
import { loadNewestCheckpoint } from "../../../src/models/checkpoint-store.js";
import { readModel } from "../../../src/models/open.js";
import { copyParameters } from "../../../src/nn/parameters.js";
import { train } from "../../../src/training/loop.js";
import { assertClose } from "../../support/close.js";
import { writeFaces } from "../../support/faces.js";
import { withFolder } from "../../support/folder.js";
import { disposeBatch, STEP_SETTINGS, tinyBatch, tinyState } from "../../support/model.js";
import { abortAt, rowsOf, tinyRun } from "../../support/run.js";

const NAME = "Enc.main.1.0.weight";

describe("the generator's moving average", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 1);
  });
  after(() => device.close());

  it("follows the weights with its decay, faster at first, and changes nothing in them", async () => {
    const plain = tinyState(3);
    const start = tinyState(3);
    const averaged = { ...start, average: copyParameters(start.generator.parameters) };
    const batch = tinyBatch(4, 1);
    const read = (parameters: ReadonlyMap<string, tf.Variable>) => [...(parameters.get(NAME)?.dataSync() ?? [])];
    let expected = read(averaged.average);
    const ema = 0.3;
    for (let update = 1; update <= 5; update++) {
      await trainStep(plain, batch, STEP_SETTINGS);
      const held = tf.memory().numTensors;
      await trainStep(averaged, batch, { ...STEP_SETTINGS, ema });
      assert.equal(tf.memory().numTensors, held);
      const weights = read(averaged.generator.parameters);
      assert.deepEqual(weights, read(plain.generator.parameters));
      const decay = Math.min(ema, (1 + update) / (10 + update));
      expected = expected.map((mean, i) => decay * mean + (1 - decay) * weights[i]);
      assertClose(read(averaged.average), expected, { abs: 1e-7, rel: 1e-6 });
      assert.notDeepEqual(read(averaged.average), weights);
    }
    disposeBatch(batch);
    disposeState(plain);
    disposeState(averaged);
    for (const mean of averaged.average.values()) mean.dispose();
  });

  it("is kept in checkpoints, edited with, and resumed to the bit, with mirrored pictures and R1 too", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
      const settings = { ...tinyRun(dataset, whole).settings, ema: 0.9, r1: 1, flip: true };
      const held = tf.memory().numTensors;
      await train(tinyRun(dataset, whole, { steps: 4, settings }));
      await assert.rejects(train(tinyRun(dataset, parts, { steps: 4, settings, ...abortAt(2) })));
      await train(tinyRun(dataset, parts, { steps: 4, settings, resume: true }));
      assert.equal(tf.memory().numTensors, held);

      const [expected, actual] = await Promise.all([whole, parts].map((run) => loadNewestCheckpoint(run)));
      assert.deepEqual(actual.checkpoint.tensors, expected.checkpoint.tensors);
      assert.deepEqual(await rowsOf(parts), await rowsOf(whole));
      const average = expected.checkpoint.tensors.get(`ema/${NAME}`)?.data;
      assert.ok(average !== undefined);
      const model = await readModel(whole);
      assert.deepEqual(model.tensors.get(NAME)?.data, average);
      assert.match(model.warnings.join(), /moving average of the generator \(--ema\)/);
      assert.notDeepEqual(expected.checkpoint.tensors.get(NAME)?.data, average);
    }));
});
