/** The normalization kernel and its gradient against the reference implementation and central differences. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { channelNorm } from "../../src/device/ops/channel-norm.js";
import { channelNormGradient, channelNorm as twin } from "../../src/kernels/reference/channel-norm.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { randomFloats, THREADS } from "../support/team.js";

const SEED = 20262;

interface Case {
  readonly label: string;
  readonly pixels: number;
  readonly channels: number;
  readonly slope: number;
  readonly x: Float32Array;
  readonly bias: Float32Array;
  readonly alpha: number;
  readonly beta: number;
  readonly skip: Float32Array | undefined;
  readonly dy: Float32Array;
}

/** Channels 1 to 70 with all combinations of slope and skip. In one case out of seven, a pixel has length zero. */
function makeCases(): readonly Case[] {
  const random = Random.fromSeed(SEED, "channel-norm");
  const cases: Case[] = [];
  for (let channels = 1; channels <= 70; channels++) {
    const pixels = channels === 70 ? 1000 : 1 + random.below(9); // 1000 gives several blocks
    const slope = channels % 2 === 0 ? 0.2 : 0;
    const hasSkip = channels % 3 === 0;
    const x = randomFloats(random, pixels * channels);
    const bias = randomFloats(random, channels);
    const last = x.subarray((pixels - 1) * channels);
    // In some cases, the norm of the last pixel is clamped: it is the zero vector, or a little shorter than 1e-12.
    if (channels % 14 === 0) {
      bias.fill(0);
      last.fill(0.9e-12 / Math.sqrt(channels));
    } else if (channels % 7 === 0) {
      last.set(bias.map((value) => -value));
    }
    const skip = hasSkip ? randomFloats(random, pixels * channels) : undefined;
    const dy = randomFloats(random, pixels * channels);
    const [alpha, beta] = [Math.fround(random.between(0.5, 1.5)), Math.fround(random.between(-0.1, 0.1))];
    const label = `${pixels} pixels of ${channels} channels, slope ${slope}, skip ${hasSkip} (seed ${SEED})`;
    cases.push({ label, pixels, channels, slope, x, bias, alpha, beta, skip, dy });
  }
  return cases;
}

/** y, dx, dbias, dalpha, dbeta, dskip on the current device. */
function runOnDevice(c: Case): Float32Array[] {
  return tf.tidy(() => {
    const shape: [number, number, number, number] = [1, 1, c.pixels, c.channels];
    const x = tf.tensor4d(c.x, shape);
    const skip = c.skip === undefined ? [] : [tf.tensor4d(c.skip, shape)];
    const inputs = [x, tf.tensor1d(c.bias), tf.tensor1d([c.alpha]), tf.tensor1d([c.beta]), ...skip];
    const forward = (...[x, bias, alpha, beta, skip]: tf.Tensor[]): tf.Tensor => {
      const named = { x: x as tf.Tensor4D, bias: bias as tf.Tensor1D, alpha: alpha as tf.Tensor1D };
      const rest = skip === undefined ? {} : { skip: skip as tf.Tensor4D };
      return channelNorm({ ...named, beta: beta as tf.Tensor1D, ...rest }, c.slope);
    };
    const { value, grads } = tf.valueAndGrads(forward)(inputs, tf.tensor4d(c.dy, shape));
    return [value, ...grads].map((tensor) => tensor.dataSync() as Float32Array);
  });
}

const NAMES = ["y", "dx", "dbias", "dalpha", "dbeta", "dskip"];

describe("kernels/channel-norm against the plain twin", () => {
  const cases = makeCases();

  it("agrees in value and gradient for 1 to 70 channels, with the same bits from 1, 2 and 3 threads", async () => {
    const results: Float32Array[][][] = [];
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      results.push(cases.map(runOnDevice));
      await device.close();
    }
    for (const [i, c] of cases.entries()) {
      const gradients = channelNormGradient(c, c.dy);
      const { dx, dbias, dalpha, dbeta } = gradients;
      const expected: ArrayLike<number>[] = [twin(c), dx, dbias, [dalpha], [dbeta], c.dy];
      for (const [j, actual] of results[0][i].entries()) {
        // A clamped norm divides by 1e-12. Its gradient is as large, and hides everything else that is added to dbias.
        const largest = Math.max(1, ...Array.from(expected[j], Math.abs));
        const tolerance = { abs: 3e-6 * largest, rel: 1e-5 };
        assertClose(actual, expected[j], tolerance, (at) => `${NAMES[j]} [${at}] of ${c.label}`);
        for (const [k, other] of results.entries()) {
          const same =
            Buffer.compare(Buffer.from(actual.slice().buffer), Buffer.from(other[i][j].slice().buffer)) === 0;
          assert.ok(same, `${NAMES[j]}: ${THREADS[k]} threads give other bits than 1 for ${c.label}`);
        }
      }
    }
  });

  it("has in the twin the gradient that differences of the twin show", () => {
    const step = 1e-6;
    for (const c of cases.filter(({ channels, pixels }) => channels % 7 !== 0 && channels <= 20 && pixels < 20)) {
      const args = { ...c, x: Float64Array.from(c.x), bias: Float64Array.from(c.bias) };
      const { dx, dbias, dalpha, dbeta } = channelNormGradient(args, c.dy);
      const loss = (changed: Partial<typeof args>): number =>
        twin({ ...args, ...changed }).reduce((sum, value, i) => sum + value * c.dy[i], 0);
      const moved = (values: Float64Array<ArrayBuffer>, i: number, by: number): Float64Array<ArrayBuffer> =>
        values.map((value, j) => (j === i ? value + by : value));
      const slopeOf = (change: (by: number) => Partial<typeof args>): number =>
        (loss(change(step)) - loss(change(-step))) / (2 * step);
      // Central differences in float64: roundings of 1e-16 / 1e-6, and a curvature of 1e-12.
      const tolerance = { abs: 1e-7, rel: 1e-6 };
      const numeric = [
        ...[...dx.keys()].map((i) => slopeOf((by) => ({ x: moved(args.x, i, by) }))),
        ...[...dbias.keys()].map((i) => slopeOf((by) => ({ bias: moved(args.bias, i, by) }))),
        slopeOf((by) => ({ alpha: c.alpha + by })),
        slopeOf((by) => ({ beta: c.beta + by })),
      ];
      assertClose([...dx, ...dbias, dalpha, dbeta], numeric, tolerance, (i) => `value ${i} of ${c.label}`);
    }
  });
});
