/** The kernels of ../ops/bias-leaky.ts. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { BIAS_LEAKY, LEAKY_SCALE } from "../ops/bias-leaky.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values of one block, a multiple of four. */
const BLOCK_VALUES = 32768;

interface Slope {
  readonly slope: number;
}

/** @param x [N, H, W, C] @param bias [C] */
const biasLeaky = typedKernel<{ x: TensorInfo; bias: TensorInfo }, Slope>((backend, { x, bias }, { slope }) => {
  const channels = x.shape[x.shape.length - 1];
  const pixels = util.sizeFromShape(x.shape) / channels;
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / channels));
  const y = backend.allocate(x.shape);
  const pointers = [backend.pointerOf(x), backend.pointerOf(bias), y.pointer];
  backend.team.run("biasLeaky", [...pointers, pixels, channels, slope, blockRows], Math.ceil(pixels / blockRows));
  return y.info;
});

/** @param dy of y's shape */
const leakyScale = typedKernel<{ dy: TensorInfo; y: TensorInfo }, Slope>((backend, { dy, y }, { slope }) => {
  const dx = backend.allocate(y.shape);
  const count = util.sizeFromShape(y.shape);
  const pointers = [backend.pointerOf(dy), backend.pointerOf(y), dx.pointer];
  backend.team.run("leakyScale", [...pointers, slope, count, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
  return dx.info;
});

export const BIAS_LEAKY_KERNELS: KernelTable = {
  [BIAS_LEAKY]: biasLeaky,
  [LEAKY_SCALE]: leakyScale,
};
