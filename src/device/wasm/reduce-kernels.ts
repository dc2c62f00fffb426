/**
 * Sum and Mean over all axes, over the first axes or over the last axes. TensorFlow.js's own kernels run on one thread, and bring the
 * values into another order first. All other cases are left to them.
 */
import { Mean, type MeanAttrs, Sum, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "./backend.js";
import { addBlocks, type KernelTable, type SharedKernel, typedKernel } from "./kernel-helpers.js";

/** Values per block; a multiple of four. */
const BLOCK_VALUES = 16384;

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** @returns float32 [1] */
function sumAll(backend: SharedMemoryBackend, x: number, count: number, divisor: number): TensorInfo {
  const blocks = Math.ceil(count / BLOCK_VALUES);
  return addBlocks(backend, blocks, 1, divisor, (partial) => {
    backend.team.run("blockSums", [x, partial, count, BLOCK_VALUES], blocks);
  });
}

/** [rows, columns] -> [columns] */
function sumColumns(
  backend: SharedMemoryBackend,
  x: number,
  rows: number,
  columns: number,
  divisor: number,
): TensorInfo {
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / columns));
  const blocks = Math.ceil(rows / blockRows);
  return addBlocks(backend, blocks, columns, divisor, (partial) => {
    backend.team.run("columnSums", [x, partial, rows, columns, blockRows], blocks);
  });
}

/** [rows, columns] -> [rows] */
function sumRows(backend: SharedMemoryBackend, x: number, rows: number, columns: number, divisor: number): TensorInfo {
  const y = backend.allocate([rows]);
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / columns));
  backend.team.run("rowSums", [x, y.pointer, rows, columns, divisor, blockRows], Math.ceil(rows / blockRows));
  return y.info;
}

/** @param isMean whether to divide the sums by the number of their summands */
const reduction = (isMean: boolean): SharedKernel =>
  typedKernel<{ x: TensorInfo }, MeanAttrs>((backend, { x }, { axis, keepDims }) => {
    const axes = util.parseAxisParam(axis, x.shape);
    // An axis of extent 1 may count as reduced or as kept.
    const wide = [...x.shape.keys()].filter((i) => x.shape[i] !== 1);
    const reduced = wide.filter((i) => axes.includes(i));
    const isRun = reduced.every((i, place) => place === 0 || wide.indexOf(i) === wide.indexOf(reduced[place - 1]) + 1);
    const isFirst = reduced[0] === wide[0];
    const isLast = reduced.at(-1) === wide.at(-1);
    if (x.dtype !== "float32" || x.shape.includes(0) || !isRun || !(isFirst || isLast)) return null;
    const summands = product(reduced.map((i) => x.shape[i]));
    const results = product(x.shape) / summands;
    const divisor = isMean ? summands : 1;
    const pointer = backend.pointerOf(x);
    const y =
      results === 1
        ? sumAll(backend, pointer, summands, divisor)
        : isLast
          ? sumRows(backend, pointer, results, summands, divisor)
          : sumColumns(backend, pointer, summands, results, divisor);
    const shape = x.shape.flatMap((extent, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [extent]));
    return { ...y, shape };
  });

export const REDUCE_KERNELS: KernelTable = {
  [Mean]: reduction(true),
  [Sum]: reduction(false),
};
