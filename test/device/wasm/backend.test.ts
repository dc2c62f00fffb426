/** The memory of tensors on the `wasm` device, frozen filters, and gradients within gradients. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import { suspendTape } from "../../../src/device/ops/tape.js";
import type { SharedMemoryBackend } from "../../../src/device/wasm/backend.js";
import { disposeState } from "../../../src/methods/elegant/state.js";
import { trainStep } from "../../../src/methods/elegant/update.js";
import { assertClose } from "../../support/close.js";
import { disposeBatch, STEP_SETTINGS, tinyBatch, tinyState } from "../../support/model.js";
import { useWasm } from "../../support/use-device.js";

const heapOf = (): SharedMemoryBackend["team"]["heap"] => (tf.backend() as SharedMemoryBackend).team.heap;

describe("device/wasm/backend", () => {
  useWasm(2);

  it("keeps parts of a tensor when the tensor is gone and its memory is used again", () => {
    const filter = tf.ones<tf.Rank.R4>([1, 1, 8, 8]);
    const x = tf.reshape<tf.Rank.R4>(tf.range(0, 256), [1, 4, 8, 8]);
    const convolved = tf.conv2d(x, filter, 1, 0); // x lies in the shared memory now
    const parts = [
      tf.slice(x, [0, 1, 0, 0], [1, 1, 8, 8]),
      tf.slice(x, [0, 0, 0, 2], [1, 4, 8, 3]),
      ...tf.split(x, 2, 1),
      tf.reshape(x, [256]),
      tf.clone(x),
    ];
    const before = parts.map((part) => part.dataSync().slice());
    tf.dispose([x, convolved]);
    const others = Array.from({ length: 8 }, () => tf.conv2d(tf.fill([1, 4, 8, 8], -1) as tf.Tensor4D, filter, 1, 0));
    parts.forEach((part, i) => {
      assert.deepEqual(part.dataSync(), before[i], `part ${i}`);
    });
    tf.dispose([filter, ...parts, ...others]);
  });

  it("hands out copies of values, not views that change", () => {
    const filter = tf.ones<tf.Rank.R4>([1, 1, 4, 4]);
    const y = tf.conv2d(tf.ones<tf.Rank.R4>([1, 2, 2, 4]), filter, 1, 0);
    const values = y.dataSync();
    y.dispose();
    tf.conv2d(tf.zeros<tf.Rank.R4>([1, 2, 2, 4]), filter, 1, 0).dispose();
    assert.deepEqual([...values], Array(16).fill(4));
    filter.dispose();
  });

  it("uses no more memory after twenty training steps than after two", async () => {
    const state = tinyState(1);
    let usedBytes = 0;
    let tensors = 0;
    for (let step = 0; step < 20; step++) {
      const batch = tinyBatch(step, step % 3);
      await trainStep(state, batch, STEP_SETTINGS);
      disposeBatch(batch);
      if (step === 1) {
        usedBytes = heapOf().statistics.usedBytes;
        tensors = tf.memory().numTensors;
      }
    }
    assert.equal(heapOf().statistics.usedBytes, usedBytes);
    assert.equal(tf.memory().numTensors, tensors);
    disposeState(state);
    assert.ok(heapOf().statistics.usedBytes < usedBytes, "the model's memory was released");
  });
});

describe("freezing on the wasm device", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 2);
  });
  after(() => device.close());

  it("packs frozen filters once, with the same bits, and gives their memory back", () => {
    const { team } = tf.backend() as SharedMemoryBackend;
    const run = team.run.bind(team);
    let packed = 0;
    team.run = (kernel, ...rest) => {
      if (kernel.startsWith("pack")) packed++;
      run(kernel, ...rest);
    };
    try {
      const { usedBytes } = team.heap.statistics;
      const [x, filter] = [tf.randomUniform([1, 8, 8, 6]), tf.randomUniform([3, 3, 6, 5])] as [
        tf.Tensor4D,
        tf.Tensor4D,
      ];
      const both = (): Float32Array[] =>
        tf.tidy(() => {
          const y = tf.conv2d(x, filter, 2, 1);
          return [y, tf.conv2dTranspose(y, filter, [1, 8, 8, 6], 2, 1)].map((t) => t.dataSync() as Float32Array);
        });
      const first = both();
      const plain = packed;
      device.freeze([filter]);
      assert.deepEqual(both(), first);
      assert.equal(packed, 2 * plain);
      assert.deepEqual(both(), first);
      assert.equal(packed, 2 * plain, "nothing is packed again");
      tf.dispose([x, filter]);
      assert.equal(team.heap.statistics.usedBytes, usedBytes);
    } finally {
      team.run = run;
    }
  });
});

describe("device/ops/tape", () => {
  useWasm(1);

  it("takes a gradient within a gradient, as a constant of the outer one", () => {
    const outer = tf.grad((x) => {
      const inner = suspendTape(() => tf.grad((y) => tf.mul(tf.mul(y, y), y))(x)); // 3 x^2
      return tf.mul(tf.square(x), inner);
    });
    const x = tf.tensor1d([1, 2, -3]);
    // 2 x * 3 x^2, without the derivative of 3 x^2.
    assertClose(outer(x).dataSync(), [6, 48, -162], { abs: 0, rel: 1e-6 });
  });

  it("records again after an error in it", () => {
    const gradient = tf.grad((x) => {
      assert.throws(() =>
        suspendTape(() => {
          throw new Error("inside");
        }),
      );
      return tf.square(x);
    });
    assert.deepEqual([...gradient(tf.tensor1d([2, 5])).dataSync()], [4, 10]);
  });
});
