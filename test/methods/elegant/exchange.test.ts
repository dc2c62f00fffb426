/** The exchange of an attribute between two latents. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { attributeSlice } from "../../../src/methods/elegant/config.js";
import { exchangeSlice, generate } from "../../../src/methods/elegant/exchange.js";
import { disposeState } from "../../../src/methods/elegant/state.js";
import { disposeBatch, TINY, tinyBatch, tinyState } from "../../support/model.js";
import { useWasm } from "../../support/use-device.js";

const CHANNELS = 32; // Channels of the latent at width 4.

describe("model/exchange", () => {
  useWasm(1);

  it("takes the attribute's slice from the other latent and nothing else", () => {
    const shape: [number, number, number, number] = [2, 2, 2, CHANNELS];
    const a = tf.zeros<tf.Rank.R4>(shape);
    const b = tf.ones<tf.Rank.R4>(shape);
    for (const attribute of [0, 1, 2]) {
      const [begin, end] = attributeSlice(CHANNELS, 3, attribute);
      const values = exchangeSlice(a, b, TINY, attribute).dataSync();
      for (const [i, value] of values.entries()) {
        const channel = i % CHANNELS;
        assert.equal(value, channel >= begin && channel < end ? 1 : 0, `attribute ${attribute}, channel ${channel}`);
      }
    }
  });

  it("gives C the slice of B and D the slice of A, and keeps all pictures in [-1, 1]", () => {
    const state = tinyState(2);
    const batch = tinyBatch(2, 1);
    tf.tidy(() => {
      const pictures = tf.concat([batch.A, batch.B], 0) as tf.Tensor4D;
      const { latents, residuals, reconstructed, exchanged } = generate(
        state.generator.parameters,
        TINY,
        pictures,
        batch.groups,
      );
      assert.deepEqual(latents.shape, [8, 2, 2, CHANNELS]);
      assert.deepEqual(
        [residuals.shape, reconstructed.shape],
        [
          [8, 64, 64, 3],
          [4, 64, 64, 3],
        ],
      );
      const [zA, zB, zC, zD] = tf.split(latents, 4, 0).map((z) => z.dataSync());
      const [begin, end] = attributeSlice(CHANNELS, 3, 1);
      for (let i = 0; i < zA.length; i++) {
        const owned = i % CHANNELS >= begin && i % CHANNELS < end;
        assert.deepEqual([zC[i], zD[i]], owned ? [zB[i], zA[i]] : [zA[i], zB[i]], `value ${i}`);
      }
      for (const images of [reconstructed, exchanged]) {
        assert.ok(images.dataSync().every((value) => value >= -1 && value <= 1));
      }
    });
    disposeBatch(batch);
    disposeState(state);
  });
});
