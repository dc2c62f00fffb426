/**
 * Our convolutions as TensorFlow.js kernels: Conv2D, FusedConv2D (with bias and ReLU), Conv2DBackpropInput (which is also the
 * transposed convolution) and Conv2DBackpropFilter.
 */
import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  FusedConv2D,
  type FusedConv2DAttrs,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import type { ConvShape } from "../../kernels/conv-shape.js";
import type { SharedMemoryBackend } from "./backend.js";
import { runConv2d, runConv2dFilterGradient, runConv2dInputGradient } from "./convolutions.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";
import type { Epilogue } from "./panels.js";

function toConvShape(info: backend_util.Conv2DInfo): ConvShape {
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1 || info.dataFormat !== "channelsLast") {
    throw new Error(
      `conv2d: expected NHWC without dilation, received ${info.dataFormat}, dilation ${info.dilationHeight}`,
    );
  }
  return {
    batch: info.batchSize,
    inputHeight: info.inHeight,
    inputWidth: info.inWidth,
    inputChannels: info.inChannels,
    outputHeight: info.outHeight,
    outputWidth: info.outWidth,
    outputChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideY: info.strideHeight,
    strideX: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

interface ConvInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly dy: TensorInfo;
}

type BiasedInputs = ConvInputs & { readonly bias?: TensorInfo };

function forward(
  backend: SharedMemoryBackend,
  x: TensorInfo,
  filter: TensorInfo,
  { strides, dilations, pad, dimRoundingMode }: Conv2DAttrs | FusedConv2DAttrs,
  epilogue?: Epilogue,
): TensorInfo {
  const info = backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const y = backend.allocate(info.outShape);
  runConv2d(backend, toConvShape(info), backend.pointerOf(x), filter, y.pointer, epilogue);
  return y.info;
}

export const CONV_KERNELS: KernelTable = {
  [Conv2D]: typedKernel<ConvInputs, Conv2DAttrs>((backend, { x, filter }, attrs) => forward(backend, x, filter, attrs)),
  [FusedConv2D]: typedKernel<BiasedInputs, FusedConv2DAttrs>((backend, { x, filter, bias }, attrs) => {
    const biased = bias == null || (bias.shape.length === 1 && bias.shape[0] === filter.shape[3]);
    if (!biased || (attrs.activation !== "relu" && attrs.activation !== "linear")) return null;
    const relu = attrs.activation === "relu";
    return forward(backend, x, filter, attrs, { bias: bias == null ? 0 : backend.pointerOf(bias), relu });
  }),
  [Conv2DBackpropInput]: typedKernel<ConvInputs, Conv2DBackpropInputAttrs>((backend, { dy, filter }, attrs) => {
    const info = backend_util.computeConv2DInfo(
      attrs.inputShape,
      filter.shape as [number, number, number, number],
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
    );
    const dx = backend.allocate(info.inShape);
    runConv2dInputGradient(backend, toConvShape(info), backend.pointerOf(dy), filter, dx.pointer);
    return dx.info;
  }),
  [Conv2DBackpropFilter]: typedKernel<ConvInputs, Conv2DBackpropFilterAttrs>((backend, { x, dy }, attrs) => {
    const info = backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      attrs.filterShape,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
    );
    const dw = backend.allocate(info.filterShape);
    runConv2dFilterGradient(backend, toConvShape(info), backend.pointerOf(x), backend.pointerOf(dy), dw.pointer);
    return dw.info;
  }),
};
