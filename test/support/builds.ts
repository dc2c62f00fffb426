/** Both builds of the kernels, also on Node.js 20, whose V8 runs the relaxed instructions only behind a flag. */
import { setFlagsFromString } from "node:v8";
import { loadModule, type ModuleName } from "../../src/kernels/module.js";
import { chooseBuild, hasRelaxedSimd, KERNEL_BUILDS, type KernelBuild } from "../../src/kernels/simd.js";

/**
 * Loads a module of any build. The flag is set only meanwhile, so that other tests of the process run what users run.
 * loadModule() returns the same module from then on.
 */
export async function loadBuild(name: ModuleName, build: KernelBuild): Promise<WebAssembly.Module> {
  if (build === "plain" || hasRelaxedSimd()) return loadModule(name, build);
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  try {
    return await loadModule(name, build);
  } finally {
    setFlagsFromString("--no-experimental-wasm-relaxed-simd");
  }
}

/** Makes one suite for each build. */
export function describeBuilds(
  name: string,
  module: ModuleName,
  suite: (this: Mocha.Suite, build: KernelBuild) => void,
): void {
  for (const build of KERNEL_BUILDS) {
    describe(build === chooseBuild() ? name : `${name}, in the ${build} build`, function () {
      before(() => loadBuild(module, build));
      suite.call(this, build);
    });
  }
}
