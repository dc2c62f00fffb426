/** Iterations of StarGAN: the published numbers, batches in parts, and what the generator's turn changes. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { StarganConfig } from "../../../src/methods/stargan/config.js";
import { translate } from "../../../src/methods/stargan/networks.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "../../../src/methods/stargan/parameters.js";
import { DEFAULTS, learningRateAt, PUBLISHED, updateSettings } from "../../../src/methods/stargan/settings.js";
import { type Iteration, type StarganState, trainIteration } from "../../../src/methods/stargan/update.js";
import { createOptimizer, type Gradients } from "../../../src/nn/optimizer.js";
import { copyParameters, uploadParameters } from "../../../src/nn/parameters.js";
import { assertAgrees } from "../../support/agrees.js";
import { assertClose } from "../../support/close.js";
import { useWasm } from "../../support/use-device.js";

const CONFIG: StarganConfig = {
  method: "stargan",
  size: 64,
  width: 4,
  attributes: ["Bangs", "Smiling"],
  generatorBlocks: 1,
  discriminatorLayers: 6,
};

const SETTINGS = updateSettings(DEFAULTS, { step: 0, progress: 0 });

function makeState(): StarganState {
  const [generator, discriminator] = [generatorSpecs(CONFIG), discriminatorSpecs(CONFIG)].map((specs) =>
    createOptimizer(uploadParameters(specs, initialParameters(specs, 1), "test")),
  );
  return { config: CONFIG, generator, discriminator, average: copyParameters(generator.parameters) };
}

function makeIteration(): Iteration {
  return {
    images: tf.randomUniform([3, 64, 64, 3], -1, 1, "float32", 7),
    own: tf.tensor2d([0, 1, 1, 1, 1, 0], [3, 2]),
    targets: tf.tensor2d([1, 1, 0, 1, 0, 0], [3, 2]),
    alpha: tf.tensor1d([0.2, 0.5, 0.9]),
  };
}

describe("methods/stargan", () => {
  useWasm(2);

  it("gives the same losses and gradients for a batch in parts", async () => {
    const run = async (part: number) => {
      const gradients: number[][] = [];
      const onGradients = (each: Gradients): void => {
        gradients.push([...each.values()].flatMap((tensor) => [...tensor.dataSync()]));
      };
      const losses = await trainIteration(makeState(), makeIteration(), SETTINGS, { learns: true, part, onGradients });
      return { losses, gradients };
    };
    const [whole, parts] = [await run(3), await run(2)];
    assert.deepEqual(Object.keys(parts.losses), Object.keys(whole.losses));
    // The generator's gradients depend on the discriminator, whose update turns rounding into steps of Adam.
    assertClose(Object.values(parts.losses), Object.values(whole.losses), { abs: 1e-5, rel: 1e-4 });
    assertClose(parts.gradients[0], whole.gradients[0], { abs: 1e-6, rel: 1e-4 });
  });

  it("changes only the discriminator until it is the generator's turn", async () => {
    const state = makeState();
    const edit = () => translate(state.generator.parameters, CONFIG, makeIteration().images, makeIteration().targets);
    const before = edit().dataSync();
    const losses = await trainIteration(state, makeIteration(), SETTINGS, { learns: false });
    assert.deepEqual(edit().dataSync(), before);
    assert.deepEqual(Object.keys(losses), ["D", "real", "fake", "classificationD", "penalty"]);
    assert.deepEqual([state.discriminator.updates, state.generator.updates], [1, 0]);
    await trainIteration(state, makeIteration(), SETTINGS, { learns: true });
    assert.notDeepEqual(edit().dataSync(), before);
    assert.deepEqual([state.discriminator.updates, state.generator.updates], [2, 1]);
  });

  it("leaves no tensors behind", async () => {
    const [state, iteration] = [makeState(), makeIteration()];
    await trainIteration(state, iteration, SETTINGS, { learns: true, part: 2 });
    const held = tf.memory().numTensors;
    await trainIteration(state, iteration, SETTINGS, { learns: true, part: 2 });
    assert.equal(tf.memory().numTensors, held);
  });

  it("lowers the learning rate to 0 over the second half, or hardly, as published", () => {
    const rates = (choices: typeof DEFAULTS) =>
      [0, 0.5, 0.75, 1].map((progress) => learningRateAt(choices, { step: 200_000 * progress, progress }));
    assertClose(rates(DEFAULTS), [1e-4, 1e-4, 5e-5, 0], { abs: 1e-15, rel: 1e-12 });
    assertClose(rates(PUBLISHED), [1e-4, 1e-4, 0.9995e-4, 0.999e-4], { abs: 1e-15, rel: 1e-12 });
  });

  it("agrees with the published networks and training loop in float64", async function () {
    await assertAgrees(this, "stargan-s6-64px-b2-n3", 150);
  });
});
