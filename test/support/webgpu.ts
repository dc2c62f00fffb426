/** WebGPU for tests, with Chromium's software driver or a real GPU. */
import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { probeAdapter } from "../../src/device/node/find-adapter.js";
import { openDevice } from "../../src/device/open.js";
import { WEBGPU_INSTALL } from "../../src/device/webgpu/adapter.js";

/** SwiftShader, from Debian's package chromium: correct, but far too slow for anything other than tiny shapes. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

let available: Promise<boolean> | undefined;

/** False if there is no adapter: the test then calls this.skip(). Sets the variable that the driver's loader reads. */
export function hasWebgpu(): Promise<boolean> {
  available ??= (async () => {
    if (process.env.VK_ICD_FILENAMES === undefined && existsSync(SWIFTSHADER)) {
      process.env.VK_ICD_FILENAMES = SWIFTSHADER;
    }
    const { problem } = await probeAdapter();
    if (problem === null) return true;
    const needs = `needs ${WEBGPU_INSTALL} --no-save, and a GPU or SwiftShader (apt-get install chromium libvulkan1)`;
    console.log(`        skipped: ${needs}: ${problem}`);
    return false;
  })();
  return available;
}

/** Runs `body` on a device and leaves no tensors, because other tests count the live ones. */
export async function onDevice<T>(name: "cpu" | "wasm" | "webgpu", body: () => Promise<T>): Promise<T> {
  const device = await openDevice(name, 2);
  tf.engine().startScope();
  try {
    return await body();
  } finally {
    tf.engine().endScope();
    await device.close();
  }
}
