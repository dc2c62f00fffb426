/** Iterations of CycleGAN: the published numbers, batches in parts, what an update changes, and what it keeps. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { countValues } from "../../../src/methods/common.js";
import { type CycleganConfig, configSchema } from "../../../src/methods/cyclegan/config.js";
import type { Domains } from "../../../src/methods/cyclegan/losses.js";
import {
  bothDiscriminatorsSpecs,
  bothGeneratorsSpecs,
  initialParameters,
} from "../../../src/methods/cyclegan/parameters.js";
import { type PoolDraws, poolOf, poolSpecs } from "../../../src/methods/cyclegan/pool.js";
import { DEFAULTS, learningRateAt, updateSettings } from "../../../src/methods/cyclegan/settings.js";
import { type CycleganState, trainIteration } from "../../../src/methods/cyclegan/update.js";
import { parseFields } from "../../../src/methods/parse.js";
import { createOptimizer, type Gradients } from "../../../src/nn/optimizer.js";
import { copyParameters, type Parameters, uploadParameters, zeroParameters } from "../../../src/nn/parameters.js";
import { Random } from "../../../src/random.js";
import { assertAgrees } from "../../support/agrees.js";
import { assertClose } from "../../support/close.js";
import { restoreOptimizer, restoreParameters } from "../../support/copies.js";
import { useWasm } from "../../support/use-device.js";

const CONFIG: CycleganConfig = {
  method: "cyclegan",
  size: 64,
  width: 4,
  attributes: ["Bangs"],
  generatorBlocks: 1,
  poolSize: 2,
};
const SETTINGS = updateSettings(DEFAULTS, { step: 0, progress: 0 });

interface State extends CycleganState {
  readonly pools: Parameters;
}

function makeState(): State {
  const [generators, discriminators] = [bothGeneratorsSpecs(CONFIG), bothDiscriminatorsSpecs(CONFIG)].map((specs) =>
    createOptimizer(uploadParameters(specs, initialParameters(specs, 1), "test")),
  );
  const pools = zeroParameters(poolSpecs(CONFIG));
  const average = copyParameters(generators.parameters);
  const [poolA, poolB] = (["A", "B"] as const).map((domain) => poolOf(pools, domain));
  return { config: CONFIG, generators, discriminators, average, poolA, poolB, pools };
}

function makeBatch(seed = 7): Domains {
  const [A, B] = [seed, seed + 1].map((each) => tf.randomUniform<tf.Rank.R4>([3, 64, 64, 3], -1, 1, "float32", each));
  return { A, B };
}

const drawsOf = (step: number): PoolDraws => Random.fromSeed(1, `pool/${step}`);

/** Copies all values by name. */
function valuesOf(parameters: Parameters): Map<string, number[]> {
  return new Map([...parameters].map(([name, variable]) => [name, [...variable.dataSync()]]));
}

