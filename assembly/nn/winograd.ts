/**
 * Convolutions by Winograd's minimal filtering, forward and for the gradient of the input
 * (src/kernels/winograd-plan.ts explains the method).
 *
 * A tile is a small square of output pixels. For each sum of the plan, the kernel makes the vectors of a block of tiles
 * in scratch memory and multiplies them with the combinations of the filter: an indirect GEMM with a row for each tile.
 * A second pass adds the sums to output pixels.
 */
import { indirectGemm, ROWS } from "./tile";
import * as plan from "./winograd-plan";
import { addSquare, addTerms, storeTerms } from "./winograd-sums";
import { makeVector } from "./winograd-vectors";

/** A sum of one or two taps in each dimension. */
const MOST_TAPS: i32 = 4;

/**
 * Computes the outputs of some tiles, flattened over batch, rows and columns of tiles, and some of their columns. Block
 * number rowBlock * ceil(columns / blockColumns) + columnBlock has the tiles [rowBlock * blockRows, ...) and the columns
 * [columnBlock * blockColumns, ...).
 *
 * @param p            the plan (winograd-plan.ts)
 * @param pixels       what findWinogradPixels() wrote
 * @param packed       combinations of the filter in the layout of packWinogradFilter()
 * @param bias         float32 [columns], added to every pixel; 0 for none
 * @param relu         if not 0, negative results become 0
 * @param y            float32 [n, oh, ow, columns]
 * @param blockRows    tiles per block, a multiple of 4
 * @param blockColumns columns per block, a multiple of 16
 * @param scratch      this thread's scratch memory: 4 * (blockRows * (sums * sums * blockColumns + 4 * channels + 5) +
 *                     4 + max(18, blockColumns)) bytes
 * @param block        number of the block
 */
export function winogradConv2d(
  p: usize,
  pixels: usize,
  packed: usize,
  bias: usize,
  relu: i32,
  y: usize,
  blockRows: i32,
  blockColumns: i32,
  scratch: usize,
  block: i32,
): void {
  const channels = plan.channels(p);
  const columns = plan.columns(p);
  const sums = plan.sums(p);
  const groups = (columns + blockColumns - 1) / blockColumns;
  const first = (block / groups) * blockRows;
  const firstColumn = (block % groups) * blockColumns;
  const width = min(blockColumns, columns - firstColumn);
  const count = min(blockRows, plan.batch(p) * plan.tilesY(p) * plan.tilesX(p) - first);
  const rows = ((count + ROWS - 1) / ROWS) * ROWS;
  const sumBytes: usize = (<usize>(rows * width)) << 2;
  const vectorBytes: usize = (<usize>channels) << 2;
  const combinationBytes: usize = (<usize>channels * <usize>columns) << 2;
  const tileBytes: usize = (<usize>(plan.window(p) * plan.window(p))) << 2;

  const results = scratch;
  const vectors = results + <usize>(sums * sums) * sumBytes;
  const inputs = vectors + <usize>(MOST_TAPS * rows) * vectorBytes;
  const outputs = inputs + ((<usize>(MOST_TAPS * rows)) << 2);
  const tapOffsets = outputs + ((<usize>rows) << 2);
  const terms = tapOffsets + ((<usize>MOST_TAPS) << 2);
  const panels = packed + <usize>firstColumn * vectorBytes;
  const firstTile = pixels + <usize>first * tileBytes;

  let result = results;
  for (let sy: i32 = 0; sy < sums; sy++) {
    const lastY = plan.firstTap(p, sy + 1);
    for (let sx: i32 = 0; sx < sums; sx++) {
      const lastX = plan.firstTap(p, sx + 1);
      let taps: i32 = 0;
      for (let ty = plan.firstTap(p, sy); ty < lastY; ty++) {
        for (let tx = plan.firstTap(p, sx); tx < lastX; tx++, taps++) {
          const combination = <usize>(plan.combinationOf(p, ty) * 4 + plan.combinationOf(p, tx));
          store<u32>(tapOffsets + ((<usize>taps) << 2), <u32>(combination * combinationBytes));
          const vy = plan.vectorOf(p, ty);
          const vx = plan.vectorOf(p, tx);
          let vector = vectors + <usize>(taps * rows) * vectorBytes;
          const slots = inputs + ((<usize>(taps * rows)) << 2);
          for (let row: i32 = 0; row < rows; row++, vector += vectorBytes) {
            // Rows beyond the end repeat the last tile, and nobody reads their results.
            const tile = firstTile + <usize>min(row, count - 1) * tileBytes;
            store<u32>(slots + ((<usize>row) << 2), <u32>makeVector(p, tile, vy, vx, 0, vector, vectorBytes));
          }
        }
      }
      for (let row: i32 = 0; row < rows; row++)
        store<u32>(outputs + ((<usize>row) << 2), <u32>(result + ((<usize>(row * width)) << 2)));
      indirectGemm(inputs, taps, rows, channels, panels, tapOffsets, 0, false, outputs, width);
      result += sumBytes;
    }
  }
  const firstBias: usize = bias == 0 ? 0 : bias + ((<usize>firstColumn) << 2);
  const to = y + ((<usize>firstColumn) << 2);
  if (plan.stride(p) == 1) addSquares(p, results, sumBytes, firstBias, relu, to, first, count, width, terms);
  else addOutputs(p, results, sumBytes, firstBias, relu, to, first, count, width, terms);
}

