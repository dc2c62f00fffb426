/** Kernels and gradients of the `wasm` device when its memory is full. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import { channelNorm } from "../../../src/device/ops/channel-norm.js";
import { applyResidual, residualOutput } from "../../../src/device/ops/residual.js";
import { disposingOnFailure } from "../../../src/device/ops/scope.js";
import type { SharedMemoryBackend } from "../../../src/device/wasm/backend.js";
import { RetryableError } from "../../../src/errors.js";
import { SharedHeap } from "../../../src/kernels/heap.js";
import { sharedMemory } from "../../../src/kernels/memory.js";

const LIMIT = 8 * 2 ** 20;
const x4 = (...shape: [number, number, number, number]) => tf.ones(shape) as tf.Tensor4D;

/** Each operation on tensors that are in the memory already, and gradients of those that have one of ours. */
const WORKS: Readonly<Record<string, () => () => tf.Tensor | readonly tf.Tensor[]>> = {
  convolution: () => {
    const [x, f] = [x4(1, 40, 40, 16), x4(3, 3, 16, 20)];
    return () => tf.conv2d(x, f, 1, "same");
  },
  "convolution with bias and ReLU": () => {
    const [x, filter, bias] = [x4(1, 40, 40, 16), x4(3, 3, 16, 20), tf.ones([20]) as tf.Tensor1D];
    return () => tf.fused.conv2d({ x, filter, strides: 1, pad: "same", bias, activation: "relu" });
  },
  "transposed convolution": () => {
    const [x, f] = [x4(1, 20, 20, 16), x4(4, 4, 8, 16)];
    return () => tf.conv2dTranspose(x, f, [1, 40, 40, 8], 2, "same");
  },
  "gradient of a convolution": () => {
    const [x, f] = [x4(1, 20, 20, 16), x4(3, 3, 16, 20)];
    return () => Object.values(tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same"))([x, f]));
  },
  product: () => {
    const [a, b] = [tf.ones([30, 512]) as tf.Tensor2D, tf.ones([512, 70]) as tf.Tensor2D];
    return () => tf.matMul(a, b);
  },
  "product with the second transposed": () => {
    const [a, b] = [tf.ones([30, 512]) as tf.Tensor2D, tf.ones([256, 512]) as tf.Tensor2D];
    return () => tf.matMul(a, b, false, true);
  },
  "product with the first transposed": () => {
    const [a, b] = [tf.ones([300, 32]) as tf.Tensor2D, tf.ones([300, 64]) as tf.Tensor2D];
    return () => tf.matMul(a, b, true);
  },
  "product with frozen weights": () => {
    const [a, b] = [tf.ones([30, 512]) as tf.Tensor2D, tf.ones([512, 70]) as tf.Tensor2D];
    (tf.backend() as SharedMemoryBackend).freeze(b);
    return () => tf.matMul(a, b);
  },
  addition: () => {
    const [a, b] = [tf.ones([200, 300]), tf.ones([200, 300])];
    return () => tf.add(a, b);
  },
  mean: () => {
    const a = tf.ones([700, 300]);
    return () => tf.mean(a);
  },
  "sum of many": () => {
    const terms = [1, 2, 3].map(() => tf.ones([200, 300]));
    return () => tf.addN(terms);
  },
  split: () => {
    const a = tf.ones([200, 300]);
    return () => tf.split(a, 3, 1);
  },
  concatenation: () => {
    const parts = [1, 2].map(() => tf.ones([200, 300]));
    return () => tf.concat(parts, 1);
  },
  padding: () => {
    const a = tf.ones([200, 300]) as tf.Tensor2D;
    return () =>
      tf.pad(a, [
        [0, 0],
        [3, 5],
      ]);
  },
  pooling: () => {
    const x = x4(1, 60, 60, 16);
    return () => tf.maxPool(x, 3, 2, "same");
  },
  "normalisation and its gradient": () => {
    const x = x4(1, 40, 40, 16);
    const bias = tf.zeros([16]) as tf.Tensor1D;
    const [alpha, beta] = [tf.ones([1]) as tf.Tensor1D, tf.zeros([1]) as tf.Tensor1D];
    return () => tf.grad((v) => channelNorm({ x: v as tf.Tensor4D, bias, alpha, beta }, 0.2))(x);
  },
  "residual and its gradient": () => {
    const [x, image] = [x4(2, 80, 80, 3), x4(2, 80, 80, 3)];
    const bias = tf.zeros([3]) as tf.Tensor1D;
    return () => tf.grad((v) => applyResidual(image, residualOutput(v as tf.Tensor4D, bias)))(x);
  },
};

describe("a kernel that runs out of memory", () => {
  let device: Device;
  let heap: SharedHeap;
  before(async () => {
    heap = new SharedHeap(sharedMemory(2 ** 20), LIMIT);
    device = await openDevice("wasm", 2, heap);
  });
  after(() => device.close());

  for (const [name, prepare] of Object.entries(WORKS)) {
    it(`gives back output and scratch, wherever it fails: ${name}`, () => {
      const { allocate } = heap;
      tf.engine().startScope();
      const work = prepare();
      const run = (): void => disposingOnFailure(() => void work());
      run(); // inputs are in the memory from now on
      const backend = tf.backend() as SharedMemoryBackend;
      const [usedBytes, dataIds, tensors] = [heap.statistics.usedBytes, backend.numDataIds(), tf.memory().numTensors];
      let failures = 0;
      try {
        // The first allocation fails, then the second, and so on, until there are no more.
        for (let nth = 0; ; nth++) {
          let left = nth;
          heap.allocate = (bytes) => {
            if (left-- === 0) throw new RetryableError("memory: full");
            return allocate.call(heap, bytes);
          };
          let failed = false;
          try {
            run();
          } catch (error) {
            assert.match(String(error), /memory: full/);
            failed = true;
          }
          assert.equal(heap.statistics.usedBytes, usedBytes, `bytes in use after failure ${nth}`);
          assert.equal(tf.memory().numTensors, tensors, `tensors after failure ${nth}`);
          if (!failed) break;
          failures++;
        }
        assert.equal(backend.numDataIds(), dataIds);
      } finally {
        heap.allocate = allocate;
        tf.engine().endScope();
      }
      assert.ok(failures > 0, "nothing was allocated");
    });
  }

  it("keeps working after the heap itself has refused, with as much room as before", () => {
    const { usedBytes } = heap.statistics;
    const [a, b] = [tf.ones([1, 1024]) as tf.Tensor2D, tf.ones([1024, 100]) as tf.Tensor2D];
    tf.matMul(a, b).dispose();
    for (let round = 0; round < 20; round++) {
      assert.throws(() => tf.tidy(() => tf.matMul(tf.ones([1024, 1024]), tf.ones([1024, 1024]))), RetryableError);
    }
    const y = tf.matMul(a, b);
    assert.equal(y.dataSync()[0], 1024);
    tf.dispose([a, b, y]);
    assert.equal(heap.statistics.usedBytes, usedBytes);
  });
});
