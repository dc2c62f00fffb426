/** Optional npm packages that devices and the queue need: which are installed, and the command that installs or mends the others. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { WEBGPU_INSTALL, WEBGPU_PACKAGES } from "../webgpu/adapter.js";

/** The package of the `tensorflow` device that computes on a GPU. */
export const TENSORFLOW_GPU = "@tensorflow/tfjs-node-gpu";
/** Packages of the `tensorflow` device, in the order in which they are tried. */
export const TENSORFLOW_PACKAGES = [TENSORFLOW_GPU, "@tensorflow/tfjs-node"] as const;
/** The packages of `elegant queue`, for users who work on several machines. */
export const QUEUE_PACKAGES = ["bullmq", "ioredis"] as const;
export const QUEUE_INSTALL = "npm install bullmq ioredis";

const require = createRequire(import.meta.url);

interface OptionalPackage {
  readonly name: string;
  readonly gives: string;
  /** A native library that is built or downloaded during installation. It can be missing although the package is there. */
  readonly binding?: string;
  /** The command that installs it, if its name alone is not enough. */
  readonly install?: string;
}

const OPTIONAL_PACKAGES: readonly OptionalPackage[] = [
  ...TENSORFLOW_PACKAGES.map((name) => ({
    name,
    gives: `the tensorflow device on ${name === TENSORFLOW_GPU ? "an NVIDIA GPU (CUDA)" : "the CPU (native libtensorflow)"}`,
    binding: "tfjs_binding.node",
  })),
  ...WEBGPU_PACKAGES.map((name) => ({
    name,
    gives: "the webgpu device (a GPU of any vendor; both packages are needed)",
    install: WEBGPU_INSTALL,
  })),
  ...QUEUE_PACKAGES.map((name) => ({
    name,
    gives: "elegant queue (both packages are needed)",
    install: QUEUE_INSTALL,
  })),
];

export interface PackageState {
  readonly name: string;
  readonly gives: string;
  /** "broken": the package is there, but its native library is missing. */
  readonly state: "installed" | "missing" | "broken";
  readonly version: string | null;
  /** The command that installs or mends it; null if nothing is to be done. */
  readonly remedy: string | null;
}

/** The packages among `names` that Node.js finds. */
export function installedPackages<Name extends string>(names: readonly Name[]): Name[] {
  return names.filter((name) => {
    try {
      require.resolve(name);
      return true;
    } catch {
      return false;
    }
  });
}

export function examinePackages(): PackageState[] {
  return OPTIONAL_PACKAGES.map((item) => examinePackage(item, require.resolve.paths(item.name) ?? []));
}

export function examineTensorflowGpu(): PackageState {
  return examinePackage(OPTIONAL_PACKAGES[0], require.resolve.paths(TENSORFLOW_GPU) ?? []);
}

/** Looks for a package in `folders` (node_modules) without loading it: a broken native library can end the process. */
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

/** The binding is in a folder named after the version of Node's native interface: lib/napi-v8/. */
function hasBinding(lib: string, binding: string): boolean {
  if (!existsSync(lib)) return false;
  return readdirSync(lib).some((folder) => folder.startsWith("napi-") && existsSync(join(lib, folder, binding)));
}
