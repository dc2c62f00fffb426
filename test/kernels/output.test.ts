/** The decoder's output kernels and their gradients against the reference implementations. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import {
  clippedSum,
  clippedSumGradient,
  residualGradient,
  residualOutput,
} from "../../src/kernels/reference/output.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnAll } from "../support/team.js";

const SEED = 20264;
/** Around four pixels, which one iteration handles, and around the blocks below. */
const PIXELS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100];
const BLOCK_PIXELS = 16;

describe("kernels/output", () => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends();
  });
  after(() => closeBackends(backends));

  for (const pixels of PIXELS) {
    const label = (name: string) => (i: number) => `${name} [${i}] of ${pixels} pixels (seed ${SEED})`;
    const blocks = Math.ceil(pixels / BLOCK_PIXELS);

    it(`gives 2 tanh(x + bias) and its gradient for ${pixels} pixels`, () => {
      const random = Random.fromSeed(SEED, `residual/${pixels}`);
      // From 1e-6, where digits are lost first, to 30, where tanh is 1.
      const x = Float32Array.from({ length: 3 * pixels }, () => random.between(-3, 3) * 10 ** random.between(-6, 1));
      const bias = randomFloats(random, 3).map((value) => value * 1e-3);
      const actual = runOnAll(backends, [x, bias], x.length, ({ team }, [px, pb], out) => {
        team.run("residualOutput", [px, pb, out, pixels, BLOCK_PIXELS], blocks);
      });
      assertClose(actual, residualOutput(x, bias), { abs: 1e-10, rel: 4e-7 }, label("residual"));

      const dy = randomFloats(random, 3 * pixels);
      const expected = residualGradient(actual, dy);
      // dx, then the partial sums of each block.
      const both = runOnAll(backends, [actual, dy], dy.length + 3 * blocks, ({ team }, [pr, pd], out) => {
        team.run("residualGradient", [pr, pd, out, out + 4 * dy.length, pixels, BLOCK_PIXELS], blocks);
      });
      assertClose(both.subarray(0, dy.length), expected.dx, { abs: 3e-7, rel: 0 }, label("dx"));
      const dbias = new Float64Array(3);
      both.subarray(dy.length).forEach((value, i) => {
        dbias[i % 3] += value;
      });
      assertClose(dbias, expected.dbias, { abs: 1e-5, rel: 0 }, label("dbias"));
    });
  }

  for (const [imagePixels, repeats] of [
    [4, 1],
    [4, 3],
    [20, 2],
    [64, 2],
  ]) {
    it(`adds a residual to ${repeats} times ${imagePixels} pixels, clips, and passes the gradient where it did not clip`, () => {
      const random = Random.fromSeed(SEED, `clipped/${imagePixels}/${repeats}`);
      const image = randomFloats(random, 3 * imagePixels);
      const residual = randomFloats(random, image.length * repeats);
      const dy = randomFloats(random, residual.length);
      image[0] = 0.25;
      residual[0] = 0.75; // exactly 1, so it is not clipped
      const blockValues = 48;
      const blocks = Math.ceil(residual.length / blockValues);
      const sum = runOnAll(backends, [image, residual], residual.length, ({ team }, [pi, pr], out) => {
        team.run("clippedSum", [pi, pr, out, image.length, residual.length, blockValues], blocks);
      });
      const name = (what: string) => (i: number) => `${what} [${i}] (seed ${SEED})`;
      assertClose(sum, clippedSum(image, residual), { abs: 1.2e-7, rel: 0 }, name("sum"));
      const gradient = runOnAll(backends, [image, residual, dy], dy.length, ({ team }, [pi, pr, pd], out) => {
        const values = [pi, pr, pd, out, image.length, residual.length, blockValues];
        team.run("clippedSumGradient", values, blocks);
      });
      assert.deepEqual(gradient, Float32Array.from(clippedSumGradient(image, residual, dy)));
      assert.equal(gradient[0], dy[0]);
    });
  }
});
