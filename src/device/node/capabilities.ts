/** Everything that `elegant doctor` reports about this machine: Node.js, SIMD, threads, our kernels, packages, GPU, device. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HAS_SHARED_MEMORY, unshare } from "../../kernels/memory.js";
import { moduleFile } from "../../kernels/module.js";
import { chooseBuild, hasSimd, type KernelBuild } from "../../kernels/simd.js";
import type { DeviceName } from "../device.js";
import { DEVICE_MODULES, findDevice } from "../devices.js";
import { type AdapterProbe, judgeAdapter } from "../webgpu/adapter.js";
import { probeAdapter } from "./find-adapter.js";
import { examinePackages, type PackageState } from "./packages.js";

const MODULES = ["image", "linalg", "nn"] as const;

export interface KernelFile {
  readonly name: string;
  readonly state: "ok" | "missing" | "invalid";
}

export interface Capabilities {
  /** The oldest Node.js that package.json allows, and whether this one is new enough. */
  readonly node: { readonly needed: string; readonly ok: boolean };
  readonly simd: boolean;
  /** The build of the kernels that this engine loads. */
  readonly kernelBuild: KernelBuild;
  /** Whether threads can share memory. If not, one thread does everything. */
  readonly threads: boolean;
  readonly kernels: readonly KernelFile[];
  readonly packages: readonly PackageState[];
  /** The GPU that the `webgpu` device would use. */
  readonly adapter: AdapterProbe;
  /** The device that `--device auto` chooses here, and why. */
  readonly device: { readonly name: DeviceName; readonly reason: string };
}

export async function examineCapabilities(): Promise<Capabilities> {
  const adapter = await probeAdapter();
  const build = chooseBuild();
  const { device, reason } = await findDevice(DEVICE_MODULES, { webgpu: judgeAdapter(adapter) });
  return {
    node: examineNode(process.versions.node),
    simd: hasSimd(),
    kernelBuild: build,
    threads: HAS_SHARED_MEMORY,
    kernels: examineKernels(fileURLToPath(new URL("../../../wasm/", import.meta.url)), build),
    packages: examinePackages(),
    adapter,
    device: { name: device.name, reason },
  };
}

/** Compares with the `engines` entry of package.json, ">=MAJOR.MINOR". */
export function examineNode(version: string): { needed: string; ok: boolean } {
  const text = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
  const needed = (JSON.parse(text) as { engines: { node: string } }).engines.node.replace(">=", "");
  const [major, minor] = version.split(".").map(Number);
  const [neededMajor, neededMinor = 0] = needed.split(".").map(Number);
  return { needed, ok: major > neededMajor || (major === neededMajor && minor >= neededMinor) };
}

/** Whether `folder` has all kernel modules of a build, and whether this engine accepts them. */
export function examineKernels(folder: string, build: KernelBuild): KernelFile[] {
  return MODULES.map((module) => {
    const name = moduleFile(module, build);
    const path = join(folder, name);
    if (!existsSync(path)) return { name, state: "missing" };
    return { name, state: isModule(readFileSync(path)) ? "ok" : "invalid" };
  });
}

/** Checks a module in the form in which kernels/module.ts loads it. */
function isModule(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    if (!HAS_SHARED_MEMORY) unshare(bytes);
    return WebAssembly.validate(bytes);
  } catch {
    return false;
  }
}
