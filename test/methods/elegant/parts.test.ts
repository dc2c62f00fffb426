/** Updates of a batch in parts equal those of the whole batch, and failing updates leave no tensors. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../../src/device/open.js";
import type { SharedMemoryBackend } from "../../../src/device/wasm/backend.js";
import { SharedHeap } from "../../../src/kernels/heap.js";
import { sharedMemory } from "../../../src/kernels/memory.js";
import { LOSS_WEIGHTS } from "../../../src/methods/elegant/presets.js";
import { disposeState, type ElegantState } from "../../../src/methods/elegant/state.js";
import { type StepLosses, trainStep } from "../../../src/methods/elegant/update.js";
import type { PairBatch } from "../../../src/methods/method.js";
import { copyParameters, type Parameters } from "../../../src/nn/parameters.js";
import { disposeBatch, randomPictures, STEP_SETTINGS, tinyState } from "../../support/model.js";

const PAIRS = 4;
const SETTINGS = {
  plain: STEP_SETTINGS,
  "R1, a moving average and the norm": {
    ...STEP_SETTINGS,
    reconstruction: "norm",
    weights: { ...LOSS_WEIGHTS.equal, reconstruction: 1, slice: 0, mask: 0, change: 0, cycle: 0 },
    r1: 10,
    ema: 0.9,
  },
} as const;

type Values = ReadonlyMap<string, Float32Array>;
interface Update {
  readonly losses: StepLosses;
  readonly gradients: Values;
  readonly weights: Values;
}

/** Makes pairs that differ, also in their labels. */
function batchOf(seed: number, pairs: number): PairBatch {
  const labels = (own: number): tf.Tensor2D =>
    tf.tensor2d(
      Array.from({ length: pairs }, (_, i) => [(i + own) % 2, own, i % 3 === 0 ? 1 : 0]),
      [pairs, 3],
    );
  const [A, B] = [seed, seed + 1].map((of) => randomPictures(of, pairs));
  return { groups: [{ attribute: 1, pairs }], A, B, yA: labels(1), yB: labels(0) };
}

function read(parameters: Parameters, prefix = ""): [string, Float32Array][] {
  return [...parameters].map(([name, tensor]) => [prefix + name, tensor.dataSync() as Float32Array]);
}

function averagedState(ema: number): ElegantState {
  const state = tinyState(3);
  return ema === 0 ? state : { ...state, average: copyParameters(state.generator.parameters) };
}

async function update(kind: keyof typeof SETTINGS, part?: number): Promise<Update> {
  const settings = SETTINGS[kind];
  const state = averagedState(settings.ema);
  const batch = batchOf(8, PAIRS);
  const gradients = new Map<string, Float32Array>();
  const losses = await trainStep(state, batch, settings, {
    ...(part === undefined ? {} : { part }),
    onTrace: async (trace) => {
      for (const [name, tensor] of trace.gradients) gradients.set(name, (await tensor.data()) as Float32Array);
    },
  });
  const average = state.average ?? new Map();
  const weights = new Map([
    ...read(state.generator.parameters),
    ...read(state.discriminator.parameters),
    ...read(average, "ema/"),
  ]);
  disposeBatch(batch);
  disposeState(state);
  tf.dispose([...average.values()]);
  return { losses, gradients, weights };
}

async function withDevice<T>(threads: number, body: () => Promise<T>, heap?: SharedHeap): Promise<T> {
  const device = await openDevice("wasm", threads, heap);
  try {
    return await body();
  } finally {
    await device.close();
  }
}

const rms = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Compares each tensor's rms difference, in units of its rms, with the tolerance. */
function assertNear(received: Values, expected: Values, tolerance: (values: Float32Array) => number): void {
  assert.deepEqual([...received.keys()], [...expected.keys()]);
  for (const [name, values] of expected) {
    const actual = received.get(name) as Float32Array;
    const error = rms(actual.map((value, i) => value - values[i])) / rms(values);
    assert.ok(error <= tolerance(values), `${name}: ${error} of its rms`);
  }
}

