/** The `webgpu` device, compared with the `cpu` and `wasm` devices. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { adamUpdate } from "../../../src/device/ops/adam.js";
import { channelNorm } from "../../../src/device/ops/channel-norm.js";
import type { WebgpuBackend } from "../../../src/device/webgpu/backend.js";
import { disposeState } from "../../../src/methods/elegant/state.js";
import { type StepLosses, trainStep } from "../../../src/methods/elegant/update.js";
import { createInception, inceptionFeatures, randomInceptionTensors } from "../../../src/metrics/inception.js";
import { Random } from "../../../src/random.js";
import { assertClose, shapeIndex } from "../../support/close.js";
import { disposeBatch, STEP_SETTINGS, tinyBatch, tinyState } from "../../support/model.js";
import { randomFloats } from "../../support/team.js";
import { hasWebgpu, onDevice } from "../../support/webgpu.js";

const SEED = 20265;
/** The side of Inception's image: the smallest one of which its five reductions leave a pixel. */
const SIDE = 75;

type Values = { readonly label: string; readonly shape: readonly number[]; readonly values: Float32Array };

async function valuesOf(label: string, tensors: readonly tf.Tensor[]): Promise<Values[]> {
  const all: Values[] = [];
  for (const [i, tensor] of tensors.entries()) {
    all.push({
      label: `${label}, result ${i}`,
      shape: tensor.shape,
      values: (await tensor.data()).slice() as Float32Array,
    });
  }
  tf.dispose([...tensors]);
  return all;
}

/** Pixels and channels around the sizes at which threads share a pixel, with and without a skip that is repeated. */
async function channelNorms(): Promise<Values[]> {
  const random = Random.fromSeed(SEED, "channel norm");
  const all: Values[] = [];
  for (const [n, side, channels, slope, repeats] of [
    [1, 3, 1, 0, 0],
    [2, 5, 4, 0.2, 0],
    [4, 3, 12, 0, 2],
    [1, 40, 64, 0.2, 1],
    [3, 2, 200, 0.2, 0],
  ]) {
    const shape: [number, number, number, number] = [n, side, side, channels];
    const draw = (size: number): Float32Array => randomFloats(random, size);
    const tensors = tf.tidy(() => {
      const size = n * side * side * channels;
      const x = tf.tensor4d(draw(size), shape);
      const skip = repeats === 0 ? [] : [tf.tensor4d(draw(size / repeats), [n / repeats, side, side, channels])];
      const parameters = [tf.tensor1d(draw(channels)), tf.tensor1d([0.7]), tf.tensor1d([0.05])];
      const forward = (...[x, bias, alpha, beta, skip]: tf.Tensor[]): tf.Tensor => {
        const named = { x: x as tf.Tensor4D, bias: bias as tf.Tensor1D, alpha: alpha as tf.Tensor1D };
        const rest = skip === undefined ? {} : { skip: skip as tf.Tensor4D };
        return channelNorm({ ...named, beta: beta as tf.Tensor1D, ...rest }, slope);
      };
      const { value, grads } = tf.valueAndGrads(forward)([x, ...parameters, ...skip], tf.tensor4d(draw(size), shape));
      return [value, ...grads];
    });
    all.push(...(await valuesOf(`channel norm of [${shape}]`, tensors)));
  }
  return all;
}

/** A convolution with both gradients, and a transposed one with both. */
async function convolutions(): Promise<Values[]> {
  const random = Random.fromSeed(SEED, "convolutions");
  const all: Values[] = [];
  for (const [n, side, from, to, filter, stride] of [
    [2, 8, 3, 4, 3, 2],
    [3, 9, 8, 6, 3, 2],
    [1, 6, 4, 8, 4, 2],
    [2, 5, 4, 4, 3, 1],
  ]) {
    const draw = (shape: readonly number[]): tf.Tensor4D => {
      const quad = shape as [number, number, number, number];
      return tf.tensor4d(randomFloats(random, tf.util.sizeFromShape(quad)), quad);
    };
    const tensors = tf.tidy(() => {
      const [x, weights] = [draw([n, side, side, from]), draw([filter, filter, from, to])];
      const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
        tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, 1);
      const down = tf.valueAndGrads(convolve)([x, weights], draw(convolve(x, weights).shape));
      const [input, transposed] = [draw([n, side, side, from]), draw([filter, filter, to, from])];
      const shape: [number, number, number, number] = [n, stride * side, stride * side, to];
      const enlarge = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
        tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, shape, stride, 1);
      const up = stride === 1 ? down : tf.valueAndGrads(enlarge)([input, transposed], draw(shape));
      return [down.value, ...down.grads, up.value, ...up.grads].map((tensor) => tf.clone(tensor));
    });
    const label = `[${n}, ${side}, ${side}, ${from}] to ${to} channels, filter ${filter}, stride ${stride}`;
    all.push(...(await valuesOf(label, tensors)));
  }
  return all;
}

