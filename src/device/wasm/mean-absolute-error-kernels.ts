/** The kernels of ../ops/mean-absolute-error.ts. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { MEAN_ABSOLUTE_ERROR, MEAN_ABSOLUTE_ERROR_GRADIENT } from "../ops/mean-absolute-error.js";
import { addBlocks, type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values of one block, a multiple of four. */
const BLOCK_VALUES = 16384;

interface Inputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

/** @returns a scalar */
const forward = typedKernel<Inputs>((backend, { a, b }) => {
  const count = util.sizeFromShape(a.shape);
  const blocks = Math.ceil(count / BLOCK_VALUES);
  const pointers = [a, b].map((tensor) => backend.pointerOf(tensor));
  const mean = addBlocks(backend, blocks, 1, count, (partial) => {
    backend.team.run("absoluteDifferences", [...pointers, partial, count, BLOCK_VALUES], blocks);
  });
  return { ...mean, shape: [] };
});

/** @returns the gradient of a */
const gradient = typedKernel<Inputs & { readonly dy: TensorInfo }>((backend, { a, b, dy }) => {
  const count = util.sizeFromShape(a.shape);
  const da = backend.allocate(a.shape);
  const pointers = [a, b, dy].map((tensor) => backend.pointerOf(tensor));
  const values = [...pointers, da.pointer, count, BLOCK_VALUES];
  backend.team.run("meanAbsoluteErrorGradient", values, Math.ceil(count / BLOCK_VALUES));
  return da.info;
});

export const MEAN_ABSOLUTE_ERROR_KERNELS: KernelTable = {
  [MEAN_ABSOLUTE_ERROR]: forward,
  [MEAN_ABSOLUTE_ERROR_GRADIENT]: gradient,
};
