/** MaxPool and AvgPool with square windows. Other windows are left to TensorFlow.js's own kernels. */
import { AvgPool, type AvgPoolAttrs, backend_util, MaxPool, type TensorInfo } from "@tensorflow/tfjs-core";
import type { PoolShape } from "../../kernels/reference/pool.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type KernelTable, type SharedKernel, typedKernel } from "./kernel-helpers.js";

/** Values per block. */
const BLOCK_VALUES = 16384;

/** Pools the values at address `x` of the shared memory, and writes the result to address `y`. */
export function runPool(
  { team }: SharedMemoryBackend,
  s: PoolShape,
  kind: "max" | "average",
  x: number,
  y: number,
): void {
  const rows = s.batch * s.outHeight;
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / (s.outWidth * s.channels)));
  const picture = [s.height, s.width, s.channels, s.outHeight, s.outWidth];
  const window = [s.filter, s.stride, s.padTop, s.padLeft, kind === "average" ? 1 : 0];
  team.run("pool", [x, y, ...picture, ...window, rows, blockRows], Math.ceil(rows / blockRows));
}

const pool = (kind: "max" | "average"): SharedKernel =>
  typedKernel<{ x: TensorInfo }, AvgPoolAttrs>((backend, { x }, { filterSize, strides, pad, dimRoundingMode }) => {
    const shape = x.shape as [number, number, number, number];
    const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const square = info.filterHeight === info.filterWidth && info.strideHeight === info.strideWidth;
    if (x.dtype !== "float32" || !square) return null;
    const y = backend.allocate(info.outShape);
    const { batchSize: batch, inHeight: height, inWidth: width, inChannels: channels, outHeight, outWidth } = info;
    const { filterHeight: filter, strideHeight: stride, padInfo } = info;
    const picture = { batch, height, width, channels, outHeight, outWidth };
    const window = { filter, stride, padTop: padInfo.top, padLeft: padInfo.left };
    runPool(backend, { ...picture, ...window }, kind, backend.pointerOf(x), y.pointer);
    return y.info;
  });

export const POOL_KERNELS: KernelTable = {
  [MaxPool]: pool("max"),
  [AvgPool]: pool("average"),
};
