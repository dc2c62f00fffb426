/**
 * Faster kernels for the detector's networks. TensorFlow.js's own kernels are slow on the `wasm` device, because they
 * use getters and index arrays. These are loops over plain views.
 */
import {
  backend_util,
  ClipByValue,
  type ClipByValueAttrs,
  DepthwiseConv2dNative,
  type DepthwiseConv2dNativeAttrs,
  Relu,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "../device/wasm/backend.js";
import { registerSharedKernels, typedKernel } from "../device/wasm/kernel-helpers.js";

/** The values of x, each moved into [low, high]. */
function clipped(shared: SharedMemoryBackend, x: TensorInfo, low: number, high: number): TensorInfo {
  const y = shared.allocate(x.shape);
  const count = util.sizeFromShape(x.shape);
  const from = shared.team.heap.floats(shared.pointerOf(x), count);
  const to = shared.team.heap.floats(y.pointer, count);
  for (let i = 0; i < count; i++) {
    const value = from[i];
    to[i] = value < low ? low : value > high ? high : value;
  }
  return y.info;
}

const clip = typedKernel<{ x: TensorInfo }, ClipByValueAttrs>((shared, { x }, { clipValueMin, clipValueMax }) =>
  clipped(shared, x, clipValueMin, clipValueMax),
);

const relu = typedKernel<{ x: TensorInfo }>((shared, { x }) => clipped(shared, x, 0, Number.POSITIVE_INFINITY));

interface Depthwise {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
}

const depthwise = typedKernel<Depthwise, DepthwiseConv2dNativeAttrs>((shared, { x, filter }, attrs) => {
  const { strides, pad, dilations, dimRoundingMode } = attrs;
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  const channels = info.inChannels;
  if (info.outChannels !== channels || info.dilationHeight !== 1 || info.dilationWidth !== 1) return null;
  const { heap } = shared.team;
  const y = shared.allocate(info.outShape);
  const from = heap.floats(shared.pointerOf(x), util.sizeFromShape(x.shape)); // [n, h, w, c]
  const weights = heap.floats(shared.pointerOf(filter), util.sizeFromShape(filter.shape)); // [kh, kw, c, 1]
  const to = heap.floats(y.pointer, util.sizeFromShape(info.outShape)); // [n, oh, ow, c]
  to.fill(0);
  for (let line = 0; line < info.batchSize * info.outHeight; line++) {
    const image = Math.floor(line / info.outHeight) * info.inHeight;
    const top = (line % info.outHeight) * info.strideHeight - info.padInfo.top;
    for (let ky = Math.max(0, -top); ky < info.filterHeight && top + ky < info.inHeight; ky++) {
      for (let column = 0; column < info.outWidth; column++) {
        const left = column * info.strideWidth - info.padInfo.left;
        const target = (line * info.outWidth + column) * channels;
        for (let kx = Math.max(0, -left); kx < info.filterWidth && left + kx < info.inWidth; kx++) {
          const source = ((image + top + ky) * info.inWidth + left + kx) * channels;
          const weight = (ky * info.filterWidth + kx) * channels;
          for (let c = 0; c < channels; c++) to[target + c] += from[source + c] * weights[weight + c];
        }
      }
    }
  }
  return y.info;
});

/** Replaces TensorFlow.js's own kernels of the `wasm` device in this thread. */
export function registerDetectionKernels(): void {
  registerSharedKernels({ [ClipByValue]: clip, [DepthwiseConv2dNative]: depthwise, [Relu]: relu });
}
