/** The list of devices: which one `auto` chooses, what it says about the others, and what an opened device has. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { currentDevice } from "../../src/device/current.js";
import type { Choice, DeviceModule, DeviceName, Probe } from "../../src/device/device.js";
import { DEVICE_MODULES, findDevice } from "../../src/device/devices.js";
import { openBest, openDevice } from "../../src/device/open.js";
import { openTensorflow } from "../../src/device/tensorflow/open.js";
import { InputError } from "../../src/errors.js";
import { chooseBuild } from "../../src/kernels/simd.js";
import { fakeDevice } from "../support/device.js";

const NO_SIMD: Probe = { suitsAuto: false, kind: "cpu", reason: "this engine has no SIMD" };
const NO_TENSORFLOW: Probe = { suitsAuto: false, kind: "gpu", reason: "tfjs is not installed" };
const SOFTWARE: Probe = { suitsAuto: false, kind: "software", reason: "only SwiftShader, which is software" };
const GPU: Probe = { suitsAuto: true, kind: "gpu", reason: "found A GPU" };
const WASM: Probe = { suitsAuto: true, kind: "cpu", reason: "" };

describe("the list of devices", () => {
  it("leads to TensorFlow on a GPU, then to a GPU through WebGPU, then to wasm, then to cpu, and says why", async () => {
    const choose = async (known: Partial<Record<DeviceName, Probe>>) => {
      const { device, kind, reason } = await findDevice(DEVICE_MODULES, known);
      return [device.name, kind, reason];
    };
    const tensorflow: Probe = { suitsAuto: true, kind: "gpu", reason: "tfjs is installed" };
    assert.deepEqual(await choose({ tensorflow, webgpu: GPU }), ["tensorflow", "gpu", "tfjs is installed"]);
    const not = "not tensorflow: tfjs is not installed";
    assert.deepEqual(await choose({ tensorflow: NO_TENSORFLOW, webgpu: GPU }), [
      "webgpu",
      "gpu",
      `found A GPU; ${not}`,
    ]);
    const neither = { tensorflow: NO_TENSORFLOW, webgpu: SOFTWARE };
    const reason = `${not}; not webgpu: only SwiftShader, which is software`;
    assert.deepEqual(await choose(neither), ["wasm", "cpu", reason]);
    const last = ["cpu", "cpu", `${reason}; not wasm: this engine has no SIMD`];
    assert.deepEqual(await choose({ ...neither, wasm: NO_SIMD }), last);
  });

  it("is searched no further than the first device that suits", async () => {
    const module = (name: DeviceName, probe: DeviceModule["probe"]): DeviceModule => {
      return { name, probe, open: async () => fakeDevice({ name }) };
    };
    const unexpected = (): Promise<Probe> => Promise.reject(new Error("searched"));
    const found = await findDevice([module("webgpu", async () => GPU), module("wasm", unexpected)]);
    assert.equal(found.device.name, "webgpu");
  });
});

describe("auto", () => {
  const fails = (name: DeviceName, kind: Probe["kind"], message: string): DeviceModule => {
    const open = (): Promise<never> => Promise.reject(new InputError(message));
    return { name, probe: async () => ({ suitsAuto: true, kind, reason: "found" }), open };
  };

  it("opens the next device if a GPU does not open, and says so", async () => {
    const chosen: Choice[] = [];
    const wasm: DeviceModule = {
      name: "wasm",
      probe: async () => WASM,
      open: async ({ choice }) => {
        chosen.push(choice);
        return fakeDevice({ choice });
      },
    };
    await openBest(1, [fails("tensorflow", "gpu", "no CUDA."), fails("webgpu", "gpu", "no memory."), wasm]);
    await openBest(1, [wasm]);
    const failures = "tensorflow does not open: no CUDA.; webgpu does not open: no memory.";
    assert.deepEqual(chosen, [
      { reason: `chosen by auto; ${failures}`, isAutomatic: true, isFallback: true },
      { reason: "chosen by auto", isAutomatic: true, isFallback: false },
    ]);
  });

  it("reports the failure of a device of the CPU", async () => {
    await assert.rejects(openBest(1, [fails("wasm", "cpu", "no kernels"), ...DEVICE_MODULES]), /no kernels/);
  });

  it("skips a TensorFlow package that is installed but does not load", async () => {
    const [tensorflow, ...others] = DEVICE_MODULES;
    const installed: DeviceModule = {
      name: tensorflow.name,
      probe: async () => ({ suitsAuto: true, kind: "gpu", reason: "it is installed" }),
      // It is not here, so loading it fails as it does if a library of CUDA's is missing.
      open: ({ choice }) => openTensorflow("@tensorflow/tfjs-node-gpu", choice),
    };
    const device = await openBest(1, [installed, ...others]);
    try {
      assert.ok(["webgpu", "wasm"].includes(device.name), device.name);
      assert.match(device.description, /tensorflow does not open: .*tfjs-node-gpu is installed but does not load/);
      assert.ok(device.choice.isAutomatic && device.choice.isFallback);
    } finally {
      await device.close();
    }
  });
});

describe("an opened device", () => {
  it("is the current one while its backend is TensorFlow.js's, and says what it is", async () => {
    const wasm = await openDevice("wasm", 2);
    try {
      assert.equal(currentDevice(), wasm);
      const { heap, tensorBytes } = wasm.limits;
      assert.deepEqual([wasm.kind, wasm.isBatchInvariant, tensorBytes], ["cpu", true, Number.POSITIVE_INFINITY]);
      const before = heap?.statistics.usedBytes ?? 0;
      const x = tf.tidy(() => tf.mul(tf.ones([1024]), 2));
      assert.equal((heap?.statistics.usedBytes ?? 0) - before > 0, true, "its tensors are on that heap");
      x.dispose();
      assert.equal(
        wasm.description,
        `wasm: our ${chooseBuild() === "relaxed" ? "relaxed " : ""}SIMD kernels on 2 threads (asked for)`,
      );
      const cpu = await openDevice("cpu", 1);
      assert.equal(currentDevice(), cpu);
      assert.deepEqual([cpu.kind, cpu.isBatchInvariant, cpu.limits.heap], ["cpu", false, null]);
      await tf.setBackend("elegant-wasm");
      assert.equal(currentDevice(), wasm, "after a change of backends without openDevice()");
    } finally {
      await wasm.close();
    }
    assert.notEqual(currentDevice(), wasm);
  });
});
