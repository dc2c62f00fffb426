import assert from "node:assert/strict";
import { meanGain } from "../../src/demo/scores.js";
import { describeRun, summarise } from "../../src/demo/story.js";
import type { Score } from "../../src/report/model.js";

const SCORES: readonly Score[] = [
  { attribute: "Bangs, added", n: 3, psnrInput: 14, psnrSwap: 16.25, rightShare: 0.4, checkpoint: "shipped" },
  { attribute: "Bangs, removed", n: 1, psnrInput: 15, psnrSwap: 14, rightShare: -0.2, checkpoint: "shipped" },
];
const FACTS = {
  folder: "out",
  photos: 80,
  trainSeconds: 10,
  seed: 4,
  workers: 2,
  seconds: 33.4,
  step: 7,
  gain: { shipped: meanGain(SCORES), trained: -0.55 },
  scores: SCORES,
};

describe("the demo's story", () => {
  it("tells the gains that were measured, with their sign", () => {
    const { figures, summary } = summarise(FACTS);
    // (3 * 2.25 - 1) / 4 = 1.4375
    assert.deepEqual(
      figures.map(({ value }) => value),
      ["+1.4 dB", "-0.6 dB", "33 s"],
    );
    assert.match(figures[1].label, /after 7 steps/);
    assert.match(summary[0], /^80 portraits .* trained for 7 steps/);
  });

  it("gives the command that makes it again", () => {
    const [command] = summarise(FACTS).commands;
    assert.equal(command, "npx elegant-faces demo --out out --photos 80 --train-seconds 10 --seed 4 --workers 2");
  });

  it("counts a single step as one", () => {
    assert.equal(describeRun(1, 16), "trained here: 1 step, width 16");
    assert.equal(describeRun(2, 16), "trained here: 2 steps, width 16");
    assert.match(summarise({ ...FACTS, step: 1 }).summary[0], /for 1 step in front/);
  });
});
