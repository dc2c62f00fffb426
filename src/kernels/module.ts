/** Loads the WASM modules of assembly/. Each is compiled once per process and can be instantiated on any memory. */
import { readModule } from "#platform";
import { fromSystemError } from "../errors.js";
import { HAS_SHARED_MEMORY, unshare, type WasmMemory, type WasmModule } from "./memory.js";

export type ModuleName = "image" | "linalg" | "nn";

const compiled = new Map<ModuleName, Promise<WebAssembly.Module>>();

async function compile(name: ModuleName): Promise<WebAssembly.Module> {
  try {
    const bytes = await readModule(`${name}.wasm`);
    if (!HAS_SHARED_MEMORY) unshare(bytes);
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw fromSystemError(error, `Loading the kernels '${name}.wasm' (npm run build makes them)`);
  }
}

/** Returns the compiled module, the same one on each call. It can be passed to worker threads in their workerData. */
export function loadModule(name: ModuleName): Promise<WebAssembly.Module> {
  let module = compiled.get(name);
  if (module === undefined) {
    module = compile(name);
    module.catch(() => compiled.delete(name));
    compiled.set(name, module);
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
