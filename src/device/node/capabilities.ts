/** What the runtime can do here: SIMD, threads, our kernels, optional packages, and the device that follows from it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HAS_SHARED_MEMORY, unshare } from "../../kernels/memory.js";
import { type AdapterProbe, probeAdapter, WEBGPU_INSTALL, WEBGPU_PACKAGES } from "../webgpu/adapter.js";

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
  /** Where it is not installed by its name alone. */
  readonly install?: string;
}

/** The one package of the `tensorflow` device that computes on a GPU. */
const TENSORFLOW_GPU = "@tensorflow/tfjs-node-gpu";

const OPTIONAL_PACKAGES: readonly OptionalPackage[] = [
  {
    name: TENSORFLOW_GPU,
    gives: "the tensorflow device on an NVIDIA GPU (CUDA)",
    binding: "tfjs_binding.node",
  },
  {
    name: "@tensorflow/tfjs-node",
    gives: "the tensorflow device on the CPU (native libtensorflow)",
    binding: "tfjs_binding.node",
  },
  ...WEBGPU_PACKAGES.map((name) => ({
    name,
    gives: "the webgpu device (a GPU of any vendor; both packages are needed)",
    install: WEBGPU_INSTALL,
  })),
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
  /** What the webgpu device would run on. */
  readonly adapter: AdapterProbe;
  /** What `--device auto` takes here, and why. */
  readonly device: DeviceChoice;
}

export interface DeviceChoice {
  readonly name: "tensorflow" | "webgpu" | "wasm" | "cpu";
  readonly reason: string;
}

export async function examineCapabilities(): Promise<Capabilities> {
  const simd = WebAssembly.validate(SIMD_MODULE);
  const packages = examinePackages();
  const adapter = await probeAdapter();
  return {
    node: examineNode(process.versions.node),
    simd,
    threads: HAS_SHARED_MEMORY,
    kernels: examineKernels(fileURLToPath(new URL("../../../wasm/", import.meta.url))),
    packages,
    adapter,
    device: chooseDevice(packages, adapter, simd),
  };
}

export function examinePackages(): PackageState[] {
  const require = createRequire(import.meta.url);
  return OPTIONAL_PACKAGES.map((item) => examinePackage(item, require.resolve.paths(item.name) ?? []));
}

/** What `--device auto` takes here. */
export async function findDevice(
  packages: readonly Pick<PackageState, "name" | "state">[] = examinePackages(),
): Promise<DeviceChoice> {
  const simd = WebAssembly.validate(SIMD_MODULE);
  const known = chooseDevice(packages, { adapter: null, problem: "not looked for" }, simd);
  return known.name === "tensorflow" ? known : chooseDevice(packages, await probeAdapter(), simd);
}

/**
 * TensorFlow on a GPU first, then WebGPU on a real one, then WebAssembly, which every machine has. The reason says what is
 * against those before.
 */
export function chooseDevice(
  packages: readonly Pick<PackageState, "name" | "state">[],
  { adapter, problem }: AdapterProbe,
  simd: boolean,
): DeviceChoice {
  const tensorflow = packages.find(({ name }) => name === TENSORFLOW_GPU)?.state ?? "missing";
  if (tensorflow === "installed") return { name: "tensorflow", reason: `${TENSORFLOW_GPU} is installed` };
  const noTensorflow = `tensorflow: ${TENSORFLOW_GPU} is ${tensorflow === "broken" ? "broken" : "not installed"}`;
  if (adapter?.type === "gpu") return { name: "webgpu", reason: `found ${adapter.name}; not ${noTensorflow}` };
  const noWebgpu = `webgpu: ${adapter === null ? problem : `only ${adapter.name}, which is software`}`;
  const reason = `not ${noTensorflow}; not ${noWebgpu}`;
  return simd ? { name: "wasm", reason } : { name: "cpu", reason: `${reason}; not wasm: this engine has no SIMD` };
}

/** Compares with the `engines` entry of package.json, ">=MAJOR.MINOR". */
export function examineNode(version: string): { needed: string; ok: boolean } {
  const text = readFileSync(new URL("../../../../package.json", import.meta.url), "utf8");
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
    return { name, gives, state: "missing", version: null, remedy: item.install ?? `npm install ${name}` };
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
