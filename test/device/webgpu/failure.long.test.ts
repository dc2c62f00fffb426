/** Errors of a GPU while it works, closing and opening it again, and engines without shared memory. */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "../../../src/device/webgpu/backend.js";
import { type DeviceError, describeGpuError } from "../../../src/device/webgpu/failure.js";
import { ExitCode } from "../../../src/errors.js";
import { Random } from "../../../src/random.js";
import { fromRoot, runNode } from "../../support/spawn.js";
import { randomFloats } from "../../support/team.js";
import { hasWebgpu, onDevice } from "../../support/webgpu.js";

const SEED = 20265;

describe("a failing webgpu device", () => {
  before(async function () {
    if (!(await hasWebgpu())) this.skip();
  });

  const isDeviceError = (message: RegExp, lost: boolean) => (error: DeviceError) => {
    assert.match(error.message, message);
    assert.deepEqual([error.exitCode, error.lost], [ExitCode.retry, lost]);
    return true;
  };

  it("reports a program that the driver refuses, once, instead of returning its values", () =>
    onDevice("webgpu", async () => {
      const backend = tf.backend() as WebgpuBackend;
      const x = tf.tensor1d([1, 2, 3]);
      const broken = { name: "broken", reads: [], writes: ["y"], scalars: { a: "u32" }, body: "y[local] = ;" } as const;
      backend.dispatch(broken, [x], [1], 1);
      await assert.rejects(
        tf.mul(x, 2).data(),
        isDeviceError(/^device webgpu: the driver refused a program .* --device wasm/, false),
      );
      assert.deepEqual([...(await tf.mul(tf.tensor1d([4]), 2).data())], [8]);
    }));

  it("reports that the memory does not suffice, and that something smaller would fit", () => {
    const error = describeGpuError("GPUOutOfMemoryError", "Failed to allocate a buffer.\n - While calling [Device]");
    isDeviceError(
      /^device webgpu: .*memory does not suffice \(Failed to allocate a buffer\)\. Use a smaller --batch/,
      false,
    )(error);
  });

  it("reports a tensor over the adapter's limits, says that something smaller would fit, and blames no driver", async () => {
    const tooLarge = isDeviceError(
      /^device webgpu: a tensor is larger than the GPU takes \(.+\)\. Use a smaller --batch/,
      false,
    );
    await onDevice("webgpu", async () => {
      const { limits } = (tf.backend() as WebgpuBackend).device;
      const huge = tf.fill([limits.maxBufferSize / 4 + 1024], 1);
      await assert.rejects(tf.sum(huge).data(), tooLarge);
    });
    for (const message of [
      "Binding size (2147483648) of [Buffer] is larger than the maximum storage buffer binding size (134217728).",
      "Buffer size exceeds maxStorageBufferBindingSize",
    ])
      tooLarge(describeGpuError("GPUValidationError", message));
    assert.match(
      describeGpuError("GPUValidationError", "The workgroup size exceeds the maximum.").message,
      /the driver refused a program/,
    );
  });

  it("survives being closed and opened again while garbage is collected", async () => {
    const { code, stdout, stderr } = await runNode(fromRoot("dist/test/support/reopen-webgpu.js"), [], false, [
      "--expose-gc",
    ]);
    assert.deepEqual([code, stdout], [0, "closed\n"], stderr);
  });

  it("works in an engine without SharedArrayBuffer", async () => {
    const flags = ["--expose-gc", `--import=${pathToFileURL(fromRoot("dist/test/support/no-shared-memory.js")).href}`];
    const { code, stdout, stderr } = await runNode(fromRoot("dist/test/support/reopen-webgpu.js"), [], false, flags);
    assert.deepEqual([code, stdout], [0, "closed\n"], stderr);
  });

  it("reports the loss of the GPU with every reading", () =>
    onDevice("webgpu", async () => {
      const backend = tf.backend() as WebgpuBackend;
      const x = tf.tensor1d(randomFloats(Random.fromSeed(SEED, "lost"), 2000));
      const y = tf.mul(x, 2);
      backend.device.destroy();
      const lost = isDeviceError(
        /^device webgpu: the GPU was lost while it worked \(.+\)\. Run the command again/,
        true,
      );
      await assert.rejects(y.data(), lost);
      assert.throws(() => tf.mul(x, 3), lost);
    }));
});
