/**
 * Elementwise arithmetic for the `wasm` device where shapes agree or one side is a single value, and addition of many: stock
 * kernels take a slow path through index arrays and one thread. The rest stays with them.
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

/** Numbered as in assembly/nn/elementwise.ts. */
const OPERATIONS = [Add, Sub, Multiply, RealDiv, SquaredDifference];
const ADD = 0;
/** Values of one block; a multiple of four. */
const BLOCK_VALUES = 16384;

const blocksOf = (count: number): number => Math.ceil(count / BLOCK_VALUES);

function binary(name: string): KernelFunc {
  const operation = OPERATIONS.indexOf(name);
  return (params) => {
    const backend = params.backend as SharedMemoryBackend;
    const { a, b } = params.inputs as unknown as { a: TensorInfo; b: TensorInfo };
    const [sizeA, sizeB] = [a, b].map(({ shape }) => util.sizeFromShape(shape));
    const covered = util.arraysEqual(a.shape, b.shape) || sizeB === 1 || sizeA === 1;
    if (a.dtype !== "float32" || b.dtype !== "float32" || !covered) return stock(name, params);
    const y = backend.allocate(backend_util.assertAndGetBroadcastShape(a.shape, b.shape));
    const count = Math.max(sizeA, sizeB);
    const [singleA, singleB] = [sizeA === 1 && sizeB !== 1, sizeB === 1 && sizeA !== 1].map(Number);
    const values = [operation, backend.pointerOf(a), backend.pointerOf(b), y.pointer, singleA, singleB];
    backend.team.run("binary", [...values, count, BLOCK_VALUES], blocksOf(count));
    return y.info;
  };
}

const addN: KernelFunc = ({ inputs, backend }) => {
  const shared = backend as SharedMemoryBackend;
  const [first, ...terms] = inputs as unknown as TensorInfo[];
  const y = shared.allocate(first.shape);
  const count = util.sizeFromShape(first.shape);
  let sum = shared.pointerOf(first);
  if (terms.length === 0) shared.team.heap.floats(y.pointer, count).set(shared.team.heap.floats(sum, count));
  for (const term of terms) {
    const values = [ADD, sum, shared.pointerOf(term), y.pointer, 0, 0];
    shared.team.run("binary", [...values, count, BLOCK_VALUES], blocksOf(count));
    sum = y.pointer;
  }
  return y.info;
};

export const ELEMENTWISE_KERNELS: Readonly<Record<string, KernelFunc>> = {
  ...Object.fromEntries(OPERATIONS.map((name) => [name, binary(name)])),
  [AddN]: addN,
};
