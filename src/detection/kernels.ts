/** Kernels of the detector's network whose stock form is slow, for the `wasm` device; loops over plain views. */
import {
  ClipByValue,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
  util,
} from "@tensorflow/tfjs-core";
import { BACKEND_NAME, type SharedMemoryBackend } from "../device/shared-backend.js";

const clip: KernelFunc = ({ inputs, backend, attrs }) => {
  const shared = backend as SharedMemoryBackend;
  const { x } = inputs as unknown as { readonly x: TensorInfo };
  const { clipValueMin: low, clipValueMax: high } = attrs as unknown as { clipValueMin: number; clipValueMax: number };
  const y = shared.allocate(x.shape);
  const count = util.sizeFromShape(x.shape);
  const from = shared.team.heap.floats(shared.pointerOf(x), count);
  const to = shared.team.heap.floats(y.pointer, count);
  for (let i = 0; i < count; i++) {
    const value = from[i];
    to[i] = value < low ? low : value > high ? high : value;
  }
  return y.info;
};

export function registerDetectionKernels(): void {
  unregisterKernel(ClipByValue, BACKEND_NAME);
  registerKernel({ kernelName: ClipByValue, backendName: BACKEND_NAME, kernelFunc: clip });
}
