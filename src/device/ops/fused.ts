/** What our operations with kernels of their own share: is there one on the current device, and how its gradient sums. */
import * as tf from "@tensorflow/tfjs-core";
import { registerSharedKernel, type SharedMemoryBackend } from "../wasm/backend.js";

/** Whether the current backend has a kernel of ours; elsewhere the operation is composed from stock ones. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) != null;
}

/** Registers a kernel of ours. TensorFlow.js hands inputs over untyped; the kernel's name fixes what is in them. */
export function registerFused<Inputs>(
  kernelName: string,
  run: (
    backend: SharedMemoryBackend,
    inputs: Inputs,
    attrs: Record<string, unknown>,
  ) => tf.TensorInfo | tf.TensorInfo[],
): void {
  registerSharedKernel(kernelName, ({ inputs, backend, attrs }) =>
    run(backend as SharedMemoryBackend, inputs as unknown as Inputs, (attrs ?? {}) as Record<string, unknown>),
  );
}

/**
 * Runs a gradient kernel whose blocks leave partial sums, and adds those up in the order of blocks.
 * @param sums how many values each block leaves
 * @param run  starts the kernel with the place of the partial sums, float32 [blocks, sums]
 * @returns    [sums]
 */
export function withPartialSums(
  backend: SharedMemoryBackend,
  blocks: number,
  sums: number,
  run: (partial: number) => void,
): tf.TensorInfo {
  const { team } = backend;
  const total = backend.allocate([sums]);
  team.heap.withBlock(blocks * sums * 4, (partial) => {
    run(partial);
    team.kernels.sumPartials(partial, blocks, sums, total.pointer);
  });
  return total.info;
}