/** Three updates, with a reading after each: what was read must not hide what comes later. */
async function adams(): Promise<Values[]> {
  const random = Random.fromSeed(SEED, "adam");
  const size = 1000;
  const [p, m, v] = [randomFloats(random, size), new Float32Array(size), new Float32Array(size)].map((values) =>
    tf.tidy(() => tf.variable(tf.tensor1d(values))),
  );
  const all: Values[] = [];
  for (let step = 1; step <= 3; step++) {
    const gradient = tf.tensor1d(randomFloats(random, size));
    adamUpdate(p, m, v, gradient, step, 0.01, STEP_SETTINGS.adam);
    gradient.dispose();
    const copies = [p, m, v].map((variable) => tf.mul(variable, 1));
    all.push(...(await valuesOf(`adam, update ${step}`, copies)));
    for (const [i, variable] of [p, m, v].entries()) {
      all.push({
        label: `adam, variable ${i}`,
        shape: [size],
        values: (await variable.data()).slice() as Float32Array,
      });
    }
  }
  tf.dispose([p, m, v]);
  return all;
}

/** Compares results on webgpu with those on cpu. @param tolerance relative to the largest value of each */
async function compare(run: () => Promise<Values[]>, tolerance: number): Promise<void> {
  const expected = await onDevice("cpu", run);
  const received = await onDevice("webgpu", run);
  assert.equal(received.length, expected.length);
  for (const [i, { label, shape, values }] of expected.entries()) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const at = (index: number): string => `${label} ${shapeIndex(shape)(index)} (seed ${SEED})`;
    assertClose(received[i].values, values, { abs: tolerance * largest, rel: 0 }, at);
  }
}

