/** Products of matrices on the `wasm` device, compared with products in float64. */
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { Random } from "../../src/random.js";
import { assertClose } from "./close.js";
import { randomFloats } from "./team.js";

export const SEED = 1407;

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

/** Opens the device, and a memory that does not happen to hold zeros, around the tests of a suite. */
export function useDirtyMemory(): void {
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
}

/** Defines a test for each [rows, inner, columns]. */
export function testProducts(sizes: readonly (readonly [number, number, number])[]): void {
  for (const [rows, inner, columns] of sizes) {
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
}
