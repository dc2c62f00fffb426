/** Adam against its reference implementation in float64, and against stock operations of TensorFlow.js. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { adamUpdate } from "../../src/device/ops/adam.js";
import { adam } from "../../src/kernels/reference/adam.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { randomFloats, THREADS } from "../support/team.js";

const SEED = 20263;
const STEPS = 6;
const SETTINGS = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-2 };
const LEARNING_RATE = 2e-3;
/** Sizes around the lane width, and around the block of 16,384 values. */
const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 16383, 16384, 16385, 40000];

interface Drawn {
  readonly p: Float32Array;
  readonly gradients: readonly Float32Array[];
}

/** Gradients from 1e-9 (close to epsilon) to 1. Weight decay is large, so that its absence would be noticed. */
function draw(size: number): Drawn {
  const random = Random.fromSeed(SEED, `adam/${size}`);
  const gradients = Array.from({ length: STEPS }, () =>
    Float32Array.from({ length: size }, () => random.between(-1, 1) * 10 ** random.between(-9, 0)),
  );
  return { p: randomFloats(random, size), gradients };
}

function runOnDevice({ p, gradients }: Drawn): Float32Array[] {
  const [parameter, first, second] = [tf.tensor1d(p), tf.zeros([p.length]), tf.zeros([p.length])].map((values) => {
    const variable = tf.variable(values);
    values.dispose();
    return variable;
  });
  for (const [i, values] of gradients.entries()) {
    const gradient = tf.tensor1d(values);
    adamUpdate(parameter, first, second, gradient, i + 1, LEARNING_RATE, SETTINGS);
    gradient.dispose();
  }
  const results = [parameter, first, second].map((variable) => variable.dataSync() as Float32Array);
  tf.dispose([parameter, first, second]);
  return results;
}

function runTwin({ p, gradients }: Drawn): Float64Array[] {
  const [parameter, first, second] = [Float64Array.from(p), new Float64Array(p.length), new Float64Array(p.length)];
  for (const [i, gradient] of gradients.entries()) {
    adam(parameter, first, second, gradient, i + 1, { ...SETTINGS, learningRate: LEARNING_RATE });
  }
  return [parameter, first, second];
}

function compare(actual: readonly Float32Array[], drawn: Drawn, device: string): void {
  const label = (name: string) => (i: number) => `${name} [${i}] of ${drawn.p.length} on ${device} (seed ${SEED})`;
  const [p, m, v] = runTwin(drawn);
  // Weights near 1 round at 6e-8 in each of six steps.
  assertClose(actual[0], p, { abs: 6e-7, rel: 0 }, label("p"));
  assertClose(actual[1], m, { abs: 1e-8, rel: 2e-6 }, label("m"));
  assertClose(actual[2], v, { abs: 1e-12, rel: 2e-6 }, label("v"));
}

describe("kernels/adam against the plain twin", () => {
  it("agrees over several steps, with the same bits from 1, 2 and 3 threads", async () => {
    const drawn = SIZES.map(draw);
    const results: Float32Array[][][] = [];
    for (const threads of THREADS) {
      const device = await openDevice("wasm", threads);
      results.push(drawn.map(runOnDevice));
      await device.close();
    }
    for (const [i, item] of drawn.entries()) {
      compare(results[0][i], item, "wasm");
      for (const [k, other] of results.entries()) {
        assert.deepEqual(other[i], results[0][i], `${THREADS[k]} threads give other bits than 1`);
      }
    }
  });

  it("agrees where it is composed from stock operations", async () => {
    const device = await openDevice("cpu", 1);
    for (const size of SIZES) compare(runOnDevice(draw(size)), draw(size), "cpu");
    await device.close();
  });
});
