/**
 * Elementwise arithmetic for the `wasm` device where shapes agree or one side is a single value, and addition of many:
 * stock kernels take a slow path through index arrays as soon as anything is broadcast. The rest stays with them.
 */
import {
  Add,
  AddN,
  backend_util,
  type KernelFunc,
  Multiply,
  RealDiv,
  SquaredDifference,
  Sub,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "./shared-backend.js";
import { stock } from "./stock.js";

type Loop = (a: Float32Array, b: Float32Array, y: Float32Array, stepA: number, stepB: number) => void;

/** One loop an operation, so that each is compiled for itself. A step of 0 holds a single value. */
const LOOPS: Readonly<Record<string, Loop>> = {
  [Add]: (a, b, y, stepA, stepB) => {
    for (let i = 0, j = 0, k = 0; i < y.length; i++, j += stepA, k += stepB) y[i] = a[j] + b[k];
  },
  [Sub]: (a, b, y, stepA, stepB) => {
    for (let i = 0, j = 0, k = 0; i < y.length; i++, j += stepA, k += stepB) y[i] = a[j] - b[k];
  },
  [Multiply]: (a, b, y, stepA, stepB) => {
    for (let i = 0, j = 0, k = 0; i < y.length; i++, j += stepA, k += stepB) y[i] = a[j] * b[k];
  },
  [RealDiv]: (a, b, y, stepA, stepB) => {
    for (let i = 0, j = 0, k = 0; i < y.length; i++, j += stepA, k += stepB) y[i] = a[j] / b[k];
  },
  [SquaredDifference]: (a, b, y, stepA, stepB) => {
    for (let i = 0, j = 0, k = 0; i < y.length; i++, j += stepA, k += stepB) {
      const difference = a[j] - b[k];
      y[i] = difference * difference;
    }
  },
};

function binary(name: string, loop: Loop): KernelFunc {
  return (params) => {
    const backend = params.backend as SharedMemoryBackend;
    const { a, b } = params.inputs as unknown as { a: TensorInfo; b: TensorInfo };
    const [sizeA, sizeB] = [a, b].map(({ shape }) => util.sizeFromShape(shape));
    const covered = util.arraysEqual(a.shape, b.shape) || sizeB === 1 || sizeA === 1;
    if (a.dtype !== "float32" || b.dtype !== "float32" || !covered) return stock(name, params);
    const y = backend.allocate(backend_util.assertAndGetBroadcastShape(a.shape, b.shape));
    const values = (tensor: TensorInfo): Float32Array => backend.data.get(tensor.dataId).values as Float32Array;
    loop(values(a), values(b), values(y.info), sizeA === 1 ? 0 : 1, sizeB === 1 ? 0 : 1);
    return y.info;
  };
}

const addN: KernelFunc = ({ inputs, backend }) => {
  const shared = backend as SharedMemoryBackend;
  const terms = inputs as unknown as TensorInfo[];
  const y = shared.allocate(terms[0].shape);
  const values = (tensor: TensorInfo): Float32Array => shared.data.get(tensor.dataId).values as Float32Array;
  const sum = values(y.info);
  sum.set(values(terms[0]));
  for (const term of terms.slice(1)) LOOPS[Add](sum, values(term), sum, 1, 1);
  return y.info;
};

export const ELEMENTWISE_KERNELS: Readonly<Record<string, KernelFunc>> = {
  ...Object.fromEntries(Object.entries(LOOPS).map(([name, loop]) => [name, binary(name, loop)])),
  [AddN]: addN,
};
