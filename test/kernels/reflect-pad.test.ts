/** Reflection padding and its gradient against the reference implementation, and that against differences. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { reflectPad } from "../../src/device/ops/reflect-pad.js";
import { reflectPadGradient, reflectPad as twin } from "../../src/kernels/reference/reflect-pad.js";
import { assertClose } from "../support/close.js";
import { assertLikeTwin, makeCases, runOnDevice } from "../support/reflect-pad-cases.js";
import { THREADS } from "../support/team.js";

describe("kernels/reflect-pad against the reference implementation", () => {
  const cases = makeCases();

  it("agrees in value and gradient for 1 to 64 channels, with the same bits from 1, 2 and 3 threads", async () => {
    let first: readonly Float32Array[][] | null = null;
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      const results: Float32Array[][] = [];
      for (const c of cases) results.push(await runOnDevice(c));
      await device.close();
      first ??= results;
      for (const [i, c] of cases.entries()) {
        assertLikeTwin(c, results[i]);
        assert.deepEqual(results[i], first[i], `${threads} threads give other bits than 1 for ${c.label}`);
      }
    }
  });

  it("agrees on cpu, where stock operations compute it", async () => {
    const device = await openDevice("cpu", 1);
    for (const c of cases) assertLikeTwin(c, await runOnDevice(c));
    await device.close();
  });

  it("mirrors at the edge without repeating it, and gives a pixel the gradients of its reflections", async () => {
    const device = await openDevice("wasm", 1);
    const x = tf.tensor4d([1, 4, 2, 5, 3, 6], [1, 3, 2, 1]);
    const { value, grad } = tf.valueAndGrad((input) => reflectPad(input as tf.Tensor4D, 1))(
      x,
      tf.ones<tf.Rank.R4>([1, 5, 4, 1]),
    );
    const rows = [2, 1, 2, 3, 2].map((left) => [left + 3, left, left + 3, left]);
    assert.deepEqual([...value.dataSync()], rows.flat());
    // Each column is shown twice, and the row in the middle three times.
    assert.deepEqual([...grad.dataSync()], [2, 2, 6, 6, 2, 2]);
    tf.dispose([x, value, grad]);
    await device.close();
  });

  it("refuses more padding than there are reflections", async () => {
    const device = await openDevice("wasm", 1);
    const x = tf.zeros<tf.Rank.R4>([1, 3, 4, 1]);
    assert.throws(() => reflectPad(x, 3), /3 x 4 has no reflection of 3/);
    x.dispose();
    await device.close();
  });

  it("has in the reference implementation the gradient that differences show", () => {
    for (const c of cases.filter(({ x }) => x.length < 400)) {
      const loss = (x: ArrayLike<number>): number =>
        twin(c, x).reduce((sum, value, i) => sum + value ** 2 * c.dy[i], 0);
      const x = Float64Array.from(c.x);
      const dx = reflectPadGradient(
        c,
        twin(c, x).map((value, i) => 2 * value * c.dy[i]),
      );
      const step = 1e-4;
      const moved = (i: number, by: number) => x.map((value, j) => (j === i ? value + by : value));
      const numeric = Array.from(x, (_, i) => (loss(moved(i, step)) - loss(moved(i, -step))) / (2 * step));
      // The loss is quadratic, so only rounding is left: 1e-16 of a sum of up to 1e3, over the step.
      assertClose(dx, numeric, { abs: 1e-9, rel: 0 }, (i) => `value ${i} of ${c.label}`);
    }
  });
});