describe("a batch in parts", () => {
  for (const kind of Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]) {
    for (const part of [1, 3]) {
      it(`is the same update with ${kind}, ${part} of ${PAIRS} pairs at a time`, () =>
        withDevice(1, async () => {
          const whole = await update(kind);
          const parts = await update(kind, part);
          assert.deepEqual(Object.keys(parts.losses), Object.keys(whole.losses));
          for (const [name, expected] of Object.entries(whole.losses)) {
            const received = parts.losses[name as keyof StepLosses] as number;
            // We measured 7e-8, which is float32 rounding.
            assert.ok(Math.abs(received - expected) <= 1e-6 * Math.abs(expected), `${name} ${received}, ${expected}`);
          }
          // We measured 1.1e-5, and 1.3e-4 for the single value of alpha, which is a sum that cancels.
          assertNear(parts.gradients, whole.gradients, ({ length }) => (length === 1 ? 1e-3 : 5e-5));
          // We measured 2.4e-6. Adam's first step has the length of the learning rate, whatever the gradient's length.
          // A weight whose gradient is only rounding may move either way, so single weights differ by up to 8e-5 of
          // the rms.
          assertNear(parts.weights, whole.weights, () => 1e-5);
        }));
    }
  }

  it("is the single pass to the bit when a part holds the batch", () =>
    withDevice(1, async () => assert.deepEqual(await update("plain", PAIRS), await update("plain"))));

  it("has the same bits with any number of threads", async () => {
    const one = await withDevice(1, () => update("R1, a moving average and the norm", 3));
    for (const threads of [2, 3]) {
      assert.deepEqual(await withDevice(threads, () => update("R1, a moving average and the norm", 3)), one);
    }
  });

  it("leaves no tensors and takes no more memory from update to update", () =>
    withDevice(2, async () => {
      const { heap } = (tf.backend() as SharedMemoryBackend).team;
      const settings = SETTINGS["R1, a moving average and the norm"];
      const state = averagedState(settings.ema);
      const held: { readonly tensors: number; readonly usedBytes: number; readonly reservedBytes: number }[] = [];
      for (let i = 0; i < 5; i++) {
        const batch = batchOf(i, PAIRS);
        await trainStep(state, batch, settings, { part: 3 });
        disposeBatch(batch);
        const { usedBytes, reservedBytes } = heap.statistics;
        // Adam's moments enter the shared memory with the first update.
        held.push({ tensors: tf.memory().numTensors, usedBytes, reservedBytes: i === 0 ? 0 : reservedBytes });
      }
      for (const later of held.slice(1)) assert.deepEqual(later, { ...held[1], tensors: held[0].tensors });
      disposeState(state);
      tf.dispose([...(state.average ?? new Map()).values()]);
    }));

  it("completes where the whole batch finds the memory full", () => {
    // Parts of three and one need 26 MiB at most. The whole needs more than 30.
    const heap = new SharedHeap(sharedMemory(1 << 20), 28 * 2 ** 20);
    return withDevice(
      1,
      async () => {
        const settings = SETTINGS["R1, a moving average and the norm"];
        const state = averagedState(settings.ema);
        const batch = batchOf(8, PAIRS);
        await trainStep(state, batch, settings, { part: 3 });
        await trainStep(state, batch, settings, { part: 3 });
        assert.ok(heap.statistics.reservedBytes <= heap.limitBytes);
        await assert.rejects(trainStep(state, batch, settings), {
          name: "RetryableError",
          message: /^memory: expected/,
        });
        disposeBatch(batch);
        disposeState(state);
        tf.dispose([...(state.average ?? new Map()).values()]);
      },
      heap,
    );
  });
});

describe("a failing update", () => {
  /** Number of an update's kernel calls per failing call. */
  const EVERY = 97;

  for (const [name, part] of [
    ["whole", PAIRS],
    ["in parts", 2],
  ] as const) {
    it(`leaves no tensor behind, ${name}, wherever it fails`, async () => {
      const device = await openDevice("wasm", 1);
      const engine = tf.engine();
      const stock = engine.runKernel.bind(engine);
      const state = averagedState(0.9);
      const batch = batchOf(8, PAIRS);
      const settings = { ...STEP_SETTINGS, r1: 10, ema: 0.9 };
      let [calls, failing] = [0, Infinity];
      engine.runKernel = (...args) => {
        if (++calls === failing) throw new Error("out of memory");
        return stock(...args);
      };
      try {
        const onTrace = async (): Promise<void> => {};
        await trainStep(state, batch, settings, { part, onTrace });
        const all = calls;
        const before = { ...tf.memory() };
        for (failing = 1; failing <= all; failing += EVERY) {
          calls = 0;
          await assert.rejects(trainStep(state, batch, settings, { part, onTrace }), /out of memory/);
          const { numTensors, numDataBuffers } = tf.memory();
          assert.deepEqual(
            [numTensors, numDataBuffers],
            [before.numTensors, before.numDataBuffers],
            `call ${failing} of ${all}`,
          );
        }
        // The next update works.
        [calls, failing] = [0, Infinity];
        await trainStep(state, batch, settings, { part, onTrace });
        assert.equal(tf.memory().numTensors, before.numTensors);
      } finally {
        engine.runKernel = stock;
        disposeBatch(batch);
        disposeState(state);
        if (state.average !== null) tf.dispose([...state.average.values()]);
        await device.close();
      }
    });
  }
});
