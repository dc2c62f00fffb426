/** The pieces of DNA-GAN's codes: which channels they are, and what edits do with them. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "../../../src/errors.js";
import { configSchema, type DnaganConfig, pieceOf } from "../../../src/methods/dnagan/config.js";
import { annihilate, exchangePiece } from "../../../src/methods/dnagan/exchange.js";
import { parseFields } from "../../../src/methods/parse.js";
import { useWasm } from "../../support/use-device.js";

function configOf(count: number, more: object = {}): DnaganConfig {
  const attributes = Array.from({ length: count }, (_, i) => `attribute ${i}`);
  return parseFields(configSchema, { method: "dnagan", size: 64, width: 128, attributes, ...more }, "test");
}

describe("the pieces of DNA-GAN's code", () => {
  useWasm(1);

  it("are a quarter of the channels for up to three attributes, as published", () => {
    for (const count of [1, 2, 3]) {
      const config = configOf(count);
      const expected = [
        [0, 128],
        [128, 256],
        [256, 384],
      ];
      assert.deepEqual(
        config.attributes.map((_, i) => pieceOf(config, i)),
        expected.slice(0, count),
      );
    }
  });

  it("leave a rest of the same size or larger if there are more attributes", () => {
    const config = configOf(5);
    assert.deepEqual(
      config.attributes.map((_, i) => pieceOf(config, i)),
      [
        [0, 85],
        [85, 170],
        [170, 255],
        [255, 340],
        [340, 425],
      ],
    );
    const four = configOf(4, { width: 4 });
    assert.deepEqual(pieceOf(four, 3), [9, 12]); // of 16 channels
  });

  it("keep the ratio that a file has", () => {
    assert.deepEqual(pieceOf(configOf(2, { ratio: 0.125 }), 1), [64, 128]);
  });

  it("are refused if they leave no rest, or have no channels", () => {
    for (const config of [
      { ratio: 0.25, count: 4, width: 128 },
      { ratio: 0.01, count: 2, width: 4 },
    ]) {
      assert.throws(
        () => configOf(config.count, config),
        (error) => error instanceof InputError && /test: config.*ratio: .*no channels/.test(error.message),
      );
    }
  });

  it("are set to zero or exchanged while all other channels stay", () => {
    const config = configOf(2, { width: 4 });
    const [code, exemplar] = [1, 2].map((value) => tf.fill([1, 1, 1, 16], value) as tf.Tensor4D);
    const expected = (value: number): number[] => [1, 1, 1, 1, ...Array<number>(4).fill(value), ...Array(8).fill(1)];
    assert.deepEqual([...annihilate(code, config, 1).dataSync()], expected(0));
    assert.deepEqual([...exchangePiece(code, exemplar, config, 1).dataSync()], expected(2));
  });
});
