/** The classifier that judges edits is right about images that it has not seen, with the same numbers on any number of threads. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { disposeParameters, type Parameters } from "../../src/nn/parameters.js";
import { trainClassifier } from "../../src/scoring/classifier-training.js";
import { decide } from "../../src/scoring/judge.js";
import { barred } from "../support/judge-pictures.js";

async function valuesOf(parameters: Parameters): Promise<number[]> {
  const values: number[] = [];
  for (const variable of parameters.values()) values.push(...(await variable.data()));
  return values;
}

describe("the classifier of a score", () => {
  it("is right about pictures that it has not seen, with the same numbers on any number of threads, and leaves no tensor behind", async () => {
    const learned: number[][] = [];
    for (const threads of [1, 2]) {
      const device = await openDevice("wasm", threads);
      const held = tf.memory().numTensors;
      const parameters = await trainClassifier(barred(1, 320), 3, () => {});
      const fresh = barred(2, 100);
      const floats = Float32Array.from(fresh.levels, (level) => level / 127.5 - 1);
      const right = (await decide(parameters, floats)).filter((answer, i) => answer === fresh.labels[i]).length;
      assert.ok(right >= 196, `${right} of 200 decisions`);
      learned.push(await valuesOf(parameters));
      disposeParameters(parameters);
      assert.equal(tf.memory().numTensors, held);
      await device.close();
    }
    assert.deepEqual(learned[1], learned[0]);
  });
});
