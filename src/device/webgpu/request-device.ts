/** Describes an adapter and opens it, through WebGPU's own interface. */
import { RetryableError } from "../../errors.js";
import { type AdapterDescription, RAISED_LIMITS } from "./adapter.js";

/** Names of drivers that run on the CPU: not all of them set `isFallbackAdapter`. */
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
 * Opens an adapter with all its limits raised.
 * @throws RetryableError with the driver's words: it may be out of memory, or another program may have it
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
