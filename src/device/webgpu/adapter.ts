/**
 * Whether there is a GPU for the `webgpu` device, and what it is. Loads neither Dawn nor TensorFlow.js, and names no type
 * of WebGPU's: the package's public types lead here.
 */

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describeMismatch, InputError } from "../../errors.js";

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

/** The problem of a machine without a GPU. */
export const NO_GPU = "no GPU with a Vulkan, Metal or Direct3D 12 driver";

/** @param problem why there is no adapter */
export function noAdapter(problem: string): InputError {
  const expected = NO_GPU.replace("no", "a");
  const received = problem === NO_GPU ? "none" : problem;
  const remedy = "Install the vendor's driver (on Linux also libvulkan1), or use --device wasm.";
  return new InputError(describeMismatch("device webgpu", expected, received, remedy));
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
  const script = fileURLToPath(new URL("../node/print-adapter.js", import.meta.url));
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
