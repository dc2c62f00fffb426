/** The comparison of tensors and weights with golden summaries: known errors must be found. */
import assert from "node:assert/strict";
import { compareTensor, excess, Largest, passes } from "../../src/golden/compare.js";
import { compareWeights } from "../../src/golden/weights.js";
import { type AdamTwinSettings, adam } from "../../src/kernels/reference/adam.js";
import { Random } from "../../src/random.js";
import { summarize } from "../support/golden.js";
import { randomFloats } from "../support/team.js";

describe("golden/compare", () => {
  const random = Random.fromSeed(11);
  const values = randomFloats(random, 600).map((value) => value * 0.01);
  const golden = summarize(values, [2, 3, 10, 10]);

  it("finds no error in the same tensor", () => {
    const quantity = compareTensor("g", "x", golden, values, 1e-6);
    assert.deepEqual([quantity.error, passes(quantity)], [0, true]);
  });

  it("measures relative to the rms and names the place", () => {
    const [[index]] = golden.at;
    const changed = values.slice();
    changed[index] += 0.5 * golden.rms;
    const { error, at } = compareTensor("g", "x", golden, changed, 1e-4);
    assert.ok(Math.abs(error - 0.5) < 1e-4, `${error}`);
    const [n, c] = [Math.floor(index / 300), Math.floor(index / 100) % 3];
    assert.equal(at, `[${n}, ${c}, ${Math.floor(index / 10) % 10}, ${index % 10}]`);
  });

  it("sees in the mean what lies between the points", () => {
    const shifted = values.map((value, i) => (golden.at.some(([index]) => index === i) ? value : value + 1e-3));
    const quantity = compareTensor("g", "x", golden, shifted, 1e-2);
    assert.ok(!passes(quantity));
  });

  it("never passes a NaN or another number of values, and ranks a NaN first", () => {
    const broken = values.slice().fill(Number.NaN, 0, 1);
    const quantity = compareTensor("g", "x", golden, broken, 1e9);
    assert.ok(!passes(quantity));
    assert.equal(excess(quantity), Number.POSITIVE_INFINITY);
    assert.match(compareTensor("g", "x", golden, values.slice(1), 1).at, /ours has 599 values/);
    const largest = new Largest();
    for (const difference of [1, Number.NaN, 5]) largest.see(difference, `${difference}`);
    assert.equal(largest.at, "NaN");
  });
});

describe("golden/weights", () => {
  const SETTINGS: AdamTwinSettings = { learningRate: 2e-4, beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-5 };
  const STEPS = 4;

  /** Weights of three tensors after some updates with gradients for which weight decay is small but not negligible. */
  function train(settings: AdamTwinSettings): Map<string, { shape: readonly number[]; data: Float32Array }> {
    const random = Random.fromSeed(12);
    const tensors = ["a", "b", "c"].map((name) => {
      const p = Float64Array.from(randomFloats(random, 3000));
      const [m, v] = [new Float64Array(3000), new Float64Array(3000)];
      for (let step = 1; step <= STEPS; step++) {
        const gradient = randomFloats(random, 3000).map((value) => value * 1e-4);
        adam(p, m, v, gradient, step, settings);
      }
      return [name, { shape: [3000], data: Float32Array.from(p) }] as const;
    });
    return new Map(tensors);
  }

  const golden = Object.fromEntries(
    [...train(SETTINGS)].map(([name, { shape, data }]) => [name, summarize(data, shape)]),
  );
  const failures = (settings: AdamTwinSettings): number =>
    compareWeights(golden, train(settings), SETTINGS.learningRate * STEPS).filter((q) => !passes(q)).length;

  it("passes the same updates, and gives a missing tensor away", () => {
    assert.equal(failures(SETTINGS), 0);
    const after = train(SETTINGS);
    after.delete("b");
    assert.equal(compareWeights(golden, after, 1e-3).filter((q) => !passes(q)).length, 1);
  });

  const faults: readonly (readonly [string, Partial<AdamTwinSettings>])[] = [
    ["a missing weight decay", { weightDecay: 0 }],
    ["a larger epsilon", { epsilon: 1e-6 }],
    ["another beta1", { beta1: 0.9 }],
    ["another beta2", { beta2: 0.9 }],
    ["a step three hundredths too large", { learningRate: 2.06e-4 }],
  ];
  for (const [what, change] of faults) {
    it(`fails for ${what}`, () => assert.ok(failures({ ...SETTINGS, ...change }) > 0));
  }
});
