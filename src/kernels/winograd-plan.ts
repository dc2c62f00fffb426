/**
 * Plans of 3x3 convolutions by Winograd's minimal filtering, and their layout in memory for assembly/nn/winograd-plan.ts.
 *
 * An output of two pixels side by side needs six products with a filter of three, in one dimension. Sums that both need are
 * computed once. In two dimensions the saving is squared: for stride 2, 25 products instead of 36; for stride 1, 16 instead of 36.
 * Inputs and filters are only added to each other, once or twice, so results are as exact as those of the direct convolution
 * within a small factor.
 *
 * A plan describes one dimension by lists, and kernels apply it to both:
 * - vectors: an input row d, or the sum or difference of two;
 * - combinations of what is multiplied with them, by number. Of the filter's rows w: for stride 2 w0, w1, w2, w0 + w2; for stride
 *   1 w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2. In the gradient of the filter, of two rows of dy: for stride 2 dy0, dy1,
 *   dy0 + dy1; for stride 1 dy0, (dy0 + dy1) / 2, (dy0 - dy1) / 2, dy1;
 * - sums: each is the sum of one or two products (taps) of a vector and a combination;
 * - outputs: each is the sum or difference of some of the sums.
 *
 * Source: S. Winograd, Arithmetic Complexity of Computations (SIAM, 1980), F(2, 2) and F(2, 3); A. Lavin and S. Gray, Fast
 * Algorithms for Convolutional Neural Networks (CVPR 2016), section 4, for their use in convolutions of stride 1. For stride 2
 * the rows with an even distance from the filter's first row meet w0 and w2, a filter of two, and the others meet w1 alone.
 */
import type { ConvShape } from "./conv-shape.js";

/** [first row, second row or -1, its sign] */
type Vector = readonly [first: number, second: number, sign: 1 | -1];
/** [vector, combination] */
type Tap = readonly [vector: number, combination: number];

interface Lists {
  readonly stride: 1 | 2;
  readonly vectors: readonly Vector[];
  readonly sums: readonly (readonly Tap[])[];
  /** For each output, the factor of each sum. */
  readonly outputs: readonly (readonly (-1 | 0 | 1)[])[];
}

/** Sizes of what a plan reads and writes, and where its tiles lie. The names are explained in assembly/nn/winograd-plan.ts. */
interface Geometry {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly channels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly columns: number;
  readonly tilesY: number;
  readonly tilesX: number;
  readonly inputStep: number;
  readonly inputPadY: number;
  readonly inputPadX: number;
  readonly outputStep: number;
  readonly outputPadY: number;
  readonly outputPadX: number;
  readonly tapStride: number;
  readonly depthStride: number;
  readonly columnStride: number;
}

export interface WinogradPlan {
  readonly geometry: Geometry;
  readonly lists: Lists;
}

const same = (row: number): Vector => [row, -1, 1];
const difference = (row: number, from: number): Vector => [row, from, -1];

/**
 * y0 = d0 w0 + d1 w1 + d2 w2 and y1 = d2 w0 + d3 w1 + d4 w2. The sums are
 * (d0 - d2) w0 + d1 w1, d2 (w0 + w2), (d4 - d2) w2 + d3 w1.
 */
const FORWARD_2: Lists = {
  stride: 2,
  vectors: [difference(0, 2), same(1), same(2), difference(4, 2), same(3)],
  sums: [
    [
      [0, 0],
      [1, 1],
    ],
    [[2, 3]],
    [
      [3, 2],
      [4, 1],
    ],
  ],
  outputs: [
    [1, 1, 0],
    [0, 1, 1],
  ],
};

/**
 * The transpose for stride 2, where the first row of dx meets w1, as with a padding of 1: four rows of dx from d0, d1, d2 of dy.
 * They are d0 w1, d1 w0 + d0 w2, d1 w1, d2 w0 + d1 w2. The sums are (d0 - d1) w2, d1 (w0 + w2), (d2 - d1) w0, d0 w1, d1 w1.
 */
const INPUT_GRADIENT_2_ODD: Lists = {
  stride: 2,
  vectors: [difference(0, 1), same(1), difference(2, 1), same(0)],
  sums: [[[0, 2]], [[1, 3]], [[2, 0]], [[3, 1]], [[1, 1]]],
  outputs: [
    [0, 0, 0, 1, 0],
    [1, 1, 0, 0, 0],
    [0, 0, 0, 0, 1],
    [0, 1, 1, 0, 0],
  ],
};

