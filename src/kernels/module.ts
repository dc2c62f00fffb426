/** Loads the WASM modules of assembly/. Each is compiled once per process and can be instantiated on any memory. */
import { readAsset } from "#platform";
import { fromSystemError } from "../errors.js";
import { HAS_SHARED_MEMORY, unshare, type WasmMemory, type WasmModule } from "./memory.js";
import { chooseBuild, type KernelBuild } from "./simd.js";

export type ModuleName = "image" | "linalg" | "nn";

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** The file of a module. image.wasm has one build, so that prepared images have the same bytes on every engine. */
export function moduleFile(name: ModuleName, build: KernelBuild): string {
  return name === "image" || build === "plain" ? `${name}.wasm` : `${name}-${build}.wasm`;
}

async function compile(file: string): Promise<WebAssembly.Module> {
  try {
    const bytes = await readAsset(file);
    if (!HAS_SHARED_MEMORY) unshare(bytes);
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw fromSystemError(error, `Loading the kernels '${file}' (npm run build makes them)`);
  }
}

/**
 * Returns the compiled module, the same one on each call. It can be passed to worker threads in their workerData.
 * @param build tests name one, everything else takes this process's
 * @throws InputError if ELEGANT_SIMD is wrong; the system's error if the file is missing
 */
export async function loadModule(name: ModuleName, build = chooseBuild()): Promise<WebAssembly.Module> {
  const file = moduleFile(name, build);
  let module = compiled.get(file);
  if (module === undefined) {
    module = compile(file);
    module.catch(() => compiled.delete(file));
    compiled.set(file, module);
  }
  return module;
}

/**
 * Instantiates a module on `memory`. The modules own no data, so any number of instances may share one memory.
 * @typeParam Exports the module's interface (ImageKernels in image.ts for "image")
 */
export function instantiate<Exports>(module: WasmModule, memory: WasmMemory): Exports {
  const abort = (): never => {
    throw new Error("A kernel stopped itself: its arguments are wrong.");
  };
  const env = { memory: memory as WebAssembly.Memory, abort };
  return new WebAssembly.Instance(module, { env }).exports as unknown as Exports;
}
