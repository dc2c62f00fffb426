/** RMSProp against TensorFlow 1's formula in float64, and composed from stock operations of TensorFlow.js. */
import assert from "node:assert/strict";
import { openDevice } from "../../src/device/open.js";
import { compare, draw, runOnDevice, SIZES } from "../support/rmsprop-cases.js";
import { THREADS } from "../support/team.js";

describe("kernels/rmsprop against TensorFlow 1's formula", () => {
  it("agrees over several steps, with the same bits from 1, 2 and 3 threads", async () => {
    const drawn = SIZES.map(draw);
    const results: Float32Array[][][] = [];
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      const ofAll: Float32Array[][] = [];
      for (const each of drawn) ofAll.push(await runOnDevice(each));
      results.push(ofAll);
      await device.close();
    }
    for (const [i, item] of drawn.entries()) {
      compare(results[0][i], item, "wasm");
      for (const [k, other] of results.entries()) {
        assert.deepEqual(other[i], results[0][i], `${THREADS[k]} threads give other bits than 1`);
      }
    }
  });

  it("agrees where it is composed from stock operations", async () => {
    const device = await openDevice("cpu", 1);
    for (const [k, size] of SIZES.entries()) compare(await runOnDevice(draw(size, k)), draw(size, k), "cpu");
    await device.close();
  });
});