/** The same, where the first row of dx meets w0 and w2: d1 w0 + d0 w2, d1 w1, d2 w0 + d1 w2, d2 w1. */
const INPUT_GRADIENT_2_EVEN: Lists = {
  stride: 2,
  vectors: [difference(0, 1), same(1), difference(2, 1), same(2)],
  sums: [[[0, 2]], [[1, 3]], [[2, 0]], [[1, 1]], [[3, 1]]],
  outputs: [
    [1, 1, 0, 0, 0],
    [0, 0, 0, 1, 0],
    [0, 1, 1, 0, 0],
    [0, 0, 0, 0, 1],
  ],
};

/**
 * The gradient of the filter for stride 2, from two rows of dy: dw0 = d0 dy0 + d2 dy1, dw1 = d1 dy0 + d3 dy1, dw2 = d2 dy0 +
 * d4 dy1. The sums are (d0 - d2) dy0, d2 (dy0 + dy1), (d4 - d2) dy1, d1 dy0 + d3 dy1.
 */
const FILTER_GRADIENT_2: Lists = {
  stride: 2,
  vectors: FORWARD_2.vectors,
  sums: [
    [[0, 0]],
    [[2, 2]],
    [[3, 1]],
    [
      [1, 0],
      [4, 1],
    ],
  ],
  outputs: [
    [1, 1, 0, 0],
    [0, 0, 0, 1],
    [0, 1, 1, 0],
  ],
};

const VECTORS_1: readonly Vector[] = [difference(0, 2), [1, 2, 1], difference(2, 1), difference(1, 3)];

/** F(2, 3): y0 = d0 w0 + d1 w1 + d2 w2 and y1 = d1 w0 + d2 w1 + d3 w2. */
const FORWARD_1: Lists = {
  stride: 1,
  vectors: VECTORS_1,
  sums: [[[0, 0]], [[1, 1]], [[2, 2]], [[3, 3]]],
  outputs: [
    [1, 1, 1, 0],
    [0, 1, -1, -1],
  ],
};

/** The same with the filter's rows in reverse: the gradient of the input for stride 1. */
const INPUT_GRADIENT_1: Lists = { ...FORWARD_1, sums: [[[0, 3]], [[1, 1]], [[2, 2]], [[3, 0]]] };

/** F(3, 2): dw0 = d0 dy0 + d1 dy1, dw1 = d1 dy0 + d2 dy1, dw2 = d2 dy0 + d3 dy1. */
const FILTER_GRADIENT_1: Lists = {
  ...FORWARD_1,
  outputs: [
    [1, 1, 1, 0],
    [0, 1, -1, 0],
    [0, 1, 1, -1],
  ],
};

/** Whether plans exist for a convolution and its gradients. Their kernels read and write vectors of four values. */
function hasWinogradPlan(s: ConvShape): boolean {
  const isSquare = s.filterHeight === 3 && s.filterWidth === 3 && s.strideY === s.strideX && s.strideY <= 2;
  return isSquare && s.inputChannels % 4 === 0 && s.outputChannels % 4 === 0;
}

/** With fewer channels, making vectors and adding sums cost as much as the products that they save. */
const LEAST_CHANNELS = 48;
/** With fewer tiles in an image, packing the combinations of the filter costs as much. */
const LEAST_TILES = 16;

/**
 * Whether the plans take less time than the direct convolution, for both builds of the kernels (docs/decisions/006-winograd.md has the
 * measurements). The batch does not matter, because an image's result must not depend on it.
 */
export function isFasterByWinograd(s: ConvShape): boolean {
  const tiles = Math.ceil(s.outputHeight / 2) * Math.ceil(s.outputWidth / 2);
  const channels = Math.min(s.inputChannels, s.outputChannels);
  return hasWinogradPlan(s) && channels >= LEAST_CHANNELS && tiles >= LEAST_TILES;
}

/** The plan of y = conv2d(x, filter). */
export function forwardPlan(s: ConvShape): WinogradPlan {
  return {
    lists: s.strideY === 2 ? FORWARD_2 : FORWARD_1,
    geometry: {
      ...s,
      channels: s.inputChannels,
      columns: s.outputChannels,
      tilesY: Math.ceil(s.outputHeight / 2),
      tilesX: Math.ceil(s.outputWidth / 2),
      inputStep: 2 * s.strideY,
      inputPadY: s.padTop,
      inputPadX: s.padLeft,
      outputStep: 2,
      outputPadY: 0,
      outputPadX: 0,
      tapStride: s.inputChannels * s.outputChannels,
      depthStride: s.outputChannels,
      columnStride: 1,
    },
  };
}

