/** The kernels of ../ops/reflect-pad.ts. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { REFLECT_PAD, REFLECT_PAD_GRADIENT, type ReflectPadAttributes } from "../ops/reflect-pad.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values that one block writes. */
const BLOCK_VALUES = 16384;

/**
 * Runs either kernel.
 * @param inner  the shape without padding, [N, H, W, C]
 * @param result the shape of the tensor that the kernel writes
 */
function run(
  backend: SharedMemoryBackend,
  kernel: "reflectPad" | "reflectPadGradient",
  input: TensorInfo,
  [, height, width, channels]: readonly number[],
  result: readonly number[],
  pad: number,
): TensorInfo {
  const output = backend.allocate(result);
  const rows = result[0] * result[1];
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / (result[2] * channels)));
  const values = [backend.pointerOf(input), output.pointer, height, width, channels, pad, rows, blockRows];
  backend.team.run(kernel, values, Math.ceil(rows / blockRows));
  return output.info;
}

const forward = typedKernel<{ x: TensorInfo }, ReflectPadAttributes>((backend, { x }, { pad }) => {
  const [n, height, width, channels] = x.shape;
  const padded = [n, height + 2 * pad, width + 2 * pad, channels];
  return run(backend, "reflectPad", x, x.shape, padded, pad);
});

const gradient = typedKernel<{ dy: TensorInfo }, ReflectPadAttributes>((backend, { dy }, { pad }) => {
  const [n, height, width, channels] = dy.shape;
  const inner = [n, height - 2 * pad, width - 2 * pad, channels];
  return run(backend, "reflectPadGradient", dy, inner, inner, pad);
});

export const REFLECT_PAD_KERNELS: KernelTable = {
  [REFLECT_PAD]: forward,
  [REFLECT_PAD_GRADIENT]: gradient,
};
