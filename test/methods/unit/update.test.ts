/** Updates of UNIT: the published numbers, batches in parts, and what an update changes. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { parseFields } from "../../../src/methods/parse.js";
import { configSchema } from "../../../src/methods/unit/config.js";
import { noiseShapes, noisesFor, randomAt } from "../../../src/methods/unit/noise.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "../../../src/methods/unit/parameters.js";
import { PUBLISHED, updateSettings } from "../../../src/methods/unit/settings.js";
import { trainPairs, type UnitBatch, type UnitState } from "../../../src/methods/unit/update.js";
import { createOptimizer, type Gradients } from "../../../src/nn/optimizer.js";
import { parameter, uploadParameters } from "../../../src/nn/parameters.js";
import { assertAgrees } from "../../support/agrees.js";
import { assertClose } from "../../support/close.js";
import { useWasm } from "../../support/use-device.js";

const CONFIG = parseFields(configSchema, { method: "unit", size: 64, width: 4, attributes: ["Smiling"] }, "test");
const SETTINGS = updateSettings(PUBLISHED);

function makeState(): UnitState {
  const [generator, discriminator] = [generatorSpecs(CONFIG), discriminatorSpecs(CONFIG)].map((specs) =>
    createOptimizer(uploadParameters(specs, initialParameters(specs, 1), "test")),
  );
  return { generator, discriminator };
}

function makeBatch(pairs: number): UnitBatch {
  const [A, B] = [7, 8].map((seed) => tf.randomUniform<tf.Rank.R4>([pairs, 64, 64, 3], -1, 1, "float32", seed));
  return { A, B, noises: noisesFor(randomAt(1, 0), noiseShapes(CONFIG, pairs)) };
}

/** The values of all parameters of both groups, by name. */
function valuesOf({ generator, discriminator }: UnitState): Map<string, Float32Array> {
  const all = [...generator.parameters, ...discriminator.parameters];
  return new Map(all.map(([name, variable]) => [name, variable.dataSync().slice() as Float32Array]));
}

describe("an update of UNIT", () => {
  useWasm(2);

  it("gives the same losses and gradients for a batch in parts", async () => {
    const run = async (part: number) => {
      const gradients: number[][] = [];
      const onGradients = (each: Gradients): void => {
        gradients.push([...each.values()].flatMap((tensor) => [...tensor.dataSync()]));
      };
      const losses = await trainPairs(makeState(), makeBatch(3), SETTINGS, { part, onGradients });
      return { losses, gradients };
    };
    const [whole, parts] = [await run(3), await run(2)];
    assert.deepEqual(Object.keys(parts.losses), Object.keys(whole.losses));
    assertClose(Object.values(parts.losses), Object.values(whole.losses), { abs: 1e-5, rel: 1e-4 });
    for (const [network, gradients] of whole.gradients.entries()) {
      const largest = gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Adam turns rounding of the discriminators' gradients into steps, and the generator learns from what they say.
      const tolerance = { abs: [1e-6, 1e-4][network] * largest, rel: 1e-4 };
      assertClose(parts.gradients[network], gradients, tolerance, (i) => `network ${network}, value ${i}`);
    }
  });

  it("changes the parameters of both groups, each of them", async () => {
    const state = makeState();
    const before = valuesOf(state);
    const losses = await trainPairs(state, makeBatch(1), SETTINGS);
    assert.deepEqual([state.discriminator.updates, state.generator.updates], [1, 1]);
    for (const [name, values] of valuesOf(state)) assert.notDeepEqual(values, before.get(name), name);
    const { adversarialA, adversarialB, reconstructionA, reconstructionB, cycleA, cycleB } = losses;
    const { code, cycleCodeA, cycleCodeB } = losses;
    const images = reconstructionA + reconstructionB + cycleA + cycleB;
    const total = 10 * (adversarialA + adversarialB) + 100 * images + 0.1 * (2 * code + cycleCodeA + cycleCodeB);
    assertClose([losses.G, losses.D], [total, 10 * (losses.real + losses.fake)], { abs: 0, rel: 1e-5 });
  });

  it("adds the weight decay to the gradients, so that Adam moves a parameter without any by the learning rate", async () => {
    const state = makeState();
    const name = "gen.decode_B.1.model.3.bias"; // An instance norm follows, so no loss depends on it.
    const values = (): Float32Array => parameter(state.generator.parameters, name).dataSync().slice() as Float32Array;
    const before = values();
    let gradient: Float32Array | undefined;
    await trainPairs(state, makeBatch(1), SETTINGS, {
      onGradients: (gradients) => {
        gradient = gradients.get(name)?.dataSync().slice() as Float32Array | undefined;
      },
    });
    assert.deepEqual(gradient, new Float32Array(16));
    const { learningRate, adam } = SETTINGS;
    const expected = Array.from(before, (value) => {
      const decay = adam.weightDecay * value;
      return value - (learningRate * decay) / (Math.abs(decay) + adam.epsilon);
    });
    // Values of up to 0.08 have roundings of 4e-9. A decay next to the gradient would move them by 1e-8 of themselves.
    assertClose(values(), expected, { abs: 2e-8, rel: 0 }, (i) => `bias ${i}, before ${before[i]}`);
  });

  it("repeats to the same bits from the same state, images and noise", async () => {
    const run = async () => {
      const state = makeState();
      const losses = await trainPairs(state, makeBatch(1), SETTINGS);
      return { losses, values: valuesOf(state) };
    };
    assert.deepEqual(await run(), await run());
  });

  it("leaves no tensors behind", async () => {
    const [state, batch] = [makeState(), makeBatch(2)];
    await trainPairs(state, batch, SETTINGS, { part: 1 });
    const held = tf.memory().numTensors;
    await trainPairs(state, batch, SETTINGS, { part: 1 });
    assert.equal(tf.memory().numTensors, held);
  });

  it("agrees with the published networks and training loop in float64", async function () {
    await assertAgrees(this, "unit-s3-64px-b2", 200);
  });
});
