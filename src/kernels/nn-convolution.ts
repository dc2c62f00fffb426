/** The convolutions among the typed exports of nn.wasm (nn.ts): direct ones, and those by Winograd's minimal filtering. */

export interface ConvolutionKernels {
  packConv2dFilter(conv: number, filter: number, to: number, panel: number): void;
  conv2d(
    conv: number,
    x: number,
    packed: number,
    bias: number,
    relu: number,
    y: number,
    zeros: number,
    blockRows: number,
    blockColumns: number,
    scratch: number,
    block: number,
  ): void;
  depthwiseConv2d(
    conv: number,
    x: number,
    filter: number,
    bias: number,
    limit: number,
    y: number,
    firstLine: number,
    lines: number,
    blockLines: number,
    block: number,
  ): void;
  packInputGradientFilter(conv: number, filter: number, to: number, panel: number): void;
  conv2dInputGradient(
    conv: number,
    dy: number,
    packed: number,
    bias: number,
    dx: number,
    zeros: number,
    blockRows: number,
    blockColumns: number,
    blocks: number,
    scratch: number,
    block: number,
  ): void;
  packFilterGradientInput(conv: number, dy: number, to: number, blockRows: number, block: number): void;
  conv2dFilterGradient(
    conv: number,
    x: number,
    packed: number,
    dw: number,
    zeros: number,
    scratch: number,
    block: number,
  ): void;
  conv2dThinFilterGradient(
    conv: number,
    x: number,
    packed: number,
    partial: number,
    blockRows: number,
    scratch: number,
    block: number,
  ): void;
  packWinogradFilter(plan: number, filter: number, to: number, scratch: number, panel: number): void;
  findWinogradPixels(plan: number, x: number, zeros: number, to: number, blockRows: number, block: number): void;
  winogradConv2d(
    plan: number,
    pixels: number,
    packed: number,
    bias: number,
    relu: number,
    y: number,
    blockRows: number,
    blockColumns: number,
    scratch: number,
    block: number,
  ): void;
  packWinogradGradient(
    plan: number,
    dy: number,
    to: number,
    zeros: number,
    firstTile: number,
    depth: number,
    blockRows: number,
    block: number,
  ): void;
  winogradFilterGradient(
    plan: number,
    pixels: number,
    packed: number,
    results: number,
    firstTile: number,
    tiles: number,
    scratch: number,
    block: number,
  ): void;
  finishWinogradFilterGradient(
    plan: number,
    results: number,
    dw: number,
    blockRows: number,
    scratch: number,
    block: number,
  ): void;
}

/** Those that a team runs: all. */
export const CONVOLUTION_KERNELS = [
  "packConv2dFilter",
  "conv2d",
  "depthwiseConv2d",
  "packInputGradientFilter",
  "conv2dInputGradient",
  "packFilterGradientInput",
  "conv2dFilterGradient",
  "conv2dThinFilterGradient",
  "packWinogradFilter",
  "findWinogradPixels",
  "winogradConv2d",
  "packWinogradGradient",
  "winogradFilterGradient",
  "finishWinogradFilterGradient",
] as const satisfies readonly (keyof ConvolutionKernels)[];
