import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  chooseDevice,
  examineCapabilities,
  examineKernels,
  examineNode,
  examinePackage,
} from "../../../src/device/node/capabilities.js";
import { describeAdapter, requestDevice } from "../../../src/device/node/dawn.js";
import { openBest } from "../../../src/device/open.js";
import type { AdapterDescription, AdapterProbe } from "../../../src/device/webgpu/adapter.js";
import { RetryableError } from "../../../src/errors.js";
import { withFolder } from "../../support/folder.js";

describe("capabilities", () => {
  it("include SIMD and threads on every Node.js that the project supports", async () => {
    const { simd, threads, node } = await examineCapabilities();
    assert.deepEqual([simd, threads, node.ok], [true, true, true]);
  });

  it("pass TensorFlow over for the next device, with the reason, where it is installed and does not load", async function () {
    this.timeout(60_000);
    // It is not here, so that loading it fails as it does where a library of CUDA's is missing.
    const device = await openBest(1, [{ name: "@tensorflow/tfjs-node-gpu", state: "installed" }]);
    try {
      assert.ok(["webgpu", "wasm"].includes(device.name), device.name);
      assert.match(device.description, /tensorflow does not open: .*tfjs-node-gpu is installed but does not load/);
    } finally {
      await device.close();
    }
  });

  it("tell the driver's words, and what to do, where an adapter gives no device", async () => {
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

  it("compare versions by number, not by text", () => {
    const { needed } = examineNode("20.19.0");
    assert.match(needed, /^\d+\.\d+$/);
    const [major, minor] = needed.split(".").map(Number);
    assert.equal(examineNode(`${major}.${minor}.0`).ok, true);
    assert.equal(examineNode(`${major}.${minor + 100}.0`).ok, true);
    assert.equal(examineNode(`${major}.${minor - 1}.9`).ok, false);
    assert.equal(examineNode("9.99.0").ok, false);
    assert.equal(examineNode("100.0.0").ok, true);
  });

  it("tell kernels that are missing from kernels that are damaged", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "image.wasm"), Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
      await writeFile(join(folder, "nn.wasm"), "not a module");
      const states = (found: ReturnType<typeof examineKernels>): string[] => found.map(({ state }) => state);
      assert.deepEqual(states(examineKernels(folder)), ["ok", "missing", "invalid"]);
      assert.deepEqual(states(examineKernels(join(folder, "none"))), ["missing", "missing", "missing"]);
    }));

  it("tell a package that is missing from one without its native library", () =>
    withFolder(async (folder) => {
      const item = { name: "@tensorflow/tfjs-node", gives: "speed", binding: "tfjs_binding.node" };
      const examine = () => examinePackage(item, [join(folder, "none"), folder]);
      assert.deepEqual([examine().state, examine().remedy], ["missing", "npm install @tensorflow/tfjs-node"]);
      const root = join(folder, item.name);
      await mkdir(join(root, "lib", "napi-v8"), { recursive: true });
      await writeFile(join(root, "package.json"), '{"version":"4.22.0"}');
      assert.deepEqual([examine().state, examine().version], ["broken", "4.22.0"]);
      await writeFile(join(root, "lib", "napi-v8", "tfjs_binding.node"), "");
      assert.deepEqual([examine().state, examine().remedy], ["installed", null]);
    }));

  it("lead to TensorFlow on a GPU, else to a real GPU through WebGPU, else to wasm, and say why not the others", () => {
    const tensorflow = "@tensorflow/tfjs-node-gpu";
    const none: AdapterProbe = { adapter: null, problem: "webgpu is not installed" };
    const found = (isFallbackAdapter: boolean, description: string): AdapterProbe => {
      const info = { vendor: "", architecture: "", device: "", description, isFallbackAdapter };
      const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 28 };
      const adapter = describeAdapter({ info, limits } as unknown as GPUAdapter);
      assert.equal(adapter.largestTensorBytes, 2 ** 28);
      return { adapter, problem: null };
    };
    const choose = (state: "installed" | "broken" | "missing", probe: AdapterProbe) =>
      chooseDevice([{ name: tensorflow, state }], probe, true);
    assert.deepEqual(choose("installed", found(false, "A GPU")), {
      name: "tensorflow",
      reason: `${tensorflow} is installed`,
    });
    assert.equal(choose("broken", found(false, "A GPU")).name, "webgpu");
    assert.match(choose("broken", found(false, "A GPU")).reason, /found A GPU; not tensorflow: .* is broken/);
    for (const probe of [found(true, "Something"), found(false, "llvmpipe (LLVM 15)"), found(false, "SwiftShader")]) {
      assert.equal(choose("missing", probe).name, "wasm");
      assert.match(choose("missing", probe).reason, /not webgpu: only .*, which is software/);
    }
    assert.match(choose("missing", none).reason, /tfjs-node-gpu is not installed; not webgpu: webgpu is not installed/);
    assert.equal(chooseDevice([], none, false).name, "cpu");
    // A package of the webgpu device is no TensorFlow.
    assert.equal(
      chooseDevice([{ name: "@tensorflow/tfjs-backend-webgpu", state: "installed" }], none, true).name,
      "wasm",
    );
  });
});
