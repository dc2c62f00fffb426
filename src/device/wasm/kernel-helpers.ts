/** What kernels of the `wasm` device share: typed inputs, and sums over the blocks of a gradient. */
import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "./backend.js";

/** A kernel for TensorFlow.js, which passes inputs and attributes untyped: the kernel's name decides what is in them. */
export function typedKernel<Inputs, Attrs = object>(
  run: (backend: SharedMemoryBackend, inputs: Inputs, attrs: Attrs) => TensorInfo | TensorInfo[],
): KernelFunc {
  return ({ inputs, backend, attrs }) =>
    run(backend as SharedMemoryBackend, inputs as unknown as Inputs, attrs as unknown as Attrs);
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
