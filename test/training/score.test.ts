/** The score of a run's edits while it trains: an energy distance of two sets of images. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { GENERATOR, initialParameters, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { uploadParameters } from "../../src/nn/parameters.js";
import { blockFeatures, energyDistance, loadScoreFaces, scoreGenerator } from "../../src/training/score.js";
import { assertClose } from "../support/close.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { TINY } from "../support/model.js";

describe("training/score", () => {
  it("is the energy distance of two sets", () => {
    const [x, y] = [Float64Array.of(0, 2), Float64Array.of(1, 5)];
    // E|X-Y| = (1 + 5 + 1 + 3) / 4, E|X-X'| = (0 + 2 + 2 + 0) / 4, E|Y-Y'| = (0 + 4 + 4 + 0) / 4.
    assertClose([energyDistance(x, y, 1)], [2 * 2.5 - 1 - 2], { abs: 1e-12, rel: 0 });
    assert.equal(energyDistance(x, Float64Array.of(2, 0), 1), 0);
    // Rows of two numbers: (0, 0) and (3, 4).
    assertClose([energyDistance(Float64Array.of(0, 0), Float64Array.of(3, 4), 2)], [10], { abs: 1e-12, rel: 0 });
  });

  it("sees a block's mean and its noise", () => {
    const picture = new Float32Array(16 * 16 * 3).fill(0.25);
    const [mean, deviation] = blockFeatures(picture, 16);
    assertClose([mean, deviation], [0.25, 0], { abs: 1e-7, rel: 0 });
    // The first block's red becomes a checkerboard of 0.25 +- 0.5.
    for (const [x, y] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]) {
      picture[(y * 16 + x) * 3] += (x + y) % 2 === 0 ? 0.5 : -0.5;
    }
    const features = blockFeatures(picture, 16);
    assertClose(features.subarray(0, 8), [0.25, 0.5, 0.25, 0, 0.25, 0, 0.25, 0], { abs: 1e-6, rel: 0 });
  });

  it("gives a generator that does nothing the distance between the two sides, and noise more", () =>
    withFolder(async (folder) => {
      const device: Device = await openDevice("wasm", 1);
      try {
        const config = { ...TINY, attributes: ["Bangs", "Smiling"] };
        const faces = await loadScoreFaces(await writeFaces(join(folder, "data"), 20), elegantModel(config), 1);
        const specs = parameterSpecs(config, GENERATOR);
        const score = (factor: number) => {
          const tensors = initialParameters(config, GENERATOR, 1);
          const last = tensors.get("Dec.main.4.0.weight");
          const bias = tensors.get("Dec.main.4.0.bias");
          last?.data.set(last.data.map((weight) => weight * factor));
          bias?.data.fill(0);
          return scoreGenerator(uploadParameters(specs, tensors, "test"), elegantModel(config), faces);
        };
        const before = tf.memory().numTensors;
        const [idle, noisy] = [await score(0), await score(1000)];
        assert.equal(tf.memory().numTensors, before + 2 * specs.length, "nothing but the parameters stays");
        const length = 64 * 64 * 3;
        const expected = faces.pictures.map((pictures, i) => {
          const real = blockFeatures(
            Float32Array.from(pictures, (level) => level / 127.5 - 1),
            64,
          );
          const middle = (faces.counts[i] * real.length) / (pictures.length / length);
          return energyDistance(
            real.subarray(0, middle),
            real.subarray(middle),
            real.length / (pictures.length / length),
          );
        });
        assertClose(idle.attributes, expected, { abs: 0, rel: 1e-6 });
        assertClose([idle.score], [(expected[0] + expected[1]) / 2], { abs: 0, rel: 1e-6 });
        assert.ok(noisy.score > 2 * idle.score, `${noisy.score} beside ${idle.score}`);
      } finally {
        await device.close();
      }
    }));
});
