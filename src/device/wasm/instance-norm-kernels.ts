/** The kernels of ../ops/instance-norm.ts. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { INSTANCE_NORM, INSTANCE_NORM_GRADIENT, type InstanceNormAttributes } from "../ops/instance-norm.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type KernelTable, typedKernel, withPartialSums } from "./kernel-helpers.js";

/** Channels of one block: a cache line of each pixel. */
const BLOCK_CHANNELS = 16;

interface Inputs {
  readonly x: TensorInfo;
  readonly weight: TensorInfo;
  readonly bias: TensorInfo;
}

/** The work's extents, and how it is divided. */
function extentsOf({ shape }: TensorInfo) {
  const [pictures, height, width, channels] = shape;
  const groups = Math.ceil(channels / BLOCK_CHANNELS);
  return { pictures, pixels: height * width, channels, groups, blocks: pictures * groups };
}

const pointersOf = (backend: SharedMemoryBackend, { x, weight, bias }: Inputs): readonly number[] =>
  [x, weight, bias].map((tensor) => backend.pointerOf(tensor));

/** @returns y, and the statistics [pictures, 2, channels] */
const forward = typedKernel<Inputs, InstanceNormAttributes>((backend, inputs, { epsilon, slope }) => {
  const { pictures, pixels, channels, groups, blocks } = extentsOf(inputs.x);
  const [y, stats] = [backend.allocate(inputs.x.shape), backend.allocate([pictures, 2, channels])];
  const pointers = [...pointersOf(backend, inputs), y.pointer, stats.pointer];
  const values = [...pointers, pixels, channels, epsilon, slope, BLOCK_CHANNELS, groups];
  backend.team.run("instanceNorm", values, blocks);
  return [y.info, stats.info];
});

/** @returns dx, and the gradients of weight and bias in one tensor [2 channels] */
const gradient = typedKernel<Inputs & { readonly stats: TensorInfo; readonly dy: TensorInfo }, InstanceNormAttributes>(
  (backend, inputs, { slope }) => {
    const { pictures, pixels, channels, groups, blocks } = extentsOf(inputs.x);
    const dx = backend.allocate(inputs.x.shape);
    const read = pointersOf(backend, inputs);
    const [stats, dy] = [inputs.stats, inputs.dy].map((tensor) => backend.pointerOf(tensor));
    const sums = withPartialSums(backend, pictures, 2 * channels, (partial) => {
      const values = [...read, stats, dy, dx.pointer, partial, pixels, channels, slope, BLOCK_CHANNELS, groups];
      backend.team.run("instanceNormGradient", values, blocks);
    });
    return [dx.info, sums];
  },
);

export const INSTANCE_NORM_KERNELS: KernelTable = {
  [INSTANCE_NORM]: forward,
  [INSTANCE_NORM_GRADIENT]: gradient,
};
