/** What kernels of the `wasm` device share: their form, their registration, and sums over the blocks of a gradient. */
import { getKernel, registerKernel, type TensorInfo, unregisterKernel } from "@tensorflow/tfjs-core";
import { type KernelParams, stock } from "../cpu/stock.js";
import { BACKEND_NAME, type SharedMemoryBackend } from "./backend.js";

/** A kernel for TensorFlow.js. It returns null for a case that it does not cover: TensorFlow.js's own kernel then runs. */
export type SharedKernel = (params: KernelParams) => TensorInfo | TensorInfo[] | null;
/** Kernels by the names that TensorFlow.js knows them by. */
export type KernelTable = Readonly<Record<string, SharedKernel>>;

/** Gives a kernel its types. TensorFlow.js passes inputs and attributes untyped: the kernel's name decides what is in them. */
export function typedKernel<Inputs, Attrs = object>(
  run: (backend: SharedMemoryBackend, inputs: Inputs, attrs: Attrs) => ReturnType<SharedKernel>,
): SharedKernel {
  return ({ inputs, backend, attrs }) =>
    run(backend as SharedMemoryBackend, inputs as unknown as Inputs, attrs as unknown as Attrs);
}

/** Registers kernels, in place of those that have the same names. If one fails, the tensors that it has made are disposed. */
export function registerSharedKernels(kernels: KernelTable): void {
  for (const [kernelName, run] of Object.entries(kernels)) {
    if (getKernel(kernelName, BACKEND_NAME) != null) unregisterKernel(kernelName, BACKEND_NAME);
    registerKernel({
      kernelName,
      backendName: BACKEND_NAME,
      kernelFunc: (params) =>
        (params.backend as SharedMemoryBackend).runKernel(() => run(params) ?? stock(kernelName, params)),
    });
  }
}

/**
 * Runs a gradient kernel whose blocks each write partial sums, and adds those up in the order of the blocks. The order makes
 * the result the same with any number of threads.
 * @param sums how many values each block writes
 * @param run  starts the kernel with the address of the partial sums, float32 [blocks, sums]
 * @returns    [sums]
 */
export function withPartialSums(
  backend: SharedMemoryBackend,
  blocks: number,
  sums: number,
  run: (partial: number) => void,
): TensorInfo {
  const { team } = backend;
  const total = backend.allocate([sums]);
  team.heap.withBlock(blocks * sums * 4, (partial) => {
    run(partial);
    team.kernels.sumPartials(partial, blocks, sums, total.pointer);
  });
  return total.info;
}
