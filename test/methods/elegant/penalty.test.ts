/** The gradient penalty R1: its gradients go down, and updates log it. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { disposeState } from "../../../src/methods/elegant/state.js";
import { trainStep } from "../../../src/methods/elegant/update.js";
import { disposeParameters, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { disposeBatch, STEP_SETTINGS, tinyBatch, tinyState } from "../../support/model.js";
import { penaltyOf, specs, weights } from "../../support/penalty.js";
import { useWasm } from "../../support/use-device.js";

describe("the gradient penalty R1", () => {
  useWasm(2);

  it("falls as its gradients say when the weights go against them", () => {
    const parameters = uploadParameters(specs, weights(), "test");
    const { value, grads } = tf.variableGrads(() => penaltyOf(parameters), [...parameters.values()]);
    let squares = 0;
    // The linear bias and the last beta change no slope and have no gradient.
    const moved = [...parameters.values()].filter((p) => grads[p.name] instanceof tf.Tensor);
    assert.equal(moved.length, specs.length - 2);
    for (const p of moved) squares += tf.sum(tf.square(grads[p.name])).dataSync()[0];
    const step = 1e-4 / Math.sqrt(squares);
    const move = (factor: number): number => {
      for (const p of moved) p.assign(tf.add(p, tf.mul(grads[p.name], factor * step)));
      return penaltyOf(parameters).dataSync()[0];
    };
    const [up, down] = [move(1), move(-2)];
    // It is the central difference of a function with kinks, in float32.
    assertClose([(up - down) / (2 * step)], [squares], { abs: 0, rel: 0.02 });
    assert.ok(value.dataSync()[0] > 0);
    disposeParameters(parameters);
  });

  it("is added to D in an update, logged, and leaves no tensor behind", async () => {
    const update = async (r1: number) => {
      const state = tinyState(3);
      const batch = tinyBatch(4, 1);
      const settings = { ...STEP_SETTINGS, r1 };
      const first = await trainStep(state, batch, settings);
      const held = tf.memory().numTensors;
      const second = await trainStep(state, batch, settings);
      assert.equal(tf.memory().numTensors, held);
      disposeBatch(batch);
      disposeState(state);
      return [first, second] as const;
    };
    const [without] = await update(0);
    const [penalized, next] = await update(1e4);
    assert.ok(!("r1" in without));
    const r1 = penalized.r1 ?? 0;
    assert.ok(r1 > 0);
    assertClose([penalized.D - r1], [without.D], { abs: 1e-5, rel: 1e-5 });
    assertClose([penalized.D1, penalized.D2], [without.D1, without.D2], { abs: 0, rel: 1e-6 });
    assert.ok((next.r1 ?? 0) < r1, "the update lowered it");
  });
});
