/** The mean absolute error and its gradient against the reference implementation and the stock operations. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { absolute, meanAbsoluteError } from "../../src/device/ops/mean-absolute-error.js";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import {
  meanAbsoluteErrorGradient,
  meanAbsoluteError as reference,
} from "../../src/kernels/reference/mean-absolute-error.js";
import { assertClose } from "../support/close.js";
import { assertLikeReference, DY, label, makeCase, runOnDevice } from "../support/mean-absolute-error-cases.js";
import { closeBackends, openBackends, runOnAll } from "../support/team.js";
import { onDevice } from "../support/webgpu.js";

/** Around the four values of a vector, and the values of a block. */
const COUNTS = [...Array.from({ length: 37 }, (_, i) => i + 1), 63, 64, 65, 100];

const BLOCK_VALUES = 16;

describe("kernels/mean-absolute-error", () => {
  let backends: readonly SharedMemoryBackend[];

  before(async () => {
    backends = await openBackends();
  });

  after(() => closeBackends(backends));

  for (const count of COUNTS) {
    const { a, b } = makeCase(count);
    const blocks = Math.ceil(count / BLOCK_VALUES);

    it(`adds up the differences of ${count} values`, () => {
      const partial = runOnAll(backends, [a, b], 2 * blocks, ({ team }, [pa, pb], out) => {
        team.run("absoluteDifferences", [pa, pb, out, count, BLOCK_VALUES], blocks);
      });
      const sum = new Float64Array(partial.slice().buffer).reduce((total, value) => total + value, 0);
      // Each difference, up to 2, is rounded to float32.
      assertClose([sum / count], [reference(a, b)], { abs: 6e-8, rel: 0 }, label("mean", count));
    });

    it(`gives ${count} values their slopes, and none to values that are equal`, () => {
      // The kernel writes whole vectors. The room after the values is undefined.
      const whole = Math.ceil(count / 4) * 4;
      const da = runOnAll(backends, [a, b, Float32Array.of(DY)], whole, ({ team }, [pa, pb, dy], out) => {
        team.run("meanAbsoluteErrorGradient", [pa, pb, dy, out, count, BLOCK_VALUES], blocks);
      }).subarray(0, count);
      // dy is rounded to float32, and the quotient once more.
      assertClose(da, meanAbsoluteErrorGradient(a, b, DY), { abs: 0, rel: 1.2e-7 }, label("da", count));
    });
  }

  it("keeps values that are not numbers, in the mean and in the slopes", () => {
    const [a, b] = [Float32Array.of(1, Number.NaN, 3, 4, 5), Float32Array.of(0, 0, Number.NaN, 4, 6)];
    const da = runOnAll(backends, [a, b, Float32Array.of(5)], 8, ({ team }, [pa, pb, dy], out) => {
      team.run("meanAbsoluteErrorGradient", [pa, pb, dy, out, 5, BLOCK_VALUES], 1);
    });
    assert.deepEqual([...da.subarray(0, 5)], [1, Number.NaN, Number.NaN, 0, -1]);
  });
});

describe("the mean absolute error", () => {
  /** One value, a vector and a half, and more than two blocks of the device. */
  const cases = [1, 6, 33_001].map(makeCase);

  for (const device of ["wasm", "cpu"] as const) {
    it(`has the reference implementation's value and gradients on ${device}`, () =>
      onDevice(device, () => assertLikeReference(cases)));
  }

  it("has the same bits on wasm as the stock operations, so that old trainings continue to the same bytes", async () => {
    await onDevice("wasm", async () => {
      for (const c of cases) {
        const composed = await runOnDevice(c, (a, b) => tf.mean(absolute(tf.sub(a, b))));
        const ours = await runOnDevice(c);
        // -0 and 0 are the same number.
        assert.deepEqual(
          ours.map((values) => values.map((value) => value + 0)),
          composed.map((values) => values.map((value) => value + 0)),
        );
      }
    });
  });

  it("refuses shapes that differ", async () => {
    await onDevice("wasm", async () => {
      assert.throws(() => meanAbsoluteError(tf.zeros([2, 3]), tf.zeros([3])), /meanAbsoluteError/);
    });
  });
});
