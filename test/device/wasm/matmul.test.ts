/** Products of matrices on the `wasm` device, compared with products in float64. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "../../../src/device/wasm/backend.js";
import { Random } from "../../../src/random.js";
import { SEED, testProducts, useDirtyMemory } from "../../support/matmul.js";
import { randomFloats } from "../../support/team.js";

describe("device/wasm/matmul-kernel", () => {
  useDirtyMemory();

  // [rows, inner, columns]: around the tile's 16 columns, the 256 values of a run, and 14,336 values.
  testProducts([
    ...[1, 2, 5].flatMap((rows) => [1, 15, 16, 17, 255, 256, 257].map((inner) => [rows, inner, 256] as const)),
    ...[255, 256, 257, 512].map((columns) => [3, 300, columns] as const),
    ...[14_335, 14_336, 14_337].map((inner) => [2, inner, 256] as const),
    [512, 256, 300],
  ]);

  it("multiplies by a transposed matrix as many numbers as the product has, whatever its rows", () => {
    // Cut into runs of 256, 16,384 rows made 64 times the work: 4 G multiplications for 67 million.
    const [rows, inner, columns] = [32, 128, 16_384];
    const time = (count: number): number => {
      const [a, b] = [tf.ones([rows, inner]), tf.ones([count, inner])];
      const rounds = Array.from({ length: 5 }, () => {
        const began = performance.now();
        tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, false, true).dispose();
        return performance.now() - began;
      });
      tf.dispose([a, b]);
      return Math.min(...rounds);
    };
    const [multiple, other] = [time(columns), time(columns + 4)];
    assert.ok(multiple < 8 * other, `${multiple} ms for ${columns} rows, ${other} ms for ${columns + 4}`);
  });

  it("keeps the packed forms of a frozen filter apart from those of the matrix that it is reshaped to", () => {
    const random = Random.fromSeed(SEED, "frozen");
    const values = randomFloats(random, 2 * 2 * 8 * 16);
    const backend = tf.backend() as SharedMemoryBackend;
    tf.tidy(() => {
      const dy = tf.tensor4d(randomFloats(random, 9 * 16), [1, 3, 3, 16]);
      const x = tf.tensor2d(randomFloats(random, 3 * 16), [3, 16]);
      const run = (isFrozen: boolean) => {
        const filter = tf.tensor4d(values, [2, 2, 8, 16]);
        if (isFrozen) backend.freeze(filter);
        const matrix = tf.reshape(filter, [32, 16]) as tf.Tensor2D;
        return [
          tf.conv2dTranspose(dy, filter, [1, 4, 4, 8], 1, "valid"),
          tf.matMul(x, matrix, false, true),
          tf.conv2dTranspose(dy, filter, [1, 4, 4, 8], 1, "valid"),
        ].map((y) => y.dataSync());
      };
      assert.deepEqual(run(true), run(false));
    });
  });
});
