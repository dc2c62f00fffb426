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

/**
 * Adds up the float64 sums of a kernel's blocks in the order of the blocks, so that the result is the same with any number of threads.
 * @param run starts the kernel with the address of the partial sums, float64 [blocks, columns]
 * @returns float32 [columns]
 */
export function addBlocks(
  backend: SharedMemoryBackend,
  blocks: number,
  columns: number,
  divisor: number,
  run: (partial: number) => void,
): TensorInfo {
  const { heap } = backend.team;
  const sums = heap.withBlock(blocks * columns * 8, (partial) => {
    run(partial);
    const parts = new Float64Array(heap.memory.buffer, partial, blocks * columns);
    const totals = parts.slice(0, columns);
    for (let i = columns; i < parts.length; i++) totals[i % columns] += parts[i];
    return totals;
  });
  const y = backend.allocate([columns]);
  heap.floats(y.pointer, columns).set(sums.map((sum) => sum / divisor));
  return y.info;
}
