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
  getKernelsForBackend,
  Relu,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { BACKEND_NAME, type SharedMemoryBackend } from "../device/wasm/backend.js";
import { registerSharedKernels, typedKernel } from "../device/wasm/kernel-helpers.js";

/** The values of x and of a new tensor of the same shape; null if they are not float32, which the stock kernels handle. */
function floatsFor(shared: SharedMemoryBackend, x: TensorInfo) {
  if (x.dtype !== "float32") return null;
  const y = shared.allocate(x.shape);
  const count = util.sizeFromShape(x.shape);
  const { heap } = shared.team;
  return { from: heap.floats(shared.pointerOf(x), count), to: heap.floats(y.pointer, count), info: y.info };
}

const clip = typedKernel<{ x: TensorInfo }, ClipByValueAttrs>((shared, { x }, { clipValueMin, clipValueMax }) => {
  const floats = floatsFor(shared, x);
  if (floats === null) return null;
  const { from, to, info } = floats;
  for (let i = 0; i < from.length; i++) {
    const value = from[i];
    to[i] = value < clipValueMin ? clipValueMin : value > clipValueMax ? clipValueMax : value;
  }
  return info;
});

const relu = typedKernel<{ x: TensorInfo }>((shared, { x }) => {
  const floats = floatsFor(shared, x);
  if (floats === null) return null;
  const { from, to, info } = floats;
  for (let i = 0; i < from.length; i++) {
    const value = from[i];
    to[i] = value <= 0 ? 0 : value; // like the stock kernel, 0 for -0 and NaN for NaN
  }
  return info;
});

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
  if (x.dtype !== "float32" || filter.dtype !== "float32") return null;
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

/**
 * Replaces TensorFlow.js's own kernels of the `wasm` device in this thread, also for all other networks of the thread: Relu and
 * ClipByValue give the same bits as the stock kernels, and only the face networks have depthwise convolutions, whose sums are
 * float32 here. Further calls change nothing.
 * @throws Error if no `wasm` device was ever opened in this thread. Opening the first one registers all of its kernels, but
 *   only if there are none yet.
 */
export function registerDetectionKernels(): void {
  if (getKernelsForBackend(BACKEND_NAME).length === 0) throw new Error("face networks: open the wasm device first");
  registerSharedKernels({ [ClipByValue]: clip, [DepthwiseConv2dNative]: depthwise, [Relu]: relu });
}