interface Update {
  readonly losses: StepLosses;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

async function update(): Promise<Update> {
  const state = tinyState(5);
  const gradients = new Map<string, Float32Array>();
  const first = tinyBatch(5, 1);
  const losses = await trainStep(state, first, STEP_SETTINGS, {
    onTrace: async (trace) => {
      for (const [name, tensor] of trace.gradients) gradients.set(name, (await tensor.data()).slice() as Float32Array);
    },
  });
  disposeBatch(first);
  const used: number[] = [];
  for (const seed of [6, 7]) {
    const batch = tinyBatch(seed, 1);
    await trainStep(state, batch, STEP_SETTINGS);
    disposeBatch(batch);
    const { numTensors, numBytesAllocatedInGPU: allocated } = tf.memory() as tf.MemoryInfo & {
      numBytesAllocatedInGPU?: number;
    };
    used.push(numTensors, allocated ?? 0);
  }
  assert.deepEqual(used.slice(2), used.slice(0, 2), "a later step holds more tensors or more of the GPU's memory");
  disposeState(state);
  return { losses, gradients };
}

describe("device/webgpu", () => {
  // SwiftShader compiles some programs for a second and runs at a few hundred MFLOP/s.
  before(async function () {
    if (!(await hasWebgpu())) this.skip();
  });

  it("normalizes channels as the cpu device does, with all gradients", () => compare(channelNorms, 2e-6));

  it("convolves both ways as the cpu device does, with all gradients", () => compare(convolutions, 2e-6));

  it("updates with Adam in place, and reads what is there now", () => compare(adams, 2e-6));

  it("has the features of the wasm device, through all kinds of Inception's layers", async () => {
    const features = async (): Promise<Float32Array> => {
      const network = createInception(randomInceptionTensors(SEED, 2048), 2048, "test");
      const x = randomFloats(Random.fromSeed(SEED, "picture"), SIDE * SIDE * 3);
      const rows = tf.tidy(() => inceptionFeatures(network, tf.tensor4d(x, [1, SIDE, SIDE, 3])));
      const values = (await rows.data()).slice() as Float32Array;
      tf.dispose(rows);
      network.dispose();
      return values;
    };
    const expected = await onDevice("wasm", features);
    const received = await onDevice("webgpu", features);
    const largest = expected.reduce((most, value) => Math.max(most, value), 0);
    assert.ok(largest > 0);
    assertClose(received, expected, { abs: 1e-5 * largest, rel: 0 }, (i) => `feature ${i} (seed ${SEED})`);
  });

  it("gives the same result for a batch in pieces as for a whole one", () =>
    onDevice("webgpu", async () => {
      const { filterGradient, inputGradient } = await import("../../../src/device/webgpu/conv.js");
      const backend = tf.backend() as WebgpuBackend;
      const random = Random.fromSeed(SEED, "pieces");
      const info = tf.backend_util.computeConv2DInfo([5, 6, 6, 4], [3, 3, 4, 8], 2, 1, 1);
      const draw = (shape: number[]): tf.Tensor => tf.tensor(randomFloats(random, tf.util.sizeFromShape(shape)), shape);
      const [x, dy, filter] = [draw([5, 6, 6, 4]), draw([5, 3, 3, 8]), draw([3, 3, 4, 8])];
      // Two pictures at a time: 2 x 9 pixels x 36 values of 4 bytes.
      const [whole, pieces] = [undefined, 2 * 9 * 36 * 4].map((bytes) =>
        [filterGradient(backend, x, dy, info, bytes), inputGradient(backend, dy, filter, info, bytes)].map((tensor) =>
          tf.engine().makeTensorFromTensorInfo(tensor),
        ),
      );
      const [expected, received] = [await valuesOf("whole", whole), await valuesOf("pieces", pieces)];
      for (const [i, { values, shape }] of expected.entries())
        assertClose(received[i].values, values, { abs: 2e-5, rel: 0 }, shapeIndex(shape));
      tf.dispose([x, dy, filter]);
    }));

  it("gives the same bits of a filter's gradient in every call, also for one image of many pixels", () =>
    onDevice("webgpu", async () => {
      const { filterGradient } = await import("../../../src/device/webgpu/conv.js");
      const backend = tf.backend() as WebgpuBackend;
      const stock = backend.runWebGPUProgram.bind(backend);
      const programs = new Set<string>();
      backend.runWebGPUProgram = (...args) => {
        programs.add(args[0].shaderKey.split("_")[0]);
        return stock(...args);
      };
      for (const [pictures, side] of [
        [1, 64], // even: in halves
        [1, 51], // odd: in one
        [3, 64], // chunks of 2 and 1
      ]) {
        const random = Random.fromSeed(SEED, `bits ${side}`);
        const info = tf.backend_util.computeConv2DInfo([pictures, side, side, 4], [3, 3, 4, 8], 1, 1, 1);
        const draw = (channels: number): tf.Tensor =>
          tf.tensor(randomFloats(random, pictures * side * side * channels), [pictures, side, side, channels]);
        const [x, dy] = [draw(4), draw(8)];
        const twoAtATime = 2 * side * side * 36 * 4;
        const [first, ...others] = await valuesOf(
          "call",
          Array.from({ length: 4 }, () =>
            tf.engine().makeTensorFromTensorInfo(filterGradient(backend, x, dy, info, twoAtATime)),
          ),
        );
        for (const { values } of others) {
          const differing = values.findIndex((value, i) => value !== first.values[i]);
          assert.equal(differing, -1, `${pictures} of ${side} x ${side}, value ${differing} (seed ${SEED})`);
        }
        tf.dispose([x, dy]);
      }
      // Atomics may come in the same order by chance.
      assert.deepEqual(
        [...programs].filter((name) => /splitk/i.test(name)),
        [],
        [...programs].join(),
      );
    }));

  it("trains as the wasm device does, and a third step takes no more memory than a second", async () => {
    const expected = await onDevice("wasm", update);
    const received = await onDevice("webgpu", update);
    for (const [name, value] of Object.entries(expected.losses)) {
      const ours = received.losses[name as keyof StepLosses] as number;
      // `exchange` is a difference of near-equal residuals, here of 1e-5 of their size.
      const tolerance = name === "exchange" ? 1e-3 : 1e-5;
      assert.ok(Math.abs(ours - value) <= tolerance * Math.abs(value), `${name}: ${ours}, on wasm ${value}`);
    }
    for (const [name, values] of expected.gradients) {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // A gradient of alpha or beta is a sum over all pixels that nearly cancels: 6e-4 was seen, 1e-5 of others.
      const tolerance = /(alpha|beta)$/.test(name) ? 5e-3 : 1e-4;
      const ours = received.gradients.get(name) ?? [];
      assertClose(ours, values, { abs: tolerance * largest, rel: 0 }, (i) => `${name} [${i}]`);
    }
  });
});
