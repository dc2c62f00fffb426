/** The devices of a browser: its GPU through WebGPU, and our SIMD kernels. */
import type { DeviceChoice } from "./choices.js";
import { setCurrentDevice } from "./current.js";
import type { Device } from "./device.js";
import * as wasm from "./wasm/index.js";

/** The devices that a page can choose. */
export type BrowserDevice = Extract<DeviceChoice, "auto" | "webgpu" | "wasm">;

/** The browser's GPU adapter; null if it has none or no WebGPU. */
async function findGpu(): Promise<GPUAdapter | null> {
  return (await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? null;
}

/**
 * Opens a device in a browser and makes it TensorFlow.js's current backend. Close it before you open another one. `wasm`
 * waits for its threads, which a page's main thread may not do, so call this in a Worker.
 * @param choice  "auto" takes the GPU if there is one that is not software, otherwise `wasm`
 * @param threads number of threads for `wasm`. A page without cross-origin isolation has one, and the description says so.
 * @throws InputError if there is no GPU for "webgpu"; RetryableError if the GPU does not open
 * @returns the device; it is also TensorFlow.js's current backend, which all other functions use
 * @example
 * ```ts
 * import { openDevice } from "elegant-faces";
 *
 * const device = await openDevice("auto", navigator.hardwareConcurrency);
 * ```
 */
export async function openDevice(choice: BrowserDevice, threads: number): Promise<Device> {
  const device = await (choice === "wasm" ? openWasm("asked for", threads) : openGpu(choice, threads));
  setCurrentDevice(device);
  return device;
}

function openWasm(reason: string, threads: number, isAutomatic = false): Promise<Device> {
  return wasm.open({ threads, choice: { reason, isAutomatic, isFallback: false } });
}

async function openGpu(choice: "auto" | "webgpu", threads: number): Promise<Device> {
  const isAutomatic = choice === "auto";
  const adapter = await findGpu();
  const { describeAdapter } = await import("./webgpu/request-device.js");
  const isReal = adapter !== null && describeAdapter(adapter).type === "gpu";
  if (isAutomatic && !isReal) {
    const found = adapter === null ? "no GPU with WebGPU" : "only a GPU that is software";
    return openWasm(`chosen by auto; not webgpu: ${found}`, threads, true);
  }
  const { openWebgpu } = await import("./webgpu/open.js");
  const reason = isAutomatic ? "chosen by auto" : "asked for";
  // TensorFlow.js finds the browser's navigator.gpu by itself.
  const source = { adapter, expose: () => {}, withdraw: () => {} };
  return openWebgpu(source, { reason, isAutomatic, isFallback: false });
}
