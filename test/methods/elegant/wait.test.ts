/** Runs whose discriminators learn alone at first. */
import assert from "node:assert/strict";
import { trainStep } from "../../../src/methods/elegant/update.js";
import { copyParameters, type Parameters } from "../../../src/nn/parameters.js";
import { disposeBatch, STEP_SETTINGS, tinyBatch, tinyState } from "../../support/model.js";
import { useWasm } from "../../support/use-device.js";

const valuesOf = (parameters: Parameters): number[] =>
  [...parameters.values()].flatMap((variable) => [...variable.dataSync()]);

describe("a generator that waits for its discriminators", () => {
  useWasm(1);

  for (const part of [1, Number.POSITIVE_INFINITY]) {
    it(`learns from the third update on with wait=2, ${part === 1 ? "in parts" : "with whole batches"}`, async () => {
      const start = tinyState(3);
      const state = { ...start, average: copyParameters(start.generator.parameters) };
      const [generator, discriminator] = [state.generator.parameters, state.discriminator.parameters];
      const before = valuesOf(generator);
      for (let update = 1; update <= 3; update++) {
        const judged = valuesOf(discriminator);
        const batch = tinyBatch(update, 2);
        const { G } = await trainStep(state, batch, { ...STEP_SETTINGS, ema: 0.5, wait: 2 }, { part });
        disposeBatch(batch);
        assert.ok(G > 0);
        assert.notDeepEqual(valuesOf(discriminator), judged);
        const hasLearned = update > 2;
        assert.equal(state.generator.updates, hasLearned ? 1 : 0);
        for (const parameters of [generator, state.average]) {
          if (hasLearned) assert.notDeepEqual(valuesOf(parameters), before);
          else assert.deepEqual(valuesOf(parameters), before);
        }
      }
    });
  }
});
