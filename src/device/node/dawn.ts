/** Opens Dawn, the implementation of WebGPU in the npm package `webgpu`. Loads no TensorFlow.js. */
import { tmpdir } from "node:os";
import { describeMismatch, InputError } from "../../errors.js";
import { WEBGPU_INSTALL, WEBGPU_PACKAGES } from "../webgpu/adapter.js";
import type { AdapterSource } from "../webgpu/open.js";
import { missingWebgpuPackages } from "./find-adapter.js";

/** Sets `navigator.gpu`. That object keeps Dawn's threads alive, so closing a device clears it. */
function setNavigatorGpu(gpu: GPU | undefined): void {
  if (globalThis.navigator === undefined) Object.defineProperty(globalThis, "navigator", { value: {}, writable: true });
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
}

/**
 * Opens Dawn and asks it for the fastest adapter.
 * @throws InputError if a package is missing or does not load
 */
export async function requestAdapter(): Promise<AdapterSource> {
  const missing = missingWebgpuPackages();
  if (missing.length > 0) {
    const expected = `${WEBGPU_PACKAGES.join(" and ")} next to elegant-faces`;
    const received = `no ${missing.join(", no ")}`;
    const remedy = `Run '${WEBGPU_INSTALL}', or use --device wasm.`;
    throw new InputError(describeMismatch("device webgpu", expected, received, remedy));
  }
  let dawn: { readonly create: (options: string[]) => GPU; readonly globals: object };
  try {
    dawn = await import("webgpu");
  } catch (cause) {
    const remedy = `Reinstall it with '${WEBGPU_INSTALL}', or use --device wasm.`;
    throw new InputError(`device webgpu: the package webgpu does not load (${String(cause)}). ${remedy}`, { cause });
  }
  Object.assign(globalThis, dawn.globals);
  // Dawn asks Wayland's library for displays. Without this variable, that library complains on stderr.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const gpu = dawn.create([]);
  return {
    adapter: await gpu.requestAdapter({ powerPreference: "high-performance" }),
    expose: () => setNavigatorGpu(gpu),
    withdraw: () => setNavigatorGpu(undefined),
  };
}
