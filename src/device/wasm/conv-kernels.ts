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
import { CONV_SHAPE_BYTES, type ConvShape, writeConvShape } from "../../kernels/conv-shape.js";
import { filterGradientPlan, forwardPlan, inputGradientPlan, isFasterByWinograd } from "../../kernels/winograd-plan.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";
import { type Epilogue, NARROW, NO_EPILOGUE, panelCount, roundUp, shareColumns } from "./panels.js";
import { runWinogradConv2d, runWinogradFilterGradient } from "./winograd-kernels.js";

/** Number of output pixels whose dy is packed at the same time. */
const PACK_ROWS = 1024;
/** Rows of one unit of the filter gradient, and pixels per sum: as in assembly/nn/conv2d-filter-gradient.ts. */
const FILTER_GROUP = 16;
const FILTER_DEPTH = 256;

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

/**
 * Chooses the output pixels and channels of a block. The packed channels of a panel are read once per block of pixels, so a block
 * should have many pixels. Their inputs are read once per panel. If there are more than 64 pixels, their inputs should stay in the
 * second-level cache (256 KiB). If that leaves too few blocks for all threads, the threads share the channels.
 */
function blockShape(pixels: number, bytesPerPixel: number, channels: number, threads: number) {
  const cached = Math.max(64, Math.floor((256 * 1024) / bytesPerPixel));
  const rows = roundUp(Math.max(4, Math.min(cached, pixels, 256)), NARROW);
  return { rows, ...shareColumns(Math.ceil(pixels / rows), channels, threads) };
}

/** Runs `body` with the address of the shape's description. */
function withShape(backend: SharedMemoryBackend, shape: ConvShape, body: (conv: number) => void): void {
  const { heap } = backend.team;
  heap.withBlock(CONV_SHAPE_BYTES, (conv) => {
    writeConvShape(heap.words(), conv, shape);
    body(conv);
  });
}

export function runConv2d(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  x: number,
  filter: TensorInfo | number,
  y: number,
  epilogue: Epilogue = NO_EPILOGUE,
): void {
  if (isFasterByWinograd(shape)) {
    runWinogradConv2d(backend, forwardPlan(shape), `forward ${shape.strideY}`, x, filter, y, epilogue);
    return;
  }
  const { team } = backend;
  const { inputChannels, outputChannels, filterHeight, filterWidth } = shape;
  const depth = filterHeight * filterWidth * inputChannels;
  withShape(backend, shape, (conv) => {
    const pack = (source: number, packed: number): void => {
      team.run("packConv2dFilter", [conv, source, packed], panelCount(outputChannels));
    };
    const bytes = depth * roundUp(outputChannels, NARROW) * 4;
    backend.withPacking(filter, `forward ${depth}`, bytes, pack, (packed) => {
      convolve(backend, shape, conv, x, packed, y, epilogue);
    });
  });
}

/** With fewer input channels, a filter row counts as one tap, as in assembly/nn/conv2d.ts. */
const MERGE_BELOW = 16;

/** @param conv the shape in memory @param packed panels of the filter */
function convolve(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  conv: number,
  x: number,
  packed: number,
  y: number,
  { bias, relu }: Epilogue,
): void {
  const { team } = backend;
  const { inputChannels, outputChannels, filterHeight, filterWidth } = shape;
  const taps = filterHeight * filterWidth;
  const pixels = shape.batch * shape.outputHeight * shape.outputWidth;
  const bytesPerPixel = shape.strideY * shape.strideX * inputChannels * 4 + taps * 4;
  const { rows, columns, blocks } = blockShape(pixels, bytesPerPixel, outputChannels, team.threads);
  const isMerged = inputChannels < MERGE_BELOW;
  const zeros = backend.zerosOf(isMerged ? filterWidth * inputChannels : inputChannels);
  const merged = isMerged ? rows * taps * inputChannels * 4 : 0;
  const scratch = rows * (taps + 1) * 4 + merged + outputChannels * 4;
  team.run("conv2d", [conv, x, packed, bias, relu ? 1 : 0, y, zeros, rows, columns], blocks, scratch);
}

