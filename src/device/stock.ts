/** TensorFlow.js's own CPU kernels, for what ours do not cover: slower, on the same memory. */
import { getKernel, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";

export type KernelParams = Parameters<KernelFunc>[0];

/** Runs the stock kernel of that name. */
export function stock(name: string, params: KernelParams): TensorInfo | TensorInfo[] {
  const kernel = getKernel(name, "cpu");
  if (kernel == null) throw new Error(`no stock kernel '${name}'`);
  return kernel.kernelFunc(params);
}
