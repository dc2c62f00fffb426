/** The kernels of ../ops/channel-norm.ts. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { CHANNEL_NORM, CHANNEL_NORM_GRADIENT } from "../ops/channel-norm.js";
import { type KernelTable, typedKernel, withPartialSums } from "./kernel-helpers.js";

/** Values of one block, which are also the values that one partial sum of the bias's gradient covers. */
const BLOCK_VALUES = 32768;

const blockRowsFor = (channels: number): number => Math.max(1, Math.floor(BLOCK_VALUES / channels));

interface Inputs {
  readonly x: TensorInfo;
  readonly bias: TensorInfo;
  readonly alpha: TensorInfo;
  readonly beta: TensorInfo;
  readonly skip?: TensorInfo;
}

interface Slope {
  readonly slope: number;
}

function pixelsOf(shape: readonly number[]): { readonly pixels: number; readonly channels: number } {
  const channels = shape[shape.length - 1];
  return { pixels: util.sizeFromShape(shape as number[]) / channels, channels };
}

const forward = typedKernel<Inputs, Slope>((backend, { x, bias, alpha, beta, skip }, { slope }) => {
  const { pixels, channels } = pixelsOf(x.shape);
  const y = backend.allocate(x.shape);
  const blockRows = blockRowsFor(channels);
  const values = [
    ...[x, bias, alpha, beta].map((t) => backend.pointerOf(t)),
    skip === undefined ? 0 : backend.pointerOf(skip),
    y.pointer,
    pixels,
    skip === undefined ? pixels : pixelsOf(skip.shape).pixels,
    channels,
    slope,
    blockRows,
  ];
  backend.team.run("channelNorm", values, Math.ceil(pixels / blockRows));
  return y.info;
});

/** @returns dx, and the gradients of bias [C], alpha and beta in one tensor [C + 2] */
const gradient = typedKernel<Inputs & { readonly dy: TensorInfo }, Slope>(
  (backend, { x, bias, alpha, beta, dy }, { slope }) => {
    const { pixels, channels } = pixelsOf(x.shape);
    const blockRows = blockRowsFor(channels);
    const blocks = Math.ceil(pixels / blockRows);
    const dx = backend.allocate(x.shape);
    const pointers = [x, bias, alpha, beta, dy].map((t) => backend.pointerOf(t));
    const sums = withPartialSums(backend, blocks, channels + 2, (partial) => {
      const values = [...pointers, dx.pointer, partial, pixels, channels, slope, blockRows];
      backend.team.run("channelNormGradient", values, blocks);
    });
    return [dx.info, sums];
  },
);

export const CHANNEL_NORM_KERNELS: KernelTable = {
  [CHANNEL_NORM]: forward,
  [CHANNEL_NORM_GRADIENT]: gradient,
};
