/** Opening a generator from a run, a checkpoint, a file or a short name. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { encodeSafetensors } from "../../src/interop/safetensors.js";
import type { ModelConfig } from "../../src/methods/elegant/config.js";
import { GENERATOR, initialParameters } from "../../src/methods/elegant/parameters.js";
import { disposeState } from "../../src/methods/elegant/state.js";
import { loadCheckpoint, saveCheckpoint } from "../../src/models/checkpoint-store.js";
import { exportGenerator } from "../../src/models/generator-file.js";
import { openGenerator, readModel } from "../../src/models/open.js";
import { withFolder } from "../support/folder.js";
import { TINY, tinyState, trainingState } from "../support/model.js";

describe("generator", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 1);
  });

  after(async () => {
    await device.close();
  });

  it("is the same from a run, its newest checkpoint or an exported file, and uploads Enc and Dec alone", async () => {
    await withFolder(async (folder) => {
      const state = tinyState(3);
      await saveCheckpoint(folder, trainingState(state), { step: 1, best: null, options: null });
      const checkpoint = await saveCheckpoint(folder, trainingState(state), { step: 2, best: null, options: null });
      const { tensors, model } = await loadCheckpoint(checkpoint);
      const file = join(folder, "model.safetensors");
      await writeFile(file, exportGenerator(tensors, model, { dtype: "F32" }));
      const held = tf.memory().numTensors;
      for (const [path, source] of [
        [folder, checkpoint],
        [checkpoint, checkpoint],
        [file, file],
      ]) {
        const generator = await openGenerator(path);
        assert.deepEqual([generator.config, generator.source, generator.warnings], [TINY, source, []]);
        assert.equal(tf.memory().numTensors, held + state.generator.parameters.size);
        for (const [name, variable] of state.generator.parameters) {
          assert.deepEqual(generator.parameters.get(name)?.dataSync(), variable.dataSync(), name);
        }
        generator.dispose();
        assert.equal(tf.memory().numTensors, held);
      }
      disposeState(state);
    });
  });

  it("warns of a damaged checkpoint that it passes over", async () => {
    await withFolder(async (folder) => {
      const state = tinyState(3);
      const good = await saveCheckpoint(folder, trainingState(state), { step: 1, best: null, options: null });
      await writeFile(await saveCheckpoint(folder, trainingState(state), { step: 2, best: null, options: null }), "");
      disposeState(state);
      const generator = await openGenerator(folder);
      assert.equal(generator.source, good);
      assert.match(generator.warnings.join(), /^Passed over a checkpoint: .*step-00000002/);
      generator.dispose();
    });
  });

  const wide: ModelConfig = { ...TINY, width: 8 };
  const tensors = initialParameters(TINY, GENERATOR, 1);
  const format = "elegant-faces generator 1";
  const wrong: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
    ["text", "not a model", /model: header: expected .* The file is damaged or no safetensors file/],
    ["another safetensors file", encodeSafetensors(tensors, {}), /'elegant-faces generator 1', received a safetensors/],
    ["a later format", encodeSafetensors(tensors, { format: "elegant-faces generator 9" }), /received 'elegant.* 9'/],
    [
      "no configuration",
      encodeSafetensors(tensors, { format }),
      /config: expected a model's configuration, received none/,
    ],
    [
      "tensors of another width",
      encodeSafetensors(tensors, { format, config: JSON.stringify(wide) }),
      /shape \[8,3,3,3\]/,
    ],
    ["a tensor missing", encodeSafetensors(new Map(), { format, config: JSON.stringify(TINY) }), /a tensor 'Enc\./],
  ];
  for (const [what, bytes, message] of wrong) {
    it(`refuses a file with ${what}, and leaves nothing on the device`, async () => {
      await withFolder(async (folder) => {
        const path = join(folder, "model");
        await writeFile(path, bytes);
        const held = tf.memory().numTensors;
        await assert.rejects(openGenerator(path), { name: "InputError", message });
        assert.equal(tf.memory().numTensors, held);
      });
    });
  }

  it("refuses a path with nothing there, and a folder without checkpoints", async () => {
    await withFolder(async (folder) => {
      await assert.rejects(openGenerator(join(folder, "none")), { name: "InputError", message: /Reading the model/ });
      await mkdir(join(folder, "run"));
      await assert.rejects(openGenerator(join(folder, "run")), { message: /expected a run with checkpoints/ });
    });
  });

  it("opens a shipped model by its short name in any folder, and warns of a file of that name there", async () => {
    const home = process.cwd();
    await withFolder(async (folder) => {
      process.chdir(folder);
      try {
        assert.deepEqual((await readModel("painted")).warnings, []);
        const real = await readModel("celeba-hq");
        assert.deepEqual(real.model.config.attributes, ["Eyeglasses", "Bangs", "Smiling", "Mustache"]);
        assert.match(
          real.warnings.join("\n"),
          /^model celeba-hq: trained on CelebA-HQ, for non-commercial research only/,
        );
        await mkdir("painted");
        const { model, warnings } = await readModel("painted");
        assert.deepEqual(
          [model.config.size, model.config.attributes],
          [64, ["Eyeglasses", "Bangs", "Smiling", "Mustache"]],
        );
        assert.match(warnings.join("\n"), /^model painted: .*Write \.\/painted/);
        await assert.rejects(readModel("./painted"), { message: /expected a run with checkpoints/ });
        await assert.rejects(readModel("paintd"), { name: "InputError", message: /Did you mean 'painted'\?$/ });
        await assert.rejects(readModel("glasses"), {
          name: "InputError",
          message: /\(painted, celeba-hq\).*Check the path\.$/,
        });
      } finally {
        process.chdir(home);
      }
    });
  });
});
