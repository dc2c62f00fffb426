/** Iterations of DNA-GAN: the golden numbers, what an iteration changes, and sums over attributes. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { configSchema, type DnaganConfig } from "../../../src/methods/dnagan/config.js";
import { movingSpecs } from "../../../src/methods/dnagan/moving.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "../../../src/methods/dnagan/parameters.js";
import { DEFAULTS, PUBLISHED, type UpdateSettings, updateSettings } from "../../../src/methods/dnagan/settings.js";
import { type DnaganState, trainIteration } from "../../../src/methods/dnagan/update.js";
import type { PairBatch } from "../../../src/methods/method.js";
import { parseFields } from "../../../src/methods/parse.js";
import { createOptimizer } from "../../../src/nn/optimizer.js";
import { type Parameters, uploadParameters, zeroParameters } from "../../../src/nn/parameters.js";
import { assertAgrees } from "../../support/agrees.js";
import { assertClose } from "../../support/close.js";
import { restoreOptimizer, restoreParameters } from "../../support/copies.js";
import { useWasm } from "../../support/use-device.js";

const CONFIG: DnaganConfig = parseFields(
  configSchema,
  { method: "dnagan", size: 64, width: 4, attributes: ["Bangs", "Smiling"] },
  "test",
);
const SETTINGS = updateSettings(DEFAULTS, { step: 1 });
const [GENERATOR, DISCRIMINATOR] = [generatorSpecs(CONFIG), discriminatorSpecs(CONFIG)];

function makeState(): DnaganState {
  const [generator, discriminator] = [GENERATOR, DISCRIMINATOR].map((specs) =>
    createOptimizer(uploadParameters(specs, initialParameters(specs, 1), "test")),
  );
  return { config: CONFIG, generator, discriminator, moving: zeroParameters(movingSpecs(CONFIG)) };
}

/** Two pairs with Bangs in A, then three with Smiling in A. */
function makeBatch(): PairBatch {
  return {
    groups: [
      { attribute: 0, pairs: 2 },
      { attribute: 1, pairs: 3 },
    ],
    A: tf.randomUniform([5, 64, 64, 3], -1, 1, "float32", 7),
    B: tf.randomUniform([5, 64, 64, 3], -1, 1, "float32", 8),
    yA: tf.tensor2d([1, 0, 1, 1, 0, 1, 1, 1, 0, 1], [5, 2]),
    yB: tf.tensor2d([0, 0, 0, 1, 0, 0, 1, 0, 1, 0], [5, 2]),
  };
}

/** The pairs of one group alone. */
function takeGroup({ groups, A, B, yA, yB }: PairBatch, group: number): PairBatch {
  const from = groups.slice(0, group).reduce((sum, { pairs }) => sum + pairs, 0);
  const take = <T extends tf.Tensor>(batch: T): T => tf.slice(batch, from, groups[group].pairs) as T;
  return { groups: [groups[group]], A: take(A), B: take(B), yA: take(yA), yB: take(yB) };
}

const valuesOf = (parameters: Parameters): Map<string, number[]> =>
  new Map([...parameters].map(([name, p]) => [name, [...p.dataSync()]]));

