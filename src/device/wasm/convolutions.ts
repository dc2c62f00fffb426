/** Convolutions and their gradients on a team's threads: directly, or by Winograd's minimal filtering where that is faster. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { CONV_SHAPE_BYTES, type ConvShape, writeConvShape } from "../../kernels/conv-shape.js";
import { filterGradientPlan, forwardPlan, inputGradientPlan, isFasterByWinograd } from "../../kernels/winograd-plan.js";
import type { KernelTeam } from "../../pool/team/team.js";
import type { SharedMemoryBackend } from "./backend.js";
import { type Epilogue, NARROW, NO_EPILOGUE, panelCount, roundUp, shareColumns } from "./panels.js";
import { runWinogradConv2d, runWinogradFilterGradient } from "./winograd-kernels.js";

/** Number of output pixels whose dy is packed at the same time. */
const PACK_ROWS = 1024;
/** Rows of one unit of the filter gradient, and pixels per sum: as in assembly/nn/conv2d-filter-gradient.ts. */
const FILTER_GROUP = 16;
const FILTER_DEPTH = 256;
/** Pixels of a block of the gradient of a thin filter, and pixels per sum: as in assembly/nn/thin-filter-gradient.ts. */
const THIN_ROWS = 2048;
const THIN_DEPTH = 128;
/** Channels of an image, as in assembly/nn/image-tile.ts. */
const IMAGE = 3;

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
      runPackedConv2d(backend, shape, conv, x, packed, y, epilogue);
    });
  });
}

/** With fewer input channels, a filter row counts as one tap, as in assembly/nn/conv2d.ts. */
const MERGE_BELOW = 16;

/** What a convolution needs besides its tensors. */
export interface ConvMemory {
  readonly team: KernelTeam;
  /** The address of at least `count` zeros. */
  zerosOf(count: number): number;
}

/** Runs a convolution whose filter is packed already. @param conv the shape in memory @param packed panels of the filter */
export function runPackedConv2d(
  backend: ConvMemory,
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
      withShape(backend, shape, (conv) => runPackedConv2d(backend, shape, conv, x, packed, y, NO_EPILOGUE));
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
  const isImage = inputChannels === IMAGE && outputChannels % 4 === 0;
  withShape(backend, shape, (conv) => {
    const convolve = (packed: number): void => {
      const classPixels = shape.batch * Math.ceil(shape.inputHeight / strideY) * Math.ceil(shape.inputWidth / strideX);
      const bytesPerPixel = outputChannels * 4 + taps * 4;
      const { rows, columns, blocks } = blockShape(classPixels, bytesPerPixel, inputChannels, team.threads);
      const scratch = rows * (taps + 1) * 4 + (isImage ? 16 + taps * 4 : inputChannels * 4);
      const values = [conv, dy, packed, 0, dx, backend.zerosOf(outputChannels), rows, columns, blocks];
      team.run("conv2dInputGradient", values, blocks * strideY * strideX, scratch);
    };
    if (isImage) convolve(typeof filter === "number" ? filter : backend.pointerOf(filter));
    else withTransposedPacking(backend, shape, conv, filter, convolve);
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
  const { heap } = team;
  const pixels = shape.batch * shape.outputHeight * shape.outputWidth;
  const depth = shape.filterHeight * shape.filterWidth * shape.inputChannels;
  const bytes = pixels * roundUp(shape.outputChannels, NARROW) * 4;
  withShape(backend, shape, (conv) => {
    heap.withBlock(bytes, (packed) => {
      team.run("packFilterGradientInput", [conv, dy, packed, PACK_ROWS], Math.ceil(pixels / PACK_ROWS));
      if (shape.inputChannels < MERGE_BELOW) {
        const blocks = Math.ceil(pixels / THIN_ROWS);
        const values = depth * shape.outputChannels;
        heap.withBlock(blocks * values * 4, (partial) => {
          const scratch = THIN_DEPTH * roundUp(depth, 2) * 4 + shape.outputChannels * 4;
          team.run("conv2dThinFilterGradient", [conv, x, packed, partial, THIN_ROWS], blocks, scratch);
          team.kernels.sumPartials(partial, blocks, values, dw);
        });
        return;
      }
      const scratch = FILTER_GROUP * FILTER_DEPTH * 4 + shape.outputChannels * 4;
      const blocks = Math.ceil(depth / FILTER_GROUP);
      team.run("conv2dFilterGradient", [conv, x, packed, dw, backend.zerosOf(FILTER_GROUP)], blocks, scratch);
    });
  });
}
