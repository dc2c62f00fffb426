/** Puts our programs into TensorFlow.js's WebGPU backend: fused operations, and the kernels that they replace. */
import * as tf from "@tensorflow/tfjs-core";
import { CHANNEL_NORM, CHANNEL_NORM_GRADIENT, registerChannelNormGradient } from "../ops/channel-norm.js";
import type { WebgpuBackend } from "./backend.js";
import { type ChannelNormTensors, channelNormBackward, channelNormForward } from "./channel-norm.js";
import { filterGradient, inputGradient, isCovered } from "./conv.js";

const BACKEND = "webgpu";

type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];

interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: Pad;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

function infoOf(
  input: readonly number[],
  filter: readonly number[],
  { strides, pad, dataFormat, dimRoundingMode }: ConvAttrs,
): ReturnType<typeof tf.backend_util.computeConv2DInfo> {
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
  const [shape, kernel] = [input, filter] as [[number, number, number, number], [number, number, number, number]];
  return tf.backend_util.computeConv2DInfo(shape, kernel, strides, 1, pad, dimRoundingMode, false, format);
}

/** Replaces a stock kernel where ours covers what is asked. */
function replace<Inputs>(
  kernelName: string,
  ours: (backend: WebgpuBackend, inputs: Inputs, attrs: Record<string, unknown>) => tf.TensorInfo | null,
): void {
  const stock = tf.getKernel(kernelName, BACKEND);
  tf.unregisterKernel(kernelName, BACKEND);
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: (params) =>
      ours(params.backend as WebgpuBackend, params.inputs as unknown as Inputs, (params.attrs ?? {}) as never) ??
      stock.kernelFunc(params),
  });
}

let registered = false;

/** Once in a process: kernels stay when a device is closed. */
export function registerWebgpuKernels(): void {
  if (registered) return;
  registered = true;
  replace<{ x: tf.TensorInfo; dy: tf.TensorInfo }>("Conv2DBackpropFilter", (backend, { x, dy }, attrs) => {
    const info = infoOf(x.shape, attrs.filterShape as number[], attrs as unknown as ConvAttrs);
    return isCovered(info) ? filterGradient(backend, x, dy, info) : null;
  });
  replace<{ dy: tf.TensorInfo; filter: tf.TensorInfo }>("Conv2DBackpropInput", (backend, { dy, filter }, attrs) => {
    const info = infoOf(attrs.inputShape as number[], filter.shape, attrs as unknown as ConvAttrs);
    return isCovered(info) ? inputGradient(backend, dy, filter, info) : null;
  });
  registerChannelNormGradient();
  tf.registerKernel({
    kernelName: CHANNEL_NORM,
    backendName: BACKEND,
    kernelFunc: ({ inputs, backend, attrs }) =>
      channelNormForward(backend as WebgpuBackend, inputs as unknown as ChannelNormTensors, attrs?.slope as number),
  });
  tf.registerKernel({
    kernelName: CHANNEL_NORM_GRADIENT,
    backendName: BACKEND,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const tensors = inputs as unknown as ChannelNormTensors & { readonly dy: tf.TensorInfo };
      return channelNormBackward(backend as WebgpuBackend, tensors, attrs?.slope as number);
    },
  });
}
