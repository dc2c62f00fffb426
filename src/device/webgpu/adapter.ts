/** Finding a GPU through the npm package `webgpu` (Dawn for Node). Loads no TensorFlow.js. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { describeMismatch, InputError, RetryableError } from "../../errors.js";

/** What the device is made of; installed by the user beside us, since they take 150 MB. */
export const WEBGPU_PACKAGES = ["webgpu", "@tensorflow/tfjs-backend-webgpu"] as const;
export const WEBGPU_INSTALL = "npm install webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22";

/** The limits that decide what fits into memory and how programs are cut; the backend is opened with all of them raised. */
export const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const;

export interface AdapterDescription {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** Software: the CPU draws in a GPU's place (SwiftShader, lavapipe). WebGPU does not tell more about real ones. */
  readonly type: "gpu" | "software";
  /** The largest tensor, in bytes: the smaller of what a buffer and a binding may have. */
  readonly largestTensorBytes: number;
  readonly limits: Readonly<Record<(typeof RAISED_LIMITS)[number], number>>;
}

/** What looking for an adapter found: one, or the reason why there is none. */
export type AdapterProbe =
  | { readonly adapter: AdapterDescription; readonly problem: null }
  | { readonly adapter: null; readonly problem: string };

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

/** The packages of the device that are not installed. */
export function missingWebgpuPackages(): readonly string[] {
  const require = createRequire(import.meta.url);
  return WEBGPU_PACKAGES.filter((name) => {
    try {
      require.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
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

/** The problem of a machine without a GPU. */
export const NO_GPU = "no GPU with a Vulkan, Metal or Direct3D 12 driver";

/** @param problem why there is no adapter */
export function noAdapter(problem: string): InputError {
  const expected = NO_GPU.replace("no", "a");
  const received = problem === NO_GPU ? "none" : problem;
  const remedy = "Install the vendor's driver (on Linux also libvulkan1), or use --device wasm.";
  return new InputError(describeMismatch("device webgpu", expected, received, remedy));
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

/** Long enough for a driver that compiles its own start-up shaders. */
const PROBE_MILLISECONDS = 30_000;

/**
 * Looks for an adapter in a process of its own: Dawn and the drivers write to stderr what they do not like, and a broken
 * driver can end the process that loads it.
 */
export function probeAdapter(): Promise<AdapterProbe> {
  const missing = missingWebgpuPackages();
  if (missing.length > 0) return Promise.resolve({ adapter: null, problem: `${missing[0]} is not installed` });
  const script = fileURLToPath(new URL("./probe.js", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { timeout: PROBE_MILLISECONDS }, (error, stdout) => {
      try {
        resolve(JSON.parse(stdout) as AdapterProbe);
      } catch {
        const why = error?.signal ? `ended by ${error.signal}` : `ended with exit code ${error?.code ?? 0}`;
        resolve({ adapter: null, problem: `the search for a GPU ${why}` });
      }
    });
  });
}
