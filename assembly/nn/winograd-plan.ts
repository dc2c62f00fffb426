/**
 * The description of a convolution by Winograd's minimal filtering, 80 i32 in memory. src/kernels/winograd-plan.ts
 * explains the method and writes the description in the same order, which must not change on one side only.
 *
 * Both dimensions of an image use the same lists. A position in two dimensions is a pair of positions in one, with y
 * first.
 */

export function batch(plan: usize): i32 {
  return load<i32>(plan);
}
export function inputHeight(plan: usize): i32 {
  return load<i32>(plan, 4);
}
export function inputWidth(plan: usize): i32 {
  return load<i32>(plan, 8);
}
/** Values of an input pixel. */
export function channels(plan: usize): i32 {
  return load<i32>(plan, 12);
}
export function outputHeight(plan: usize): i32 {
  return load<i32>(plan, 16);
}
export function outputWidth(plan: usize): i32 {
  return load<i32>(plan, 20);
}
/** Values of an output pixel. */
export function columns(plan: usize): i32 {
  return load<i32>(plan, 24);
}
/** Number of tiles from top to bottom. */
export function tilesY(plan: usize): i32 {
  return load<i32>(plan, 28);
}
export function tilesX(plan: usize): i32 {
  return load<i32>(plan, 32);
}
/** Tile number t reads input rows from t * inputStep - inputPadY on. */
export function inputStep(plan: usize): i32 {
  return load<i32>(plan, 36);
}
export function inputPadY(plan: usize): i32 {
  return load<i32>(plan, 40);
}
export function inputPadX(plan: usize): i32 {
  return load<i32>(plan, 44);
}
/** Tile number t has the output rows from t * outputStep - outputPadY on. */
export function outputStep(plan: usize): i32 {
  return load<i32>(plan, 48);
}
export function outputPadY(plan: usize): i32 {
  return load<i32>(plan, 52);
}
export function outputPadX(plan: usize): i32 {
  return load<i32>(plan, 56);
}
/** The image of a tile, counted over the batch. */
export function imageOf(plan: usize, tile: i32): i32 {
  return tile / (tilesX(plan) * tilesY(plan));
}
/** The first input row and column of a tile, and its first output row and column. They may lie outside the image. */
export function inputTop(plan: usize, tile: i32): i32 {
  return ((tile / tilesX(plan)) % tilesY(plan)) * inputStep(plan) - inputPadY(plan);
}
export function inputLeft(plan: usize, tile: i32): i32 {
  return (tile % tilesX(plan)) * inputStep(plan) - inputPadX(plan);
}
export function outputTop(plan: usize, tile: i32): i32 {
  return ((tile / tilesX(plan)) % tilesY(plan)) * outputStep(plan) - outputPadY(plan);
}
export function outputLeft(plan: usize, tile: i32): i32 {
  return (tile % tilesX(plan)) * outputStep(plan) - outputPadX(plan);
}
/** The number of the output pixel at a row and a column of a tile's image, counted over the batch. */
export function outputPixel(plan: usize, tile: i32, row: i32, column: i32): usize {
  return <usize>((imageOf(plan, tile) * outputHeight(plan) + row) * outputWidth(plan) + column);
}

/** Elements between two positions of the filter, between two of its input values, and between two of its output values. */
export function tapStride(plan: usize): i32 {
  return load<i32>(plan, 60);
}
export function depthStride(plan: usize): i32 {
  return load<i32>(plan, 64);
}
export function columnStride(plan: usize): i32 {
  return load<i32>(plan, 68);
}

/** Number of sums and of outputs in one dimension, and the stride, which says what the numbers of combinations mean. */
export function sums(plan: usize): i32 {
  return load<i32>(plan, 72);
}
export function stride(plan: usize): i32 {
  return load<i32>(plan, 76);
}
export function outputs(plan: usize): i32 {
  return load<i32>(plan, 80);
}

/** Input rows of a tile. */
export function window(plan: usize): i32 {
  return load<i32>(plan, 84);
}

/** Vector number v is input row first(v), plus sign(v) times input row second(v) if that is not negative. */
export function first(plan: usize, vector: i32): i32 {
  return load<i32>(plan + ((<usize>(vector * 3)) << 2), 96);
}
export function second(plan: usize, vector: i32): i32 {
  return load<i32>(plan + ((<usize>(vector * 3)) << 2), 100);
}
export function sign(plan: usize, vector: i32): i32 {
  return load<i32>(plan + ((<usize>(vector * 3)) << 2), 104);
}

/** The taps of sum number s are firstTap(s) .. firstTap(s + 1). */
export function firstTap(plan: usize, sum: i32): i32 {
  return load<i32>(plan + ((<usize>sum) << 2), 160);
}
/** The input vector of a tap, and the combination of the filter that it meets. */
export function vectorOf(plan: usize, tap: i32): i32 {
  return load<i32>(plan + ((<usize>tap) << 3), 192);
}
export function combinationOf(plan: usize, tap: i32): i32 {
  return load<i32>(plan + ((<usize>tap) << 3), 196);
}

/** The factor of a sum in an output: -1, 0 or 1. */
export function factor(plan: usize, output: i32, sum: i32): i32 {
  return load<i32>(plan + ((<usize>(output * 5 + sum)) << 2), 240);
}
