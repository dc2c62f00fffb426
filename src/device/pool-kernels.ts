/** Pooling, and bias with ReLU after a convolution, on the `wasm` device; elsewhere they are stock operations. */
import * as tf from "@tensorflow/tfjs-core";
import {
  AvgPool,
  type AvgPoolAttrs,
  backend_util,
  type KernelFunc,
  MaxPool,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { hasKernel, registerFused } from "./fused.js";
import type { SharedMemoryBackend } from "./shared-backend.js";

const BIAS_RELU = "ElegantBiasRelu";
/** Values of one block. */
const BLOCK_VALUES = 16384;

function pool(average: boolean): KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const shared = backend as SharedMemoryBackend;
    const { x } = inputs as unknown as { x: TensorInfo };
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as AvgPoolAttrs;
    const shape = x.shape as [number, number, number, number];
    const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    if (info.filterHeight !== info.filterWidth || info.strideHeight !== info.strideWidth) {
      throw new Error(`pool: expected a square filter, received ${info.filterHeight} x ${info.filterWidth}`);
    }
    const y = shared.allocate(info.outShape);
    const { inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, strideHeight, padInfo } = info;
    const rows = info.batchSize * outHeight;
    const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / (outWidth * inChannels)));
    const picture = [inHeight, inWidth, inChannels, outHeight, outWidth];
    const window = [filterHeight, strideHeight, padInfo.top, padInfo.left, average ? 1 : 0];
    const values = [shared.pointerOf(x), y.pointer, ...picture, ...window, rows, blockRows];
    shared.team.run("pool", values, Math.ceil(rows / blockRows));
    return y.info;
  };
}

export const POOL_KERNELS: Readonly<Record<string, KernelFunc>> = {
  [MaxPool]: pool(false),
  [AvgPool]: pool(true),
};

interface BiasReluInputs {
  readonly x: TensorInfo;
  readonly bias: TensorInfo;
}

registerFused<BiasReluInputs>(BIAS_RELU, (backend, { x, bias }) => {
  const channels = x.shape[x.shape.length - 1];
  const pixels = tf.util.sizeFromShape(x.shape) / channels;
  const y = backend.allocate(x.shape);
  const values = (tensor: TensorInfo): Float32Array => backend.data.get(tensor.dataId).values as Float32Array;
  values(y.info).set(values(x));
  const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / channels));
  backend.team.run(
    "biasRelu",
    [y.pointer, backend.pointerOf(bias), pixels, channels, blockRows],
    Math.ceil(pixels / blockRows),
  );
  return y.info;
});

/** max(0, x + bias), without a gradient on the `wasm` device. @param x [..., C] @param bias [C] */
export function biasRelu(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  if (hasKernel(BIAS_RELU)) return tf.engine().runKernel(BIAS_RELU, { x, bias }) as tf.Tensor4D;
  return tf.tidy(() => tf.relu(tf.add<tf.Tensor4D>(x, bias)));
}
