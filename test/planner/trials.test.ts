/** The samples of work with which devices are compared: they run on a device and leave nothing on it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { createConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import type { Trial } from "../../src/planner/choose-device.js";
import { editTrial, featureTrial, updateTrial } from "../../src/planner/trials.js";
import { smallGenerator } from "../support/method-models.js";
import { tinyGenerator } from "../support/model.js";

describe("a trial", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 1);
  });

  after(() => device.close());

  async function expectClean(trial: Trial): Promise<void> {
    const before = tf.memory().numTensors;
    const opened = await trial.open();
    await opened.run();
    const between = tf.memory().numTensors;
    await opened.run();
    assert.equal(tf.memory().numTensors, between, "a run leaves nothing behind");
    opened.close();
    assert.equal(tf.memory().numTensors, before, "nor does the trial");
  }

  for (const preset of ["official", "modern"] as const) {
    it(`of an update runs with ${preset}`, async () => {
      const { network, method } = PRESETS[preset];
      const model = elegantModel(createConfig({ ...network, size: 64, width: 4, attributes: ["Bangs", "Smiling"] }));
      const trial = updateTrial(model, { ...method, batch: 2, seed: 1 });
      assert.deepEqual([trial.unit, trial.units], ["update", 1]);
      await expectClean(trial);
    });
  }

  it("edits as many faces as the decoder takes, whatever the file of the model", async () => {
    const folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    try {
      const [model, same] = [join(folder, "model.safetensors"), join(folder, "same.safetensors")];
      await writeFile(model, tinyGenerator(9));
      await writeFile(same, tinyGenerator(10));
      const trial = await editTrial(model, 100);
      assert.deepEqual([trial.unit, trial.units], ["face", 8]);
      assert.equal((await editTrial(same, 100)).key, trial.key);
      const single = await editTrial(model, 1);
      assert.equal(single.units, 1);
      assert.notEqual(single.key, trial.key);
      await expectClean(single);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("edits by label if the model has no exemplars", async () => {
    const folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    try {
      const model = join(folder, "model.safetensors");
      await writeFile(model, smallGenerator("stargan", ["Bangs", "Smiling"]));
      await expectClean(await editTrial(model, 2));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("extracts the features of a batch", async () => {
    const trial = featureTrial({ features: "random-inception", dims: "64", seed: 1, batch: 2 });
    assert.deepEqual([trial.unit, trial.units], ["image", 2]);
    await expectClean(trial);
  });
});
