/** TensorFlow.js's own CPU kernels, for what ours do not cover: slower, on the same memory. */
import "@tensorflow/tfjs-backend-cpu";
import { getKernel, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";

// For its side effect: the gradients of all stock kernels, which tfjs-core's Node bundle leaves out.
import "@tensorflow/tfjs-layers";

/** The name of TensorFlow.js's own CPU backend, which this module loads. */
export const STOCK_BACKEND = "cpu";

export type KernelParams = Parameters<KernelFunc>[0];

/** Runs the stock kernel of that name. */
export function stock(name: string, params: KernelParams): TensorInfo | TensorInfo[] {
  const kernel = getKernel(name, STOCK_BACKEND);
  if (kernel == null) throw new Error(`no stock kernel '${name}'`);
  return kernel.kernelFunc(params);
}
