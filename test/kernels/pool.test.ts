/** Pooling against its reference implementation, for all windows, strides and borders. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { runPool } from "../../src/device/wasm/pool-kernels.js";
import { type PoolShape, pool } from "../../src/kernels/reference/pool.js";
import { Random } from "../../src/random.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnHeap } from "../support/team.js";

const SEED = 20267;
/** Around the lane width. */
const CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 33];
const WINDOWS = [
  { filter: 3, stride: 2, pad: 0 },
  { filter: 3, stride: 1, pad: 1 },
  { filter: 2, stride: 2, pad: 0 },
  { filter: 2, stride: 1, pad: 1 },
  { filter: 5, stride: 3, pad: 2 },
  { filter: 1, stride: 1, pad: 0 },
];

describe("kernels/pool against the plain twin", () => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends();
  });
  after(() => closeBackends(backends));

  function check(s: PoolShape, x: Float32Array, abs: number): void {
    const outShape = [s.batch, s.outHeight, s.outWidth, s.channels];
    const size = outShape.reduce((a, b) => a * b, 1);
    const words = `${s.batch}x${s.height}x${s.width}x${s.channels}, ${s.filter}/${s.stride}/${s.padTop} (seed ${SEED})`;
    for (const kind of ["max", "average"] as const) {
      const results = backends.map((backend) =>
        runOnHeap(backend, [x], size, ([from], to) => runPool(backend, s, kind, from, to)),
      );
      const name = (i: number) => `${kind} ${shapeIndex(outShape)(i)} of ${words}`;
      assertClose(results[0], pool(s, x, kind), { abs: kind === "max" ? 0 : abs, rel: 0 }, name);
      for (const result of results.slice(1))
        assert.deepEqual(result, results[0], `threads differ: ${kind} of ${words}`);
    }
  }

  for (const { filter, stride, pad } of WINDOWS) {
    it(`agrees for windows of ${filter}, stride ${stride}, pad ${pad}, whatever the channels and the size`, () => {
      const random = Random.fromSeed(SEED, `${filter}/${stride}/${pad}`);
      for (const channels of CHANNELS) {
        const batch = 1 + random.below(3);
        const [height, width] = [filter + random.below(8), filter + random.below(8)];
        const out = (extent: number): number => Math.floor((extent + 2 * pad - filter) / stride) + 1;
        const picture = { batch, height, width, channels, outHeight: out(height), outWidth: out(width) };
        const x = randomFloats(random, batch * height * width * channels);
        // Means of values up to 1: a few roundings of 6e-8.
        check({ ...picture, filter, stride, padTop: pad, padLeft: pad }, x, 2e-7);
      }
    });
  }

  it("pads the top and the left by themselves", () => {
    const x = randomFloats(Random.fromSeed(SEED, "sides"), 6 * 7 * 5);
    const picture = { batch: 1, height: 6, width: 7, channels: 5, outHeight: 6, outWidth: 6 };
    check({ ...picture, filter: 3, stride: 1, padTop: 1, padLeft: 0 }, x, 2e-7);
  });

  it("averages whole pictures of 73 x 73 within 3e-7 of their values", () => {
    const random = Random.fromSeed(SEED, "whole");
    // All values have the same sign, so that sums grow.
    const x = randomFloats(random, 2 * 73 * 73 * 6).map((value) => 0.5 + 0.5 * value);
    const picture = { batch: 2, height: 73, width: 73, channels: 6, outHeight: 1, outWidth: 1 };
    check({ ...picture, filter: 73, stride: 1, padTop: 0, padLeft: 0 }, x, 3e-7);
  });

  it("keeps a NaN, in vectors and in single channels", () => {
    const picture = { batch: 1, height: 2, width: 2, channels: 5, outHeight: 1, outWidth: 1 };
    const shape = { ...picture, filter: 2, stride: 1, padTop: 0, padLeft: 0 };
    for (let at = 0; at < 4; at++) {
      const x = randomFloats(Random.fromSeed(SEED, "nan"), 20).fill(Number.NaN, 5 * at, 5 * at + 5);
      for (const kind of ["max", "average"] as const) {
        const received = runOnHeap(backends[0], [x], 5, ([from], to) => runPool(backends[0], shape, kind, from, to));
        assert.ok(received.every(Number.isNaN), `${kind}, pixel ${at}: ${received}`);
      }
    }
  });
});
