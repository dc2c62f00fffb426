/** The largest part of a batch on webgpu. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { largestTensorBytes, memoryNeeds, type UpdateFacts } from "../../src/methods/elegant/memory.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { planBatch } from "../../src/training/batch-choice.js";
import { hasWebgpu } from "../support/webgpu.js";

const facts = (size: number, width: number, changes: Partial<UpdateFacts> = {}): UpdateFacts => ({
  config: createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ["a", "b"] }),
  ...PRESETS.official.method,
  ...changes,
});

describe("the largest tensor of an update", () => {
  it("limits the part of a batch on webgpu", async function () {
    if (!(await hasWebgpu())) this.skip();
    const device = await openDevice("webgpu", 1);
    try {
      const { limits } = (tf.backend() as unknown as { readonly device: GPUDevice }).device;
      const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
      const wide = facts(256, 128);
      const batch = Math.floor(most / largestTensorBytes(wide.config, 1)) + 1;
      assert.equal(planBatch(memoryNeeds(wide), { batch: batch - 1, reason: null }).part, batch - 1);
      assert.equal(planBatch(memoryNeeds(wide), { batch, reason: null }).part, Math.ceil(batch / 2));
    } finally {
      await device.close();
    }
  });
});