describe("methods/cyclegan", () => {
  useWasm(2);

  it("gives the same losses and gradients for a batch in parts", async () => {
    const run = async (part: number) => {
      const gradients = new Map<string, number[]>();
      const onGradients = (each: Gradients): void => {
        for (const [name, tensor] of each) gradients.set(name, [...tensor.dataSync()]);
      };
      const state = makeState();
      const losses = await trainIteration(state, makeBatch(), SETTINGS, drawsOf(0), { part, onGradients });
      return { losses, gradients, pools: valuesOf(state.pools) };
    };
    const [whole, parts] = [await run(3), await run(2)];
    assert.deepEqual(Object.keys(parts.losses), Object.keys(whole.losses));
    assertClose(Object.values(parts.losses), Object.values(whole.losses), { abs: 1e-6, rel: 1e-5 });
    assert.equal(whole.gradients.size, bothGeneratorsSpecs(CONFIG).length + bothDiscriminatorsSpecs(CONFIG).length);
    for (const [name, expected] of whole.gradients) {
      // Sums over many pixels, in another order.
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assertClose(parts.gradients.get(name) ?? [], expected, { abs: 1e-5 * largest, rel: 0 }, (i) => `${name} [${i}]`);
    }
    assert.deepEqual(parts.pools, whole.pools);
  });

  it("changes all parameters that an output depends on, in both groups, and the average", async () => {
    const state = makeState();
    const { generators, discriminators } = state;
    const average = state.average as Parameters;
    const read = () => [generators.parameters, discriminators.parameters, average].map(valuesOf);
    const before = read();
    await trainIteration(state, makeBatch(), SETTINGS, drawsOf(0));
    for (const [group, after] of read().entries()) {
      for (const [name, values] of after) {
        // Before a norm, a bias has no influence and stays 0. Only the last layer and D's first one have none behind.
        const dead = name.endsWith(".bias") && !/G_.\.model\.18\.|D_.\.model\.(0|11)\./.test(name);
        if (dead) assert.deepEqual(values, before[group].get(name), name);
        else assert.notDeepEqual(values, before[group].get(name), name);
      }
    }
    assert.deepEqual([generators.updates, discriminators.updates], [1, 1]);
  });

  it("lets the discriminators learn from images of before the generators' update", async () => {
    // Without a learning rate, the generators make the same images before and after it.
    const [learning, resting] = [makeState(), makeState()];
    const losses = await trainIteration(learning, makeBatch(), SETTINGS, drawsOf(0));
    const same = await trainIteration(resting, makeBatch(), { ...SETTINGS, learningRate: 0 }, drawsOf(0));
    assert.deepEqual(losses, same);
    assert.deepEqual(valuesOf(learning.pools), valuesOf(resting.pools));
  });

  it("gives the same bits after its state was saved and restored", async () => {
    const state = makeState();
    for (const step of [0, 1]) await trainIteration(state, makeBatch(step), SETTINGS, drawsOf(step));
    const pools = await restoreParameters(poolSpecs(CONFIG), state.pools);
    const restored: CycleganState = {
      config: CONFIG,
      generators: await restoreOptimizer(bothGeneratorsSpecs(CONFIG), state.generators),
      discriminators: await restoreOptimizer(bothDiscriminatorsSpecs(CONFIG), state.discriminators),
      average: null,
      poolA: poolOf(pools, "A"),
      poolB: poolOf(pools, "B"),
    };
    const [expected, received] = [
      await trainIteration(state, makeBatch(2), SETTINGS, drawsOf(2)),
      await trainIteration(restored, makeBatch(2), SETTINGS, drawsOf(2)),
    ];
    assert.deepEqual(received, expected);
    for (const group of ["generators", "discriminators"] as const) {
      assert.deepEqual(valuesOf(restored[group].parameters), valuesOf(state[group].parameters));
    }
    assert.deepEqual(valuesOf(pools), valuesOf(state.pools));
  });

  it("computes no identity losses if their weight is 0", async () => {
    const settings = { ...SETTINGS, weights: { cycle: 10, identity: 0 } };
    const losses = await trainIteration(makeState(), makeBatch(), settings, drawsOf(0));
    const { G, adversarialA, adversarialB, cycleA, cycleB, identityA, identityB } = losses;
    assert.deepEqual([identityA, identityB], [0, 0]);
    assertClose([G], [adversarialA + adversarialB + 10 * (cycleA + cycleB)], { abs: 0, rel: 1e-6 });
  });

  it("leaves no tensors behind", async () => {
    const [state, batch] = [makeState(), makeBatch()];
    await trainIteration(state, batch, SETTINGS, drawsOf(0), { part: 2 });
    const held = tf.memory().numTensors;
    await trainIteration(state, batch, SETTINGS, drawsOf(1), { part: 2 });
    assert.equal(tf.memory().numTensors, held);
  });

  it("lowers the learning rate to 0 over the second half", () => {
    const rates = [0, 0.5, 0.75, 1].map((progress) => learningRateAt(DEFAULTS, { step: 0, progress }));
    assertClose(rates, [2e-4, 2e-4, 1e-4, 0], { abs: 1e-15, rel: 1e-12 });
  });

  it("is configured for one attribute, with the published sizes by default", () => {
    const { width, ...sizes } = { width: 64, generatorBlocks: 9, poolSize: 50 };
    const config = { method: "cyclegan", size: 128, width, attributes: ["Bangs"] };
    const parsed = parseFields(configSchema, config, "model");
    assert.deepEqual(parsed, { ...config, ...sizes });
    assert.equal(countValues(bothGeneratorsSpecs(parsed)), 2 * 11_378_179);
    assert.equal(countValues(bothDiscriminatorsSpecs(parsed)), 2 * 2_764_737);
    assert.throws(
      () => parseFields(configSchema, { ...config, attributes: ["Bangs", "Smiling"] }, "model"),
      /received attributes: expected one name, since this method trains a model for each attribute\./,
    );
  });

  it("agrees with the published networks and training loop in float64", async function () {
    await assertAgrees(this, "cyclegan-s3-64px-b2", 150);
  });
});
