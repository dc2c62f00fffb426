/** Finding and opening a GPU through the npm package `webgpu` (Dawn for Node). Loads no TensorFlow.js. */
import { tmpdir } from "node:os";
import { describeMismatch, InputError, RetryableError } from "../../errors.js";
import {
  type AdapterDescription,
  missingWebgpuPackages,
  RAISED_LIMITS,
  WEBGPU_INSTALL,
  WEBGPU_PACKAGES,
} from "../webgpu/adapter.js";

/** Drivers that run on the CPU, by what they call themselves; not all of them say so in `isFallbackAdapter`. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

export function describeAdapter({ info, limits }: Pick<GPUAdapter, "info" | "limits">): AdapterDescription {
  const { vendor, architecture, device, description } = info;
  const name = description || device || [vendor, architecture].filter(Boolean).join(" ") || "a GPU without a name";
  const software = info.isFallbackAdapter === true || SOFTWARE.test([name, device, architecture].join(" "));
  const raised = Object.fromEntries(RAISED_LIMITS.map((limit) => [limit, limits[limit]]));
  return {
    name,
    vendor,
    architecture,
    type: software ? "software" : "gpu",
    largestTensorBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
    limits: raised as AdapterDescription["limits"],
  };
}

/**
 * Opens Dawn and asks it for the fastest adapter.
 * @throws InputError when the package is missing or does not load
 */
export async function requestAdapter(): Promise<{ readonly gpu: GPU; readonly adapter: GPUAdapter | null }> {
  const missing = missingWebgpuPackages();
  if (missing.length > 0) {
    const expected = `${WEBGPU_PACKAGES.join(" and ")} beside us`;
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
  // Wayland's library, which Dawn asks for displays, complains on stderr where there is none.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const gpu = dawn.create([]);
  return { gpu, adapter: await gpu.requestAdapter({ powerPreference: "high-performance" }) };
}

/**
 * A device with all that its adapter can do.
 * @throws RetryableError with the driver's words: it may be out of memory, or in another program's hands
 */
export async function requestDevice(
  adapter: Pick<GPUAdapter, "requestDevice">,
  { name, limits }: Pick<AdapterDescription, "name" | "limits">,
): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((limit) => [limit, limits[limit]]));
  try {
    return await adapter.requestDevice({ requiredLimits });
  } catch (cause) {
    const words = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0].trim().replace(/\.$/, "");
    const remedy = "Close other programs that use the GPU or update its driver, or use --device wasm.";
    throw new RetryableError(`device webgpu: ${name} does not open (${words}). ${remedy}`, { cause });
  }
}
