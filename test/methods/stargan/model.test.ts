/** StarGAN as a method: its choices, its edits by labels, and its files. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { chooseRecipe } from "../../../src/cli/train-method.js";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import { createModel, parseModel } from "../../../src/methods/registry.js";
import { uploadParameters } from "../../../src/nn/parameters.js";

const ATTRIBUTES = ["Bangs", "Smiling", "Young"];

function smallModel() {
  const { network } = chooseRecipe({ method: "stargan", set: ["generatorBlocks=1"] });
  return createModel("stargan", { ...network, size: 64, width: 4, attributes: ATTRIBUTES });
}

describe("methods/stargan/model", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 1);
  });
  after(() => device.close());

  it("is written into a configuration and read again", () => {
    const model = smallModel();
    const read = parseModel(JSON.stringify(model.config), "file");
    assert.equal(read.method, "stargan");
    assert.deepEqual(read.config, model.config);
    assert.equal((read.config as { generatorBlocks?: number }).generatorBlocks, 1);
  });

  it("refuses options that do not fit by their names", () => {
    assert.throws(() => createModel("stargan", { size: 64, width: 6, attributes: ATTRIBUTES }), {
      name: "InputError",
      message: /^--width: .* See elegant train --help\.$/,
    });
    assert.throws(() => chooseRecipe({ method: "stargan", r1: 1 }), {
      name: "InputError",
      message: /^--r1: expected a choice of stargan, received r1\. Its choices are generatorBlocks, /,
    });
    assert.throws(() => chooseRecipe({ method: "stargan", preset: "modern" }), {
      name: "InputError",
      message: "--preset: expected a preset of stargan (official), received 'modern'. Add --help for what they are.",
    });
  });

  it("edits by the labels of the image and replaces the edited attribute's own", () => {
    const model = smallModel();
    const specs = model.specs("generator");
    const parameters = uploadParameters(specs, model.initial("generator", 1, null), "test");
    const images = tf.randomUniform([1, 64, 64, 3], -1, 1, "float32", 5) as tf.Tensor4D;
    const edit = (labels: number[], attribute: number, value: 0 | 1): Float32Array => {
      const given = tf.tensor2d([labels]);
      const edited = model.edits.apply(parameters, { images, attribute, value, references: null, labels: given });
      return edited.dataSync() as Float32Array;
    };
    assert.equal(model.edits.needs(1), "labels");
    // Both are the translation to [1, 1, 0].
    assert.deepEqual(edit([0, 1, 0], 0, 1), edit([1, 1, 0], 0, 1));
    assert.deepEqual(edit([0, 1, 0], 0, 1), edit([1, 0, 0], 1, 1));
    assert.notDeepEqual(edit([0, 1, 0], 0, 1), edit([0, 1, 1], 0, 1));
  });

  it("writes the published code's files, whose names lack the network", () => {
    const model = smallModel();
    const tensors = new Map(model.groups.flatMap((group) => [...model.initial(group, 1, null)]));
    const files = model.files.published?.(tensors, 200_000) ?? [];
    assert.deepEqual(
      files.map(({ name }) => name),
      ["200000-G.ckpt", "200000-D.ckpt"],
    );
    assert.ok(files[0].tensors.has("main.9.main.0.weight") && files[1].tensors.has("conv2.weight"));
  });
});
