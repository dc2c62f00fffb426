/** The texts and headline figures of the demo's report. */
import assert from "node:assert/strict";
import { describeRun, summarise } from "../../src/demo/story.js";

const SHIPPED = {
  name: "all",
  n: 96,
  wholeGain: 7.06,
  regionGain: 8.44,
  outside: 37.25,
  rightShare: 0.814,
  noise: 2.3,
};
const TRAINED = { ...SHIPPED, wholeGain: -0.55, regionGain: 3.5, outside: 33.04, rightShare: -0.02 };
const FACTS = {
  folder: "out",
  photos: 80,
  trainSeconds: 10,
  seed: 4,
  workers: 2,
  seconds: 33.4,
  step: 7,
  shipped: SHIPPED,
  trained: TRAINED,
};

describe("the demo's story", () => {
  it("leads with the gain over the whole picture, then region, outside and right share of both models", () => {
    const { figures } = summarise(FACTS);
    assert.deepEqual(
      figures.map(({ value }) => value),
      ["+7.1 dB", "+8.4 dB", "37.3 dB", "0.81", "33 s"],
    );
    assert.deepEqual(
      figures.slice(0, 4).map(({ detail }) => detail),
      ["trained here: \u22120.6 dB", "trained here: +3.5 dB", "trained here: 33.0 dB", "trained here: \u22120.02"],
    );
    assert.match(figures[0].label, /whole picture/);
  });

  it("says over how many swaps the figures are means", () => {
    const { summary } = summarise(FACTS);
    assert.match(summary[1], /means over 96 swaps \(Eyeglasses and Bangs, added and removed\)/);
    assert.match(summary[2], /trained in front of you for 7 steps/);
  });

  it("shows no scores if no pair was found", () => {
    const { figures, summary } = summarise({ ...FACTS, shipped: null, trained: null });
    assert.deepEqual(
      figures.map(({ value }) => value),
      ["33 s"],
    );
    assert.equal(summary.length, 1);
  });

  it("gives the command that makes it again", () => {
    const [command] = summarise(FACTS).commands;
    assert.equal(command, "npx elegant-faces demo --out out --photos 80 --train-seconds 10 --seed 4 --workers 2");
  });

  it("counts a single step as one", () => {
    assert.equal(describeRun(1, 16), "trained here: 1 step, width 16");
    assert.equal(describeRun(2, 16), "trained here: 2 steps, width 16");
    assert.match(summarise({ ...FACTS, step: 1 }).summary[2], /for 1 step\.$/);
  });
});
