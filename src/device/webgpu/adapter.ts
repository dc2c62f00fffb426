/**
 * The adapter (the GPU and its driver) under the `webgpu` device. Loads nothing, and names no type of WebGPU's: the package's
 * public types lead here.
 */
import { describeMismatch, InputError } from "../../errors.js";
import type { Probe } from "../device.js";

/** The packages that the device needs in Node.js. Users install them next to ours, because they take 150 MB. */
export const WEBGPU_PACKAGES = ["webgpu", "@tensorflow/tfjs-backend-webgpu"] as const;
export const WEBGPU_INSTALL = "npm install webgpu@0.6 @tensorflow/tfjs-backend-webgpu@4.22";

/** The limits that decide what fits into memory and how programs are cut. A device is opened with all of them raised. */
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
  /** "software" if the CPU does a GPU's work (SwiftShader, lavapipe). WebGPU says no more about real GPUs. */
  readonly type: "gpu" | "software";
  /** Bytes of the largest tensor: a buffer and a binding must both be able to hold it. */
  readonly largestTensorBytes: number;
  readonly limits: Readonly<Record<(typeof RAISED_LIMITS)[number], number>>;
}

/** The result of looking for an adapter: one, or the reason why there is none. */
export type AdapterProbe =
  | { readonly adapter: AdapterDescription; readonly problem: null }
  | { readonly adapter: null; readonly problem: string };

/** The problem of a machine without a GPU. */
export const NO_GPU = "no GPU with a Vulkan, Metal or Direct3D 12 driver";

/** @param problem why there is no adapter */
export function noAdapter(problem: string): InputError {
  const expected = NO_GPU.replace("no", "a");
  const received = problem === NO_GPU ? "none" : problem;
  const remedy = "Install the vendor's driver (on Linux also libvulkan1), or use --device wasm.";
  return new InputError(describeMismatch("device webgpu", expected, received, remedy));
}

/** Whether `--device auto` can choose `webgpu` on this adapter. Software would be slower than the `wasm` device. */
export function judgeAdapter({ adapter, problem }: AdapterProbe): Probe {
  if (adapter === null) return { suitsAuto: false, kind: "gpu", reason: problem };
  const { name, type } = adapter;
  const suitsAuto = type === "gpu";
  return { suitsAuto, kind: type, reason: suitsAuto ? `found ${name}` : `only ${name}, which is software` };
}
