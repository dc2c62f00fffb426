/** Describing an adapter, and opening it, with objects in place of Dawn's. */
import assert from "node:assert/strict";
import { type AdapterDescription, judgeAdapter } from "../../../src/device/webgpu/adapter.js";
import { describeAdapter, requestDevice } from "../../../src/device/webgpu/request-device.js";
import { RetryableError } from "../../../src/errors.js";

describe("an adapter of the webgpu device", () => {
  it("suits auto if it is a real GPU, and says what it is otherwise", () => {
    const judge = (isFallbackAdapter: boolean, description: string) => {
      const info = { vendor: "", architecture: "", device: "", description, isFallbackAdapter };
      const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 28 };
      const adapter = describeAdapter({ info, limits } as unknown as GPUAdapter);
      assert.equal(adapter.largestTensorBytes, 2 ** 28);
      return judgeAdapter({ adapter, problem: null });
    };
    assert.deepEqual(judge(false, "A GPU"), { suitsAuto: true, kind: "gpu", reason: "found A GPU" });
    for (const [isFallback, name] of [
      [true, "Something"],
      [false, "llvmpipe (LLVM 15)"],
      [false, "SwiftShader"],
    ] as const) {
      const reason = `only ${name}, which is software`;
      assert.deepEqual(judge(isFallback, name), { suitsAuto: false, kind: "software", reason });
    }
    const problem = "webgpu is not installed";
    assert.deepEqual(judgeAdapter({ adapter: null, problem }), { suitsAuto: false, kind: "gpu", reason: problem });
  });

  it("reports the driver's words, and what to do, if it does not open", async () => {
    const limits = {} as AdapterDescription["limits"];
    const words = "vkCreateDevice failed with VK_ERROR_INITIALIZATION_FAILED.\n    at InitializeImpl";
    const adapter = { requestDevice: () => Promise.reject(new Error(words)) };
    await assert.rejects(requestDevice(adapter, { name: "Radeon", limits }), (error: RetryableError) => {
      assert.ok(error instanceof RetryableError);
      assert.match(
        error.message,
        /^device webgpu: Radeon does not open \(vkCreateDevice failed with \w+\)\. .* use --device wasm\.$/,
      );
      return true;
    });
  });
});
