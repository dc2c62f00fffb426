/** Bias, LeakyReLU and sums against their reference implementations, for sizes around the lane width. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { biasLeaky, leakyScale } from "../../src/kernels/reference/bias-leaky.js";
import { columnSums, rowSums } from "../../src/kernels/reference/reduce.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnAll } from "../support/team.js";

const SEED = 20266;
/** Around the four values of a vector, and the sixteen columns that a sum keeps in registers. */
const CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70];
const BLOCK_ROWS = 5;
const BLOCK_VALUES = 16;

describe("kernels/bias-leaky and kernels/reduce", () => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends();
  });
  after(() => closeBackends(backends));

  for (const channels of CHANNELS) {
    const pixels = 1 + (channels % 3) * BLOCK_ROWS + (channels % 4);
    const blocks = Math.ceil(pixels / BLOCK_ROWS);
    const random = Random.fromSeed(SEED, `bias-leaky/${channels}`);
    const x = randomFloats(random, pixels * channels);
    const label = (name: string) => (i: number) =>
      `${name} [${i}] of ${pixels} pixels, ${channels} channels (seed ${SEED})`;

    it(`adds the bias and bends what is below zero, for ${pixels} pixels of ${channels} channels`, () => {
      const bias = randomFloats(random, channels);
      x[0] = -bias[0]; // exactly zero
      const y = runOnAll(backends, [x, bias], x.length, ({ team }, [px, pb], out) => {
        team.run("biasLeaky", [px, pb, out, pixels, channels, 0.2, BLOCK_ROWS], blocks);
      });
      // One rounding of the sum, which is up to 2, and one of the product.
      assertClose(y, biasLeaky(x, bias, 0.2), { abs: 1.2e-7, rel: 6e-8 }, label("y"));
      assert.equal(y[0], 0);
    });

    it(`sums the columns and rows of ${pixels} x ${channels} values`, () => {
      // A float64 sum converted to float32: one rounding.
      const columns = runOnAll(backends, [x], 2 * blocks * channels, ({ team }, [px], out) => {
        team.run("columnSums", [px, out, pixels, channels, BLOCK_ROWS], blocks);
      });
      const partial = new Float64Array(columns.slice().buffer);
      assertClose(columnSums(partial, channels), columnSums(x, channels), { abs: 1e-14, rel: 0 }, label("column"));
      const rows = runOnAll(backends, [x], pixels, ({ team }, [px], out) => {
        team.run("rowSums", [px, out, pixels, channels, 3, BLOCK_ROWS], blocks);
      });
      const thirds = rowSums(x, channels).map((sum) => sum / 3);
      assertClose(rows, thirds, { abs: 1e-14, rel: 6e-8 }, label("row"));
    });
  }

  for (const count of [1, 3, 4, 5, 15, 16, 17, 31, 33, 100]) {
    it(`scales the gradient of ${count} values where the result is not above zero`, () => {
      const random = Random.fromSeed(SEED, `leaky-scale/${count}`);
      const [dy, y] = [randomFloats(random, count), randomFloats(random, count)];
      y[0] = 0;
      // The kernel writes whole vectors. The room after the values is undefined.
      const whole = Math.ceil(count / 4) * 4;
      const dx = runOnAll(backends, [dy, y], whole, ({ team }, [pd, py], out) => {
        team.run("leakyScale", [pd, py, out, 0.2, count, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
      }).subarray(0, count);
      assertClose(dx, leakyScale(dy, y, 0.2), { abs: 0, rel: 1.2e-7 }, (i) => `dx [${i}] of ${count} (seed ${SEED})`);
    });
  }
});
