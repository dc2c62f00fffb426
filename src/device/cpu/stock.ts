/** TensorFlow.js's own CPU kernels. The `wasm` device falls back to them: they are slower, and read the same memory. */
import "@tensorflow/tfjs-backend-cpu";
import { backend, getKernel, type KernelFunc, setBackend, type TensorInfo } from "@tensorflow/tfjs-core";

// For its side effect: the gradients of all stock kernels, which tfjs-core's Node bundle leaves out.
import "@tensorflow/tfjs-layers";

/** The name of TensorFlow.js's own CPU backend, which this module loads. */
export const STOCK_BACKEND = "cpu";

/** Makes the CPU backend TensorFlow.js's current one. */
export async function openStock(): Promise<void> {
  await setBackend(STOCK_BACKEND);
  // At its first use it would print advice to install another backend, on stdout, where our JSON belongs.
  (backend() as unknown as { firstUse: boolean }).firstUse = false;
}

export type KernelParams = Parameters<KernelFunc>[0];

/** Runs the stock kernel of that name. */
export function stock(name: string, params: KernelParams): TensorInfo | TensorInfo[] {
  const kernel = getKernel(name, STOCK_BACKEND);
  if (kernel == null) throw new Error(`no stock kernel '${name}'`);
  return kernel.kernelFunc(params);
}
