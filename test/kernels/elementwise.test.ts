/** Elementwise kernels against their reference implementations, for sizes around the lane width. */
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { binaryRows, type Form, sigmoid, unary } from "../../src/kernels/reference/elementwise.js";
import { Random } from "../../src/random.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnAll } from "../support/team.js";

const SEED = 20268;
/** Around the four values of a vector. */
const COLUMNS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 33];
const ROWS = 23;
const BLOCK_ROWS = 4;
const FORMS: readonly (readonly [Form, Form])[] = [
  [0, 1],
  [1, 0],
  [0, 2],
  [2, 0],
];
const COUNTS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100];
const BLOCK_VALUES = 16;

describe("kernels/elementwise", () => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends();
  });
  after(() => closeBackends(backends));

  for (const columns of COLUMNS) {
    it(`combine a matrix of ${ROWS} x ${columns} values with one of its rows or columns`, () => {
      const random = Random.fromSeed(SEED, `rows/${columns}`);
      for (const forms of FORMS) {
        const [a, b] = forms.map((form) => randomFloats(random, [ROWS * columns, columns, ROWS][form]));
        // Quotients stay below 10.
        const divisor = b.map((value) => (value < 0 ? value - 0.1 : value + 0.1));
        for (let operation = 0; operation < 5; operation++) {
          const values = [operation, ...forms, ROWS, columns, BLOCK_ROWS];
          const y = runOnAll(backends, [a, divisor], ROWS * columns, ({ team }, [pa, pb], out) => {
            team.run("binaryRows", [values[0], pa, pb, out, ...values.slice(1)], Math.ceil(ROWS / BLOCK_ROWS));
          });
          // At most two roundings, of results below 10.
          const expected = binaryRows(operation, a, divisor, forms, ROWS, columns);
          const where = shapeIndex([ROWS, columns]);
          assertClose(y, expected, { abs: 1e-7, rel: 2.4e-7 }, (i) => {
            return `${where(i)} of operation ${operation}, forms ${forms} (seed ${SEED})`;
          });
        }
      }
    });
  }

  for (const count of COUNTS) {
    // The kernels write whole vectors. The room after the values is undefined.
    const whole = Math.ceil(count / 4) * 4;
    const blocks = Math.ceil(count / BLOCK_VALUES);
    const label = (name: string) => (i: number) => `${name} [${i}] of ${count} (seed ${SEED})`;

    it(`take absolute values, negate, step and limit ${count} values`, () => {
      const x = randomFloats(Random.fromSeed(SEED, `unary/${count}`), count);
      x[0] = 0;
      for (const [operation, alpha] of [
        [0, 0],
        [1, 0],
        [2, -0.5],
        [3, 0.25],
      ]) {
        const y = runOnAll(backends, [x], whole, ({ team }, [px], out) => {
          team.run("unary", [operation, px, out, alpha, count, BLOCK_VALUES], blocks);
        });
        const expected = unary(operation, x, alpha);
        assertClose(y.subarray(0, count), expected, { abs: 0, rel: 0 }, label(`operation ${operation}`));
      }
    });

    it(`give the sigmoid of ${count} values`, () => {
      const random = Random.fromSeed(SEED, `sigmoid/${count}`);
      const x = Float32Array.from({ length: count }, () => random.between(-3, 3) * 10 ** random.between(-3, 1.4));
      const y = runOnAll(backends, [x], whole, ({ team }, [px], out) => {
        team.run("sigmoid", [px, out, count, BLOCK_VALUES], blocks);
      });
      // The exponential's error grows with its argument, up to 75.
      assertClose(y.subarray(0, count), sigmoid(x), { abs: 1.2e-7, rel: 1e-5 }, label("sigmoid"));
    });
  }
});
