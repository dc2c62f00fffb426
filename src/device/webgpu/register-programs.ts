/** Puts our programs into TensorFlow.js's WebGPU backend: kernels of the operations in ../ops, and faster convolutions. */
import * as tf from "@tensorflow/tfjs-core";
import { ADAM, type AdamInputs, type AdamScalars } from "../ops/adam.js";
import { CHANNEL_NORM, CHANNEL_NORM_GRADIENT } from "../ops/channel-norm.js";
import { INSTANCE_NORM, INSTANCE_NORM_GRADIENT, type InstanceNormAttributes } from "../ops/instance-norm.js";
import { REFLECT_PAD, REFLECT_PAD_GRADIENT, type ReflectPadAttributes } from "../ops/reflect-pad.js";
import { RMSPROP, type RmspropInputs, type RmspropScalars } from "../ops/rmsprop.js";
import { ADAM_PROGRAM } from "./adam.js";
import type { WebgpuBackend } from "./backend.js";
import { type ChannelNormTensors, channelNormBackward, channelNormForward } from "./channel-norm.js";
import { filterGradient, inputGradient, isCovered } from "./conv.js";
import { type InstanceNormTensors, instanceNormBackward, instanceNormForward } from "./instance-norm.js";
import { reflectPadBackward, reflectPadForward } from "./reflect-pad.js";
import { RMSPROP_PROGRAM } from "./rmsprop.js";

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

type Run<Inputs, Attrs, Result> = (backend: WebgpuBackend, inputs: Inputs, attrs: Attrs) => Result;

/** Registers a kernel. TensorFlow.js passes inputs and attributes untyped: the kernel's name decides what is in them. */
function register<Inputs, Attrs>(kernelName: string, run: Run<Inputs, Attrs, tf.TensorInfo | tf.TensorInfo[]>): void {
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: ({ inputs, backend, attrs }) =>
      run(backend as WebgpuBackend, inputs as unknown as Inputs, attrs as unknown as Attrs),
  });
}

/** Replaces a stock kernel, except in the cases for which `run` returns null. */
function replace<Inputs, Attrs>(kernelName: string, run: Run<Inputs, Attrs, tf.TensorInfo | null>): void {
  const stock = tf.getKernel(kernelName, BACKEND);
  tf.unregisterKernel(kernelName, BACKEND);
  register<Inputs, Attrs>(
    kernelName,
    (backend, inputs, attrs) =>
      run(backend, inputs, attrs) ??
      stock.kernelFunc({ inputs: inputs as tf.NamedTensorInfoMap, backend, attrs: attrs as tf.NamedAttrMap }),
  );
}

/** Registers all kernels, once per process: they stay registered when a device is closed. */
export function registerWebgpuKernels(): void {
  if (tf.getKernel(ADAM, BACKEND) != null) return;
  replace<{ x: tf.TensorInfo; dy: tf.TensorInfo }, ConvAttrs & tf.Conv2DBackpropFilterAttrs>(
    tf.Conv2DBackpropFilter,
    (backend, { x, dy }, attrs) => {
      const info = infoOf(x.shape, attrs.filterShape, attrs);
      return isCovered(info) ? filterGradient(backend, x, dy, info) : null;
    },
  );
  replace<{ dy: tf.TensorInfo; filter: tf.TensorInfo }, ConvAttrs & tf.Conv2DBackpropInputAttrs>(
    tf.Conv2DBackpropInput,
    (backend, { dy, filter }, attrs) => {
      const info = infoOf(attrs.inputShape, filter.shape, attrs);
      return isCovered(info) ? inputGradient(backend, dy, filter, info) : null;
    },
  );
  register<ChannelNormTensors, { slope: number }>(CHANNEL_NORM, (backend, inputs, { slope }) =>
    channelNormForward(backend, inputs, slope),
  );
  register<ChannelNormTensors & { readonly dy: tf.TensorInfo }, { slope: number }>(
    CHANNEL_NORM_GRADIENT,
    (backend, inputs, { slope }) => channelNormBackward(backend, inputs, slope),
  );
  register<InstanceNormTensors, InstanceNormAttributes>(INSTANCE_NORM, (backend, inputs, { epsilon, slope }) =>
    instanceNormForward(backend, inputs, epsilon, slope),
  );
  register<InstanceNormTensors & { readonly stats: tf.TensorInfo; readonly dy: tf.TensorInfo }, InstanceNormAttributes>(
    INSTANCE_NORM_GRADIENT,
    (backend, inputs, { slope }) => instanceNormBackward(backend, inputs, slope),
  );
  register<{ x: tf.TensorInfo }, ReflectPadAttributes>(REFLECT_PAD, (backend, { x }, { pad }) =>
    reflectPadForward(backend, x, pad),
  );
  register<{ dy: tf.TensorInfo }, ReflectPadAttributes>(REFLECT_PAD_GRADIENT, (backend, { dy }, { pad }) =>
    reflectPadBackward(backend, dy, pad),
  );
  register<AdamInputs, AdamScalars>(ADAM, (backend, { gradient, parameter, first, second }, { scalars }) => {
    const count = tf.util.sizeFromShape(parameter.shape);
    backend.dispatchFlat(ADAM_PROGRAM, [gradient, parameter, first, second], [count, ...scalars], count);
    return [];
  });
  register<RmspropInputs, RmspropScalars>(RMSPROP, (backend, { gradient, parameter, second }, { scalars }) => {
    const count = tf.util.sizeFromShape(parameter.shape);
    backend.dispatchFlat(RMSPROP_PROGRAM, [gradient, parameter, second], [count, ...scalars], count);
    return [];
  });
}