/** Adds the sums of `count` tiles to their output pixels for stride 1. @param dump `width` values that nobody reads */
function addSquares(
  p: usize,
  results: usize,
  sumBytes: usize,
  bias: usize,
  relu: i32,
  y: usize,
  first: i32,
  count: i32,
  width: i32,
  dump: usize,
): void {
  const outWidth = plan.outputWidth(p);
  const pixelBytes: usize = (<usize>plan.columns(p)) << 2;
  const bytes: usize = (<usize>width) << 2;
  for (let i: i32 = 0; i < count; i++) {
    const row = plan.outputTop(p, first + i);
    const column = plan.outputLeft(p, first + i);
    const hasRight = column + 1 < outWidth;
    const hasLower = row + 1 < plan.outputHeight(p);
    const y00 = y + plan.outputPixel(p, first + i, row, column) * pixelBytes;
    // Pixels outside the image are written to memory that nobody reads.
    const y01 = hasRight ? y00 + pixelBytes : dump;
    const y10 = hasLower ? y00 + <usize>outWidth * pixelBytes : dump;
    const y11 = hasRight && hasLower ? y10 + pixelBytes : dump;
    addSquare(results + <usize>i * bytes, sumBytes, y00, y01, y10, y11, bytes);
    if (bias == 0 && relu == 0) continue;
    finish(y00, bias, relu, width);
    finish(y01, bias, relu, width);
    finish(y10, bias, relu, width);
    finish(y11, bias, relu, width);
  }
}

/** The same for stride 2. The sums of a tile are `width` values of [sums * sums][rows][width]. */
function addOutputs(
  p: usize,
  results: usize,
  sumBytes: usize,
  bias: usize,
  relu: i32,
  y: usize,
  first: i32,
  count: i32,
  width: i32,
  terms: usize,
): void {
  const outputs = plan.outputs(p);
  const height = plan.outputHeight(p);
  const outWidth = plan.outputWidth(p);
  const pixelBytes: usize = (<usize>plan.columns(p)) << 2;
  for (let oy: i32 = 0; oy < outputs; oy++) {
    for (let ox: i32 = 0; ox < outputs; ox++) {
      const end = storeTerms(p, results, sumBytes, oy, ox, terms);
      for (let tile = first; tile < first + count; tile++) {
        const row = plan.outputTop(p, tile) + oy;
        const column = plan.outputLeft(p, tile) + ox;
        if (row < 0 || row >= height || column < 0 || column >= outWidth) continue;
        const to = y + plan.outputPixel(p, tile, row, column) * pixelBytes;
        addTerms(p, terms, end, (<usize>((tile - first) * width)) << 2, to, width);
        if (bias != 0 || relu != 0) finish(to, bias, relu, width);
      }
    }
  }
}

/** Adds the bias and applies ReLU. */
function finish(to: usize, bias: usize, relu: i32, width: i32): void {
  const zero = f32x4.splat(0);
  for (let at: usize = 0; at < (<usize>width) << 2; at += 16) {
    let value = v128.load(to + at);
    if (bias != 0) value = f32x4.add(value, v128.load(bias + at));
    if (relu != 0) value = f32x4.max(value, zero);
    v128.store(to + at, value);
  }
}