describe("methods/dnagan", () => {
  useWasm(2);

  it("changes encoder, decoder, discriminator and moving statistics in one iteration", async () => {
    const state = makeState();
    const parts = [state.generator.parameters, state.discriminator.parameters, state.moving];
    const before = parts.map(valuesOf);
    // At the published rate, some steps are smaller than the rounding of a factor of 1.
    const losses = await trainIteration(state, makeBatch(), { ...SETTINGS, learningRate: 0.1 });
    assert.ok(Object.values(losses).every(Number.isFinite), JSON.stringify(losses));
    for (const [i, part] of parts.entries()) {
      for (const [name, values] of valuesOf(part)) {
        // Each score enters the loss once with + and once with -, so its bias has no gradient.
        if (name === "D/fct/b") continue;
        assert.notDeepEqual(values, before[i].get(name), name);
      }
    }
    assert.deepEqual([state.discriminator.updates, state.generator.updates], [1, 1]);
  });

  it("clips all of the discriminator's parameters after its update, and none of the generator's", async () => {
    const state = makeState();
    await trainIteration(state, makeBatch(), SETTINGS);
    for (const [name, values] of valuesOf(state.discriminator.parameters)) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest <= Math.fround(SETTINGS.clip), `${name}: ${largest}`);
    }
    const [gamma] = valuesOf(state.discriminator.parameters).get("D/conv2/batch_normalization/gamma") ?? [];
    assert.equal(gamma, Math.fround(SETTINGS.clip));
    const ofEncoder = valuesOf(state.generator.parameters).get("encoder/conv2/batch_normalization/gamma") ?? [];
    assert.ok(ofEncoder.every((value) => Math.abs(value - 1) < 0.01));
  });

  it("updates the discriminator 100 times in each 500th iteration", async () => {
    const updates = [0, 1, 499, 500, 501, 1000].map((step) => updateSettings(DEFAULTS, { step }).discriminatorUpdates);
    assert.deepEqual(updates, [100, 1, 1, 100, 1, 100]);
    const state = makeState();
    await trainIteration(state, makeBatch(), { ...SETTINGS, discriminatorUpdates: 3 });
    assert.deepEqual([state.discriminator.updates, state.generator.updates], [3, 1]);
  });

  it("applies the discriminator's gradient once, or twice in a row as published", async () => {
    const rate = { learningRate: 0.1, clip: 10 }; // large steps, and no clipping
    const run = async (settings: UpdateSettings) => {
      const state = makeState();
      const before = valuesOf(state.discriminator.parameters);
      await trainIteration(state, makeBatch(), { ...settings, ...rate });
      const after = valuesOf(state.discriminator.parameters);
      const steps = [...before].flatMap(([name, values]) =>
        values.map((value, i) => value - (after.get(name) ?? [])[i]),
      );
      return { steps, second: [...valuesOf(state.discriminator.second).values()].flat() };
    };
    const once = await run(SETTINGS);
    const twice = await run({ ...SETTINGS, applications: PUBLISHED.applications });
    // After one application of a gradient g, the moment is 0.8 + 0.2 g^2; after two, 0.64 + 0.36 g^2.
    const sizes = once.second.map((second) => Math.sqrt(second / 0.2));
    const expected = sizes.map((g) => [
      (0.1 * g) / Math.sqrt(0.8 + 0.2 * g * g),
      (0.1 * g) / Math.sqrt(0.64 + 0.36 * g * g),
    ]);
    assert.ok(Math.max(...sizes) > 0.1, `the largest gradient is ${Math.max(...sizes)}`);
    const close = { abs: 3e-7, rel: 1e-5 };
    assertClose(
      once.steps.map(Math.abs),
      expected.map(([first]) => first),
      close,
    );
    assertClose(
      twice.steps.map(Math.abs),
      expected.map(([first, second]) => first + second),
      close,
    );
  });

  it("sums the losses over the attributes, each with statistics of its own pairs", async () => {
    const whole = await trainIteration(makeState(), makeBatch(), SETTINGS);
    const groups = [0, 1].map((group) => trainIteration(makeState(), takeGroup(makeBatch(), group), SETTINGS));
    const [first, second] = await Promise.all(groups);
    // Before the discriminator's update. After it, the discriminators differ.
    for (const name of ["reconstructionA", "reconstructionB", "D", "addedD", "removedD"] as const) {
      assertClose([whole[name]], [first[name] + second[name]], { abs: 1e-6, rel: 1e-5 }, () => name);
    }
    assertClose([whole.D], [whole.addedD + whole.removedD], { abs: 1e-7, rel: 1e-6 });
    const { G, reconstructionA, reconstructionB, addedG, removedG } = whole;
    assertClose([G], [reconstructionA + reconstructionB + addedG + removedG], { abs: 1e-7, rel: 1e-6 });
  });

  it("continues with the same bits from a state that was saved and restored", async () => {
    const state = makeState();
    await trainIteration(state, makeBatch(), SETTINGS);
    const restored: DnaganState = {
      config: CONFIG,
      generator: await restoreOptimizer(GENERATOR, state.generator),
      discriminator: await restoreOptimizer(DISCRIMINATOR, state.discriminator),
      moving: await restoreParameters(movingSpecs(CONFIG), state.moving),
    };
    for (const each of [state, restored]) await trainIteration(each, makeBatch(), SETTINGS);
    for (const part of ["generator", "discriminator"] as const) {
      assert.deepEqual(valuesOf(restored[part].parameters), valuesOf(state[part].parameters));
      assert.deepEqual(valuesOf(restored[part].second), valuesOf(state[part].second));
    }
    assert.deepEqual(valuesOf(restored.moving), valuesOf(state.moving));
  });

  it("leaves no tensors behind", async () => {
    const [state, batch] = [makeState(), makeBatch()];
    const settings = { ...SETTINGS, discriminatorUpdates: 2 };
    await trainIteration(state, batch, settings);
    const held = tf.memory().numTensors;
    await trainIteration(state, batch, settings);
    assert.equal(tf.memory().numTensors, held);
  });

  it("agrees with the published layers and training loop in float64: dnagan-s1-64px-b2-n3", async function () {
    await assertAgrees(this, "dnagan-s1-64px-b2-n3", 150);
  });
});
