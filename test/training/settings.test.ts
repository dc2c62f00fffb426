/** Training settings: learning rates, weights of the losses, and what must stay the same in a resumed run. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { type ModelConfig, OFFICIAL_NETWORK, parseConfig } from "../../src/methods/elegant/config.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import {
  type ElegantSettings,
  learningRateAt,
  parseSettings,
  stepSettings,
} from "../../src/methods/elegant/settings.js";
import { expectSameRun } from "../../src/training/settings.js";

const SETTINGS: ElegantSettings = {
  ...PRESETS.official.method,
  batch: 16,
  seed: 1,
  learningRate: 2e-4,
  dataset: "0123456789abcdef",
};
const CONFIG: ModelConfig = { ...OFFICIAL_NETWORK, size: 256, width: 64, attributes: ["Bangs", "Smiling"] };

describe("training settings", () => {
  it("decay the official learning rate by 0.97 every 3,000 steps", () => {
    for (const [step, decays] of [
      [0, 0],
      [2999, 0],
      [3000, 1],
      [5999, 1],
      [6000, 2],
      [199_999, 66],
    ]) {
      assert.equal(learningRateAt(SETTINGS, step), 2e-4 * 0.97 ** decays, `step ${step}`);
    }
  });

  it("keep the paper's learning rate", () => {
    for (const step of [0, 3000, 199_999])
      assert.equal(learningRateAt({ ...SETTINGS, ...PRESETS.paper.method }, step), 2e-4);
  });

  it("give the published code's weights and decay, or the paper's", () => {
    const official = stepSettings(SETTINGS, 3000);
    assert.deepEqual(official, {
      reconstruction: "squared",
      weights: {
        ...{ reconstruction: 5, adversarial1: 1, adversarial2: 0.5, discriminator1: 0.25, discriminator2: 0.125 },
        ...{ slice: 0, mask: 0, change: 0, cycle: 0 },
      },
      adam: { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-5 },
      learningRate: 2e-4 * 0.97,
      r1: 0,
      r1Every: 1,
      others: 0,
      wait: 0,
      ema: 0,
    });
    const paper = stepSettings({ ...SETTINGS, ...PRESETS.paper.method }, 3000);
    assert.equal(paper.reconstruction, "norm");
    const { slice, mask, change, cycle, ...published } = paper.weights;
    assert.deepEqual(new Set(Object.values(published)), new Set([1]));
    assert.deepEqual([slice, mask, change, cycle], [0, 0, 0, 0]);
    assert.equal(paper.adam.weightDecay, 0);
    assert.equal(paper.learningRate, 2e-4);
  });

  it("are the published method's and network's for checkpoints from before the choices of modern", () => {
    // These are the settings as versions up to 0.1.0 wrote them.
    const saved = {
      ...{ reconstruction: "squared", lossWeights: "official", weightDecay: 1e-5, learningRateDecay: 0.97 },
      ...{ ema: 0, r1: 0, flip: false, batch: 16, seed: 1, learningRate: 2e-4, dataset: SETTINGS.dataset },
    };
    assert.deepEqual(parseSettings(saved, "checkpoint"), SETTINGS);
    const text = JSON.stringify({ size: 256, width: 64, attributes: CONFIG.attributes });
    assert.deepEqual(parseConfig(JSON.parse(text), "checkpoint"), CONFIG);
    const resized = {
      ...JSON.parse(text),
      discriminatorBlocks: 5,
      decoderActivation: "leaky-relu",
      upsampling: "resize",
    };
    assert.deepEqual(parseConfig(resized, "checkpoint"), {
      ...CONFIG,
      ...{ discriminatorBlocks: 5, decoderActivation: "leaky-relu", upsampling: "resize" },
    });
  });

  it("fall linearly to a rate of 0 over the last half with modern, and include every part of the loss that it adds", () => {
    const { learningRate } = PRESETS.modern.method;
    const modern = { ...SETTINGS, ...PRESETS.modern.method };
    for (const [progress, share] of [
      [0, 1],
      [0.5, 1],
      [0.75, 0.5],
      [0.9, 0.2],
      [1, 0],
      [1.1, 0],
    ]) {
      const rate = learningRateAt(modern, 7000, progress);
      assert.ok(Math.abs(rate - share * learningRate) < 1e-18, `${progress}: ${rate}`);
    }
    const { adam, weights, reconstruction, r1, r1Every, ema, others } = stepSettings(modern, 0);
    assert.deepEqual(adam, { beta1: 0, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 });
    assert.equal(weights.reconstruction, 0);
    assert.deepEqual([reconstruction, r1, r1Every, ema, others], ["none", 1, 4, 0.999, 0.5]);
    const { slice, maskWeight, changeWeight, cycle } = PRESETS.modern.method;
    assert.deepEqual(
      [weights.slice, weights.mask, weights.change, weights.cycle],
      [slice, maskWeight, changeWeight, cycle],
    );
  });

  it("must be the same when a run is resumed, whatever the order of their keys", () => {
    const asked = {
      settings: { ...SETTINGS },
      config: { attributes: ["Bangs", "Smiling"], width: 64, size: 256, ...OFFICIAL_NETWORK },
    };
    expectSameRun({ config: CONFIG, settings: SETTINGS }, asked as { config: ModelConfig; settings: ElegantSettings });
  });

  const differences: readonly (readonly [Partial<ModelConfig>, Partial<ElegantSettings>, RegExp])[] = [
    [{ size: 128 }, {}, /^--resume: --size: expected 256, received 128\. Resume with the run's own settings/],
    [{ width: 32 }, {}, /--width: expected 64, received 32/],
    [{ attributes: ["Smiling", "Bangs"] }, {}, /--attributes: expected Bangs Smiling, received Smiling Bangs/],
    [{ discriminatorBlocks: 5 }, {}, /--set discriminatorBlocks: expected 4, received 5/],
    [{ decoderActivation: "leaky-relu" }, {}, /--set decoderActivation: expected relu, received leaky-relu/],
    [{ upsampling: "resize" }, {}, /--set upsampling: expected transposed, received resize/],
    [{}, { reconstruction: "norm" }, /--set reconstruction: expected squared, received norm/],
    [{}, { lossWeights: "equal" }, /--set lossWeights: expected official, received equal/],
    [{}, { weightDecay: 0 }, /--set weightDecay: expected 0\.00001, received 0/],
    [{}, { learningRateDecay: 1 }, /--set learningRateDecay: expected 0\.97, received 1/],
    [{}, { ema: 0.999 }, /--set ema: expected 0, received 0\.999/],
    [{}, { r1: 10 }, /--set r1: expected 0, received 10/],
    [{}, { flip: true }, /--set flip: expected off, received on/],
    [{}, { batch: 8 }, /--batch: expected 16, received 8/],
    [{}, { seed: 2 }, /--seed: expected 1, received 2/],
    [{}, { learningRate: 1e-4 }, /--learning-rate: expected 0\.0002, received 0\.0001/],
    [{}, { dataset: "f" }, /the data: expected pictures and labels with fingerprint 0123456789abcdef, received .* f\./],
    [{ width: 32 }, { seed: 2 }, /--width/],
  ];
  for (const [config, settings, message] of differences) {
    it(`differ: ${JSON.stringify({ ...config, ...settings })}`, () => {
      const asked = { config: { ...CONFIG, ...config }, settings: { ...SETTINGS, ...settings } };
      assert.throws(
        () => expectSameRun({ config: CONFIG, settings: SETTINGS }, asked),
        (error) => error instanceof InputError && message.test(error.message),
      );
    });
  }
});