/** The plan of dx from dy and the filter. Input and output change places. */
export function inputGradientPlan(s: ConvShape): WinogradPlan {
  const swapped = {
    batch: s.batch,
    inputHeight: s.outputHeight,
    inputWidth: s.outputWidth,
    channels: s.outputChannels,
    outputHeight: s.inputHeight,
    outputWidth: s.inputWidth,
    columns: s.inputChannels,
    tapStride: s.inputChannels * s.outputChannels,
    depthStride: 1,
    columnStride: s.outputChannels,
  };
  const [height, width] = [s.inputHeight, s.inputWidth];
  if (s.strideY === 2) {
    // Tiles should begin with the image. With other lists, they would begin a row outside of it.
    const isOdd = s.padTop % 2 === 1 && s.padLeft % 2 === 1;
    const [top, left, inputPad] = isOdd ? [s.padTop - 1, s.padLeft - 1, 0] : [s.padTop, s.padLeft, 1];
    return {
      lists: isOdd ? INPUT_GRADIENT_2_ODD : INPUT_GRADIENT_2_EVEN,
      geometry: {
        ...swapped,
        tilesY: Math.ceil((height + top) / 4),
        tilesX: Math.ceil((width + left) / 4),
        inputStep: 2,
        inputPadY: inputPad,
        inputPadX: inputPad,
        outputStep: 4,
        outputPadY: top,
        outputPadX: left,
      },
    };
  }
  return {
    lists: INPUT_GRADIENT_1,
    geometry: {
      ...swapped,
      tilesY: Math.ceil(height / 2),
      tilesX: Math.ceil(width / 2),
      inputStep: 2,
      inputPadY: 2 - s.padTop,
      inputPadX: 2 - s.padLeft,
      outputStep: 2,
      outputPadY: 0,
      outputPadX: 0,
    },
  };
}

/** The plan of the filter's gradient: vectors of x meet combinations of dy, whose size is the plan's output. */
export function filterGradientPlan(s: ConvShape): WinogradPlan {
  const { geometry } = forwardPlan(s);
  return { geometry, lists: s.strideY === 2 ? FILTER_GRADIENT_2 : FILTER_GRADIENT_1 };
}

/** The tiles of the whole batch. */
export function tilesOf({ geometry: { batch, tilesY, tilesX } }: WinogradPlan): number {
  return batch * tilesY * tilesX;
}

/** The input rows of a tile. */
export function windowOf({ lists: { vectors } }: WinogradPlan): number {
  return Math.max(...vectors.map(([first, second]) => Math.max(first, second))) + 1;
}

/** Size of the description in memory, in bytes. */
export const WINOGRAD_PLAN_BYTES = 80 * 4;

/** Writes the description at a byte offset of the memory, in the order of assembly/nn/winograd-plan.ts. */
export function writeWinogradPlan(memory: Int32Array, pointer: number, plan: WinogradPlan): void {
  const { geometry: g, lists } = plan;
  const words = memory.subarray(pointer >>> 2, (pointer + WINOGRAD_PLAN_BYTES) >>> 2).fill(0);
  words.set([g.batch, g.inputHeight, g.inputWidth, g.channels, g.outputHeight, g.outputWidth, g.columns], 0);
  words.set([g.tilesY, g.tilesX, g.inputStep, g.inputPadY, g.inputPadX], 7);
  words.set([g.outputStep, g.outputPadY, g.outputPadX, g.tapStride, g.depthStride, g.columnStride], 12);
  words.set([lists.sums.length, lists.stride, lists.outputs.length, windowOf(plan)], 18);
  words.set(lists.vectors.flat(), 24);
  let taps = 0;
  for (const [at, sum] of lists.sums.entries()) {
    words[40 + at] = taps;
    words.set(sum.flat(), 48 + 2 * taps);
    taps += sum.length;
  }
  words[40 + lists.sums.length] = taps;
  for (const [at, factors] of lists.outputs.entries()) words.set(factors, 60 + 5 * at);
}
