/** UNIT's networks, their noise, and their parameters. */

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "../../../src/errors.js";
import { moments } from "../../../src/golden/compare.js";
import { countValues } from "../../../src/methods/common.js";
import { parseFields } from "../../../src/methods/parse.js";
import { configSchema } from "../../../src/methods/unit/config.js";
import { judge, translate } from "../../../src/methods/unit/networks.js";
import { noiseShapes, noisesFor, randomAt } from "../../../src/methods/unit/noise.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "../../../src/methods/unit/parameters.js";
import { UNIT_RECIPES } from "../../../src/methods/unit/recipe.js";
import { uploadParameters } from "../../../src/nn/parameters.js";
import { useWasm } from "../../support/use-device.js";

const parse = (more: object) =>
  parseFields(configSchema, { method: "unit", size: 64, attributes: ["Smiling"], ...more }, "test");
const CONFIG = parse({ width: 4 });

describe("UNIT's configuration", () => {
  it("has exactly one attribute", () => {
    for (const attributes of [[], ["Bangs", "Smiling"]]) {
      assert.throws(
        () => parse({ width: 4, attributes }),
        (error) => error instanceof InputError && /attributes/.test(error.message),
      );
    }
  });
});

describe("UNIT's parameters", () => {
  it("are as many as in the published networks", () => {
    assert.equal(countValues(generatorSpecs(parse({ width: UNIT_RECIPES.width }))), 18_017_286);
    assert.equal(countValues(discriminatorSpecs(parse({ width: UNIT_RECIPES.width }))), 25_240_065);
  });

  it("begin with weights of deviation 0.02 and uniform biases", () => {
    const specs = generatorSpecs(CONFIG);
    const initial = initialParameters(specs, 3);
    const of = (name: string) => moments(initial.get(name)?.data ?? []);
    const weights = of("gen.encode_A.3.model.0.weight"); // 2,304 values
    assert.ok(Math.abs(weights.mean) < 0.002 && Math.abs(weights.rms - 0.02) < 0.002, JSON.stringify(weights));
    const bound = 1 / Math.sqrt(16 * 9);
    const biases = of("gen.encode_A.3.model.0.bias");
    assert.ok(biases.max <= bound && biases.min >= -bound && biases.rms > bound / 4, JSON.stringify(biases));
  });
});

describe("UNIT's noise", () => {
  useWasm(1);

  const draw = (seed: number, step: number): Float32Array[] =>
    Object.values(noisesFor(randomAt(seed, step), noiseShapes(CONFIG, 2))).map(
      (noise) => noise.dataSync() as Float32Array,
    );

  it("depends on nothing but the seed and the step", () => {
    const first = draw(5, 1000);
    draw(5, 1001);
    assert.deepEqual(draw(5, 1000), first);
    for (const other of [draw(5, 1001), draw(6, 1000)]) {
      for (const [i, noise] of other.entries()) assert.notDeepEqual(noise, first[i]);
    }
  });

  it("is standard normal and has a value for each value of the codes", () => {
    const noises = noisesFor(randomAt(1, 0), noiseShapes(CONFIG, 2));
    assert.deepEqual(
      Object.entries(noises).map(([name, { shape }]) => [name, shape]),
      [
        ["discriminator", [4, 16, 16, 16]],
        ["generator", [4, 16, 16, 16]],
        ["bab", [2, 16, 16, 16]],
        ["aba", [2, 16, 16, 16]],
      ],
    );
    for (const noise of Object.values(noises)) {
      const { mean, rms } = moments(noise.dataSync());
      // 8,192 values or more: deviations of 0.011 and 0.008.
      assert.ok(Math.abs(mean) < 0.05 && Math.abs(rms - 1) < 0.04, `mean ${mean}, rms ${rms}`);
    }
  });
});

describe("UNIT's translation", () => {
  useWasm(2);

  const setUp = () => {
    const specs = generatorSpecs(CONFIG);
    return {
      parameters: uploadParameters(specs, initialParameters(specs, 1), "test"),
      images: tf.randomUniform<tf.Rank.R4>([2, 64, 64, 3], -1, 1, "float32", 7),
    };
  };

  it("gives the same images each time if there is no noise, those of noise that is 0", () => {
    const { parameters, images } = setUp();
    const shape = noiseShapes(CONFIG, 2).bab;
    const edit = (noise: tf.Tensor4D | null) => translate(parameters, "B", images, noise).images.dataSync();
    const quiet = edit(null);
    assert.deepEqual(edit(null), quiet);
    assert.deepEqual(edit(tf.zeros(shape)), quiet);
    assert.notDeepEqual(edit(noisesFor(randomAt(1, 0), noiseShapes(CONFIG, 2)).bab), quiet);
  });

  it("gives images of the same size, and a code of a quarter of the side", () => {
    const { parameters, images } = setUp();
    for (const from of ["A", "B"] as const) {
      const translated = translate(parameters, from, images, null);
      assert.deepEqual(translated.images.shape, [2, 64, 64, 3]);
      assert.deepEqual(translated.code.shape, [2, 16, 16, 16]);
    }
  });

  it("uses other layers in each direction", () => {
    const { parameters, images } = setUp();
    const [a2b, b2a] = (["A", "B"] as const).map((from) => translate(parameters, from, images, null));
    assert.notDeepEqual(a2b.images.dataSync(), b2a.images.dataSync());
  });
});

describe("UNIT's discriminators", () => {
  useWasm(2);

  it("give one logit per 64 x 64 pixels", () => {
    const specs = discriminatorSpecs(CONFIG);
    const parameters = uploadParameters(specs, initialParameters(specs, 1), "test");
    for (const [side, logits] of [
      [64, 1],
      [128, 2],
    ]) {
      const [A, B] = [7, 8].map((seed) => tf.randomUniform<tf.Rank.R4>([3, side, side, 3], -1, 1, "float32", seed));
      for (const judged of judge(parameters, A, B)) assert.deepEqual(judged.shape, [3, logits, logits, 1]);
    }
  });
});
