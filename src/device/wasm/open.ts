/** Opens the `wasm` device: a team of threads, one shared memory, and the backend that puts TensorFlow.js on them. */
import * as tf from "@tensorflow/tfjs-core";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import { loadModule } from "../../kernels/module.js";
import { TEAM_KERNELS } from "../../kernels/nn.js";
import { chooseBuild } from "../../kernels/simd.js";
import { KernelTeam } from "../../pool/team/team.js";
import { STOCK_BACKEND } from "../cpu/stock.js";
import type { Device, OpenOptions } from "../device.js";
import { ADAM_KERNEL } from "./adam-kernel.js";
import { BACKEND_NAME, SharedMemoryBackend } from "./backend.js";
import { BIAS_LEAKY_KERNELS } from "./bias-leaky-kernels.js";
import { CHANNEL_NORM_KERNELS } from "./channel-norm-kernels.js";
import { CONV_KERNELS } from "./conv-kernels.js";
import { COPY_KERNELS } from "./copy-kernels.js";
import { ELEMENTWISE_KERNELS } from "./elementwise-kernels.js";
import { INSTANCE_NORM_KERNELS } from "./instance-norm-kernels.js";
import { registerSharedKernels } from "./kernel-helpers.js";
import { MATMUL_KERNELS } from "./matmul-kernel.js";
import { MEAN_ABSOLUTE_ERROR_KERNELS } from "./mean-absolute-error-kernels.js";
import { POOL_KERNELS } from "./pool-kernels.js";
import { REDUCE_KERNELS } from "./reduce-kernels.js";
import { REFLECT_PAD_KERNELS } from "./reflect-pad-kernels.js";
import { RESIDUAL_KERNELS } from "./residual-kernels.js";
import { RMSPROP_KERNEL } from "./rmsprop-kernel.js";

/** Registers all kernels, once per thread: they stay registered when a device is closed. */
function registerKernels(): void {
  if (tf.getKernelsForBackend(BACKEND_NAME).length > 0) return;
  for (const kernel of tf.getKernelsForBackend(STOCK_BACKEND)) {
    tf.registerKernel({ ...kernel, backendName: BACKEND_NAME });
  }
  registerSharedKernels({
    ...ADAM_KERNEL,
    ...BIAS_LEAKY_KERNELS,
    ...CHANNEL_NORM_KERNELS,
    ...INSTANCE_NORM_KERNELS,
    ...CONV_KERNELS,
    ...COPY_KERNELS,
    ...ELEMENTWISE_KERNELS,
    ...MATMUL_KERNELS,
    ...MEAN_ABSOLUTE_ERROR_KERNELS,
    ...POOL_KERNELS,
    ...REDUCE_KERNELS,
    ...REFLECT_PAD_KERNELS,
    ...RESIDUAL_KERNELS,
    ...RMSPROP_KERNEL,
  });
}

export async function openWasm({ threads, heap, choice }: OpenOptions): Promise<Device> {
  const build = chooseBuild();
  const team = new KernelTeam(await loadModule("nn", build), threads, TEAM_KERNELS, heap);
  registerKernels();
  const backend = new SharedMemoryBackend(team);
  tf.registerBackend(BACKEND_NAME, () => backend);
  await tf.setBackend(BACKEND_NAME);
  const hardware = `wasm: our ${build === "relaxed" ? "relaxed " : ""}SIMD kernels`;
  return {
    name: "wasm",
    kind: "cpu",
    description: `${hardware} on ${team.description} (${choice.reason})`,
    hardware,
    choice: { ...choice, isFallback: choice.isFallback || !HAS_SHARED_MEMORY },
    threads: team.threads,
    isBatchInvariant: true,
    limits: { tensorBytes: Number.POSITIVE_INFINITY, heap: team.heap },
    freeze(tensors) {
      for (const tensor of tensors) backend.freeze(tensor);
    },
    async close() {
      tf.removeBackend(BACKEND_NAME);
      await team.close();
    },
  };
}
