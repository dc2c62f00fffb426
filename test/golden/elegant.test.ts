/** Training updates against a golden file of our own from another device; test/cli/verify.test.ts has that of the published networks. */
import assert from "node:assert/strict";
import { differenceTolerance } from "../../src/golden/elegant.js";
import { useOwnGolden } from "../support/golden.js";
import { check, failed } from "../support/golden-check.js";

describe("golden/elegant", () => {
  const own = useOwnGolden();

  it("agrees on wasm with what stock TensorFlow.js computes", async () => {
    const quantities = await check(own());
    assert.deepEqual(failed(quantities), []);
    // 2 x (labels, 8 scores, 7 losses), 18 forward quantities, 74 gradients, 74 weights, and the points of the weights.
    assert.equal(quantities.length, 2 * 16 + 18 + 74 + 74 + 1);
  });

  it("names what is wrong", async () => {
    const wrong = structuredClone(own());
    wrong.iterations[0].z_C.mean += wrong.iterations[0].z_C.rms;
    wrong.iterations[0].grad_G["Dec.main.2.0.weight"].rms *= 1.01;
    wrong.iterations[0].y_A[0][1] = 7;
    const names = failed(await check(wrong)).join("\n");
    assert.match(names, /^labels, iteration 0: 1/m);
    assert.match(names, /^z_C: .* mean$/m);
    assert.match(names, /^grad_G Dec\.main\.2\.0\.weight: 0\.00\d+ rms$/m);
  });

  it("allows for the cancellation in a difference, but never for a missing exchange", () => {
    assert.equal(differenceTolerance(1), 1e-4);
    assert.ok(Math.abs(differenceTolerance(1e-3) - 9.5e-4) < 1e-5);
    assert.equal(differenceTolerance(1e-9), 0.5);
  });
});