/**
 * Runs `body` with the filter packed for the gradient of its input. A filter of one position, [1, 1, cin, cout], then has the same
 * form as its transpose, [1, 1, cout, cin], packed for a forward convolution.
 */
function withTransposedPacking(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  conv: number,
  filter: TensorInfo | number,
  body: (packed: number) => void,
): void {
  const { inputChannels, outputChannels, filterHeight, filterWidth, strideY, strideX } = shape;
  const pack = (source: number, packed: number): void => {
    backend.team.run("packInputGradientFilter", [conv, source, packed], panelCount(inputChannels));
  };
  const bytes = filterHeight * filterWidth * outputChannels * roundUp(inputChannels, NARROW) * 4;
  const name = [filterHeight, filterWidth, inputChannels, outputChannels, strideY, strideX].join(" ");
  backend.withPacking(filter, `input gradient ${name}`, bytes, pack, body);
}

/**
 * Runs a convolution whose filter covers the whole image, with the transpose of `filter`.
 * @param filter [outputChannels, filterHeight * filterWidth * inputChannels]
 */
export function runTransposedConv2d(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  x: number,
  filter: TensorInfo | number,
  y: number,
): void {
  const { inputChannels, outputChannels, filterHeight, filterWidth } = shape;
  const flat: ConvShape = {
    ...shape,
    ...{ inputChannels: outputChannels, outputChannels: filterHeight * filterWidth * inputChannels },
    ...{ inputHeight: 1, inputWidth: 1, filterHeight: 1, filterWidth: 1 },
  };
  withShape(backend, flat, (flatConv) => {
    withTransposedPacking(backend, flat, flatConv, filter, (packed) => {
      withShape(backend, shape, (conv) => convolve(backend, shape, conv, x, packed, y, NO_EPILOGUE));
    });
  });
}

export function runConv2dInputGradient(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  dy: number,
  filter: TensorInfo | number,
  dx: number,
): void {
  if (isFasterByWinograd(shape)) {
    const name = `input gradient ${shape.strideY}`;
    runWinogradConv2d(backend, inputGradientPlan(shape), name, dy, filter, dx, NO_EPILOGUE);
    return;
  }
  const { team } = backend;
  const { inputChannels, outputChannels, filterHeight, filterWidth, strideY, strideX } = shape;
  const taps = filterHeight * filterWidth;
  withShape(backend, shape, (conv) => {
    withTransposedPacking(backend, shape, conv, filter, (packed) => {
      const classPixels = shape.batch * Math.ceil(shape.inputHeight / strideY) * Math.ceil(shape.inputWidth / strideX);
      const bytesPerPixel = outputChannels * 4 + taps * 4;
      const { rows, columns, blocks } = blockShape(classPixels, bytesPerPixel, inputChannels, team.threads);
      const scratch = rows * (taps + 1) * 4 + inputChannels * 4;
      const zeros = backend.zerosOf(outputChannels);
      const values = [conv, dy, packed, 0, dx, zeros, rows, columns, blocks];
      team.run("conv2dInputGradient", values, blocks * strideY * strideX, scratch);
    });
  });
}

export function runConv2dFilterGradient(
  backend: SharedMemoryBackend,
  shape: ConvShape,
  x: number,
  dy: number,
  dw: number,
): void {
  if (isFasterByWinograd(shape)) {
    runWinogradFilterGradient(backend, filterGradientPlan(shape), x, dy, dw);
    return;
  }
  const { team } = backend;
  const pixels = shape.batch * shape.outputHeight * shape.outputWidth;
  const bytes = pixels * roundUp(shape.outputChannels, NARROW) * 4;
  withShape(backend, shape, (conv) => {
    team.heap.withBlock(bytes, (packed) => {
      team.run("packFilterGradientInput", [conv, dy, packed, PACK_ROWS], Math.ceil(pixels / PACK_ROWS));
      const scratch = FILTER_GROUP * FILTER_DEPTH * 4 + shape.outputChannels * 4;
      const blocks = Math.ceil((shape.filterHeight * shape.filterWidth * shape.inputChannels) / FILTER_GROUP);
      team.run("conv2dFilterGradient", [conv, x, packed, dw, backend.zerosOf(FILTER_GROUP)], blocks, scratch);
    });
  });
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
