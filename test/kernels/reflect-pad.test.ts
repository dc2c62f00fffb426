/** Reflection padding and its gradient against the reference implementation, and that against differences. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { reflectPad } from "../../src/device/ops/reflect-pad.js";
import {
  innerSize,
  paddedSize,
  type ReflectPadShape,
  reflectPadGradient,
  reflectPad as twin,
} from "../../src/kernels/reference/reflect-pad.js";
import { Random } from "../../src/random.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { randomFloats, THREADS } from "../support/team.js";
import { hasWebgpu } from "../support/webgpu.js";

const SEED = 20268;

interface Case extends ReflectPadShape {
  readonly label: string;
  readonly x: Float32Array;
  readonly dy: Float32Array;
}

/** Channels around the lane width, and paddings up to the largest that a picture has reflections for. */
function makeCases(): readonly Case[] {
  const random = Random.fromSeed(SEED, "reflect-pad");
  const channelCounts = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33, 64];
  return channelCounts.flatMap((channels) =>
    [1, 2, 3].map((pad) => {
      const pictures = 1 + random.below(3);
      // One case has more rows than a block.
      const large = channels === 64 && pad === 3;
      const [height, width] = large ? [41, 37] : [pad + 1 + random.below(5), pad + 1 + random.below(5)];
      const shape = { pictures, height, width, channels, pad };
      const label = `${pictures} x ${height} x ${width} x ${channels}, padding ${pad} (seed ${SEED})`;
      const [x, dy] = [innerSize(shape), paddedSize(shape)].map((size) => randomFloats(random, size));
      return { ...shape, label, x, dy };
    }),
  );
}

/** y and dx on the current device. */
async function runOnDevice({ pictures, height, width, channels, pad, x, dy }: Case): Promise<Float32Array[]> {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((input) => reflectPad(input as tf.Tensor4D, pad))(
      tf.tensor4d(x, [pictures, height, width, channels]),
      tf.tensor4d(dy, [pictures, height + 2 * pad, width + 2 * pad, channels]),
    ),
  );
  const values = await Promise.all([value, grad].map((tensor) => tensor.data()));
  tf.dispose([value, grad]);
  return values.map((each) => each.slice() as Float32Array);
}

function assertLikeTwin(c: Case, [y, dx]: readonly Float32Array[]): void {
  const { pictures, height, width, channels, pad } = c;
  const padded = shapeIndex([pictures, height + 2 * pad, width + 2 * pad, channels]);
  assertClose(y, twin(c, c.x), { abs: 0, rel: 0 }, (i) => `y ${padded(i)} of ${c.label}`);
  // Up to nine values of up to 1, added in float32.
  const inner = shapeIndex([pictures, height, width, channels]);
  assertClose(dx, reflectPadGradient(c, c.dy), { abs: 2e-6, rel: 0 }, (i) => `dx ${inner(i)} of ${c.label}`);
}

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

  it("agrees on webgpu", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const device = await openDevice("webgpu", 1);
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
