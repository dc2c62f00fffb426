/** What the runtime can do here: SIMD, threads, our kernels, optional packages, and the device that follows from it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HAS_SHARED_MEMORY, unshare } from "../kernels/memory.js";

/** (module (func (result v128) (i8x16.splat (i32.const 0)))), which an engine without SIMD refuses. */
const SIMD_MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type section: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function section
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b], // code section
]);

/** The modules that `npm run build` makes. */
const KERNEL_FILES = ["image.wasm", "linalg.wasm", "nn.wasm"] as const;

interface OptionalPackage {
  readonly name: string;
  readonly gives: string;
  /** Built or downloaded while installing, so that it may be missing although the package is there. */
  readonly binding?: string;
}

const OPTIONAL_PACKAGES: readonly OptionalPackage[] = [
  {
    name: "@tensorflow/tfjs-node-gpu",
    gives: "the tensorflow device on an NVIDIA GPU (CUDA)",
    binding: "tfjs_binding.node",
  },
  {
    name: "@tensorflow/tfjs-node",
    gives: "the tensorflow device on the CPU (native libtensorflow)",
    binding: "tfjs_binding.node",
  },
];

export interface PackageState {
  readonly name: string;
  readonly gives: string;
  /** Broken: the package is there, its native library is not. */
  readonly state: "installed" | "missing" | "broken";
  readonly version: string | null;
  /** The command that installs or mends it. */
  readonly remedy: string | null;
}

export interface KernelFile {
  readonly name: string;
  readonly state: "ok" | "missing" | "invalid";
}

export interface Capabilities {
  /** The oldest Node.js that package.json allows, and whether this one is new enough. */
  readonly node: { readonly needed: string; readonly ok: boolean };
  readonly simd: boolean;
  /** Whether threads can share memory; where they cannot, one does everything. */
  readonly threads: boolean;
  readonly kernels: readonly KernelFile[];
  readonly packages: readonly PackageState[];
  /** What `--device auto` takes here, and why. */
  readonly device: DeviceChoice;
}

export interface DeviceChoice {
  readonly name: "tensorflow" | "wasm" | "cpu";
  readonly reason: string;
}

export function examineCapabilities(): Capabilities {
  const simd = WebAssembly.validate(SIMD_MODULE);
  const require = createRequire(import.meta.url);
  const packages = OPTIONAL_PACKAGES.map((item) => examinePackage(item, require.resolve.paths(item.name) ?? []));
  return {
    node: examineNode(process.versions.node),
    simd,
    threads: HAS_SHARED_MEMORY,
    kernels: examineKernels(fileURLToPath(new URL("../../wasm/", import.meta.url))),
    packages,
    device: chooseDevice(packages, simd),
  };
}

/** A GPU through TensorFlow first, then TensorFlow on the CPU, then WebAssembly, which every machine has. */
export function chooseDevice(packages: readonly Pick<PackageState, "name" | "state">[], simd: boolean): DeviceChoice {
  const found = packages.find(({ name, state }) => name.startsWith("@tensorflow/") && state === "installed");
  if (found !== undefined) return { name: "tensorflow", reason: `${found.name} is installed` };
  if (simd) return { name: "wasm", reason: "no native TensorFlow is installed" };
  return { name: "cpu", reason: "no native TensorFlow is installed, and this engine has no WebAssembly SIMD" };
}

/** Compares with the `engines` entry of package.json, ">=MAJOR.MINOR". */
export function examineNode(version: string): { needed: string; ok: boolean } {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const needed = (JSON.parse(text) as { engines: { node: string } }).engines.node.replace(">=", "");
  const [major, minor] = version.split(".").map(Number);
  const [neededMajor, neededMinor = 0] = needed.split(".").map(Number);
  return { needed, ok: major > neededMajor || (major === neededMajor && minor >= neededMinor) };
}

/** Whether the kernel modules are in `folder` and are modules that this engine accepts. */
export function examineKernels(folder: string): KernelFile[] {
  return KERNEL_FILES.map((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return { name, state: "missing" };
    return { name, state: isModule(readFileSync(path)) ? "ok" : "invalid" };
  });
}

/** As module.ts would load it. */
function isModule(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    if (!HAS_SHARED_MEMORY) unshare(bytes);
    return WebAssembly.validate(bytes);
  } catch {
    return false;
  }
}

/** Looks a package up in `folders` (node_modules) without loading it: a native binding can end the process. */
export function examinePackage(item: OptionalPackage, folders: readonly string[]): PackageState {
  const { name, gives, binding } = item;
  const root = folders.map((folder) => join(folder, name)).find((path) => existsSync(join(path, "package.json")));
  if (root === undefined) {
    return { name, gives, state: "missing", version: null, remedy: `npm install ${name}` };
  }
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  if (binding !== undefined && !hasBinding(join(root, "lib"), binding)) {
    return { name, gives, state: "broken", version, remedy: `npm rebuild ${name}` };
  }
  return { name, gives, state: "installed", version, remedy: null };
}

/** The binding lies in a folder that names the version of Node's interface: lib/napi-v8/. */
function hasBinding(lib: string, binding: string): boolean {
  if (!existsSync(lib)) return false;
  return readdirSync(lib).some((folder) => folder.startsWith("napi-") && existsSync(join(lib, folder, binding)));
}
