/** Products of matrices on the `wasm` device, compared with products in float64. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import type { SharedMemoryBackend } from "../../../src/device/wasm/backend.js";
import { Random } from "../../../src/random.js";
import { assertClose } from "../../support/close.js";
import { randomFloats } from "../../support/team.js";

const SEED = 1407;

/** a [rows, inner] by b [inner, columns] in float64, and the sums of the products' sizes. */
function product(a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): Float64Array {
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k];
      for (let j = 0; j < columns; j++) y[i * columns + j] += factor * b[k * columns + j];
    }
  }
  return y;
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}

describe("device/wasm/matmul-kernel", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 2);
    // Memory that is handed out later does not happen to hold zeros.
    const { heap } = (tf.backend() as SharedMemoryBackend).team;
    const block = heap.allocate(64 * 2 ** 20);
    heap.floats(block, 16 * 2 ** 20).fill(7);
    heap.release(block);
  });
  after(() => device.close());

  // [rows, inner, columns]: around the tile's 16 columns, the 256 values of a run, and 14,336 values.
  const SIZES = [
    ...[1, 2, 5].flatMap((rows) => [1, 15, 16, 17, 255, 256, 257].map((inner) => [rows, inner, 256] as const)),
    ...[255, 256, 257, 512].map((columns) => [3, 300, columns] as const),
    ...[14_080, 14_335, 14_336, 14_337, 14_592, 20_000, 32_768].map((inner) => [2, inner, 256] as const),
    ...[255, 257, 512, 768].map((columns) => [3, 14_593, columns] as const),
    [256, 14_592, 2] as const,
    [512, 256, 300] as const,
  ];
  for (const [rows, inner, columns] of SIZES) {
    it(`multiplies [${rows}, ${inner}] by [${inner}, ${columns}], also when either is transposed`, () => {
      const random = Random.fromSeed(SEED, `${rows} ${inner} ${columns}`);
      const [a, b] = [randomFloats(random, rows * inner), randomFloats(random, inner * columns)];
      const expected = product(a, b, rows, inner, columns);
      const tolerance = { abs: 5e-7 * Math.sqrt(inner) * (inner % 256 === 0 ? 1 : 16), rel: 1e-6 };
      tf.tidy(() => {
        const [plainA, plainB] = [tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns])];
        const turnedA = tf.tensor2d(transpose(a, rows, inner), [inner, rows]);
        const turnedB = tf.tensor2d(transpose(b, inner, columns), [columns, inner]);
        const results = {
          "a b": tf.matMul(plainA, plainB),
          "a b^T": tf.matMul(plainA, turnedB, false, true),
          "a^T b": tf.matMul(turnedA, plainB, true, false),
        };
        for (const [name, y] of Object.entries(results)) {
          assertClose(y.dataSync(), expected, tolerance, (i) => `${name} [${i}] (seed ${SEED})`);
        }
      });
    });
  }

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
