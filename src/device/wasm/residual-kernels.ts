/** The kernels of ../ops/residual.ts. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { CLIPPED_SUM, CLIPPED_SUM_GRADIENT, RESIDUAL, RESIDUAL_GRADIENT } from "../ops/residual.js";
import { type KernelTable, typedKernel, withPartialSums } from "./kernel-helpers.js";

/** Pixels, and values, of one block; multiples of four. */
const BLOCK_PIXELS = 4096;
const BLOCK_VALUES = 16384;

const sizeOf = ({ shape }: TensorInfo): number => util.sizeFromShape(shape);

const residualOutput = typedKernel<{ x: TensorInfo; bias: TensorInfo }>((backend, { x, bias }) => {
  const y = backend.allocate(x.shape);
  const pixels = sizeOf(x) / 3;
  const values = [backend.pointerOf(x), backend.pointerOf(bias), y.pointer, pixels, BLOCK_PIXELS];
  backend.team.run("residualOutput", values, Math.ceil(pixels / BLOCK_PIXELS));
  return y.info;
});

/** @returns dx, and the gradient of the bias [3] */
const residualGradient = typedKernel<{ residual: TensorInfo; dy: TensorInfo }>((backend, { residual, dy }) => {
  const dx = backend.allocate(residual.shape);
  const pixels = sizeOf(residual) / 3;
  const blocks = Math.ceil(pixels / BLOCK_PIXELS);
  const sums = withPartialSums(backend, blocks, 3, (partial) => {
    const values = [backend.pointerOf(residual), backend.pointerOf(dy), dx.pointer, partial, pixels, BLOCK_PIXELS];
    backend.team.run("residualGradient", values, blocks);
  });
  return [dx.info, sums];
});

interface Sum {
  readonly image: TensorInfo;
  readonly residual: TensorInfo;
}

const clippedSum = typedKernel<Sum>((backend, { image, residual }) => {
  const y = backend.allocate(residual.shape);
  const count = sizeOf(residual);
  const pointers = [backend.pointerOf(image), backend.pointerOf(residual), y.pointer];
  backend.team.run("clippedSum", [...pointers, sizeOf(image), count, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
  return y.info;
});

const clippedSumGradient = typedKernel<Sum & { readonly dy: TensorInfo }>((backend, { image, residual, dy }) => {
  const dx = backend.allocate(residual.shape);
  const count = sizeOf(residual);
  const pointers = [...[image, residual, dy].map((t) => backend.pointerOf(t)), dx.pointer];
  const values = [...pointers, sizeOf(image), count, BLOCK_VALUES];
  backend.team.run("clippedSumGradient", values, Math.ceil(count / BLOCK_VALUES));
  return dx.info;
});

export const RESIDUAL_KERNELS: KernelTable = {
  [RESIDUAL]: residualOutput,
  [RESIDUAL_GRADIENT]: residualGradient,
  [CLIPPED_SUM]: clippedSum,
  [CLIPPED_SUM_GRADIENT]: clippedSumGradient,
};
