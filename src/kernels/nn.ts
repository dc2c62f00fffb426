/** Typed exports of nn.wasm. Pointers are byte offsets in the shared memory. assembly/nn describes each kernel. */
import { CONVOLUTION_KERNELS, type ConvolutionKernels } from "./nn-convolution.js";

/**
 * Most of these kernels compute one block of a larger piece of work. Then the last argument is the block, and the one
 * before it may be scratch memory.
 */
export interface NnKernels extends ConvolutionKernels {
  channelNorm(
    x: number,
    bias: number,
    alpha: number,
    beta: number,
    skip: number,
    y: number,
    pixels: number,
    skipPixels: number,
    channels: number,
    slope: number,
    blockRows: number,
    block: number,
  ): void;
  channelNormGradient(
    x: number,
    bias: number,
    alpha: number,
    beta: number,
    dy: number,
    dx: number,
    partial: number,
    pixels: number,
    channels: number,
    slope: number,
    blockRows: number,
    block: number,
  ): void;
  instanceNorm(
    x: number,
    weight: number,
    bias: number,
    y: number,
    stats: number,
    pixels: number,
    channels: number,
    epsilon: number,
    slope: number,
    blockChannels: number,
    groups: number,
    block: number,
  ): void;
  instanceNormGradient(
    x: number,
    weight: number,
    bias: number,
    stats: number,
    dy: number,
    dx: number,
    partial: number,
    pixels: number,
    channels: number,
    slope: number,
    blockChannels: number,
    groups: number,
    block: number,
  ): void;
  biasLeaky(
    x: number,
    bias: number,
    y: number,
    pixels: number,
    channels: number,
    slope: number,
    blockRows: number,
    block: number,
  ): void;
  leakyScale(dy: number, y: number, dx: number, slope: number, count: number, blockValues: number, block: number): void;
  absoluteDifferences(a: number, b: number, partial: number, count: number, blockValues: number, block: number): void;
  meanAbsoluteErrorGradient(
    a: number,
    b: number,
    dy: number,
    da: number,
    count: number,
    blockValues: number,
    block: number,
  ): void;
  residualOutput(x: number, bias: number, residual: number, pixels: number, blockRows: number, block: number): void;
  residualGradient(
    residual: number,
    dy: number,
    dx: number,
    partial: number,
    pixels: number,
    blockRows: number,
    block: number,
  ): void;
  clippedSum(
    image: number,
    residual: number,
    y: number,
    imageValues: number,
    count: number,
    blockValues: number,
    block: number,
  ): void;
  clippedSumGradient(
    image: number,
    residual: number,
    dy: number,
    dresidual: number,
    imageValues: number,
    count: number,
    blockValues: number,
    block: number,
  ): void;
  pool(
    x: number,
    y: number,
    height: number,
    width: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    filter: number,
    stride: number,
    padTop: number,
    padLeft: number,
    average: number,
    rows: number,
    blockRows: number,
    block: number,
  ): void;
  reflectPad(
    x: number,
    y: number,
    height: number,
    width: number,
    channels: number,
    pad: number,
    rows: number,
    blockRows: number,
    block: number,
  ): void;
  reflectPadGradient(
    dy: number,
    dx: number,
    height: number,
    width: number,
    channels: number,
    pad: number,
    rows: number,
    blockRows: number,
    block: number,
  ): void;
  copyRuns(
    from: number,
    to: number,
    runBytes: number,
    fromBytes: number,
    toBytes: number,
    runs: number,
    blockRuns: number,
    block: number,
  ): void;
  binary(
    operation: number,
    a: number,
    b: number,
    y: number,
    singleA: number,
    singleB: number,
    count: number,
    blockValues: number,
    block: number,
  ): void;
  binaryRows(
    operation: number,
    a: number,
    b: number,
    y: number,
    formA: number,
    formB: number,
    rows: number,
    columns: number,
    blockRows: number,
    block: number,
  ): void;
  sigmoid(x: number, y: number, count: number, blockValues: number, block: number): void;
  unary(
    operation: number,
    x: number,
    y: number,
    alpha: number,
    count: number,
    blockValues: number,
    block: number,
  ): void;
  blockSums(x: number, partial: number, count: number, blockValues: number, block: number): void;
  columnSums(x: number, partial: number, rows: number, columns: number, blockRows: number, block: number): void;
  rowSums(x: number, y: number, rows: number, columns: number, divisor: number, blockRows: number, block: number): void;
  sumPartials(partial: number, rows: number, values: number, out: number): void;
  adam(
    p: number,
    m: number,
    v: number,
    g: number,
    count: number,
    stepSize: number,
    beta1: number,
    beta2: number,
    rest1: number,
    rest2: number,
    epsilon: number,
    rootCorrection2: number,
    decay: number,
    blockValues: number,
    block: number,
  ): void;
  rmsprop(
    p: number,
    v: number,
    g: number,
    count: number,
    rate: number,
    decay: number,
    rest: number,
    offset: number,
    limit: number,
    blockValues: number,
    block: number,
  ): void;
}

/** Kernels that a team runs. Helpers receive an index into this list. */
export const TEAM_KERNELS = [
  ...CONVOLUTION_KERNELS,
  "channelNorm",
  "channelNormGradient",
  "instanceNorm",
  "instanceNormGradient",
  "biasLeaky",
  "leakyScale",
  "absoluteDifferences",
  "meanAbsoluteErrorGradient",
  "residualOutput",
  "residualGradient",
  "clippedSum",
  "clippedSumGradient",
  "pool",
  "reflectPad",
  "reflectPadGradient",
  "copyRuns",
  "binary",
  "binaryRows",
  "unary",
  "sigmoid",
  "blockSums",
  "columnSums",
  "rowSums",
  "adam",
  "rmsprop",
] as const satisfies readonly (keyof NnKernels)[];
export type TeamKernel = (typeof TEAM_KERNELS)[number];
