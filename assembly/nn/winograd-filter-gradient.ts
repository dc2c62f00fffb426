/**
 * The gradient of a 3x3 filter by Winograd's minimal filtering (src/kernels/winograd-plan.ts): for each sum of the plan
 * a GEMM whose depth is the tiles of the batch. The sums are float32 [sums * sums][cin][cout] in memory, and a last pass
 * adds them to the gradient. Tiles are added in a fixed order, whatever the number of threads.
 */
import { addPairs } from "./pair-tile";
import { NARROW, WIDE } from "./tile";
import * as plan from "./winograd-plan";
import { addTerms, storeTerms } from "./winograd-sums";
import { makeVector } from "./winograd-vectors";

/** GROUP: input channels per unit of work. DEPTH: tiles that are summed before a partial sum is added to memory. */
const GROUP: i32 = 64;
const DEPTH: i32 = 256;
const PAIR_BYTES: usize = (<usize>DEPTH) << 3;

/** Combinations of dy in one dimension. */
function combinationsOf(p: usize): i32 {
  return plan.stride(p) == 2 ? 3 : 4;
}

/** Writes the combinations of four pixels of dy, for stride 2, `bytes` of their columns. They are `step` bytes apart. */
function combine2(a: usize, b: usize, c: usize, d: usize, to: usize, step: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const y00 = v128.load(a + at);
    const y01 = v128.load(b + at);
    const y10 = v128.load(c + at);
    const y11 = v128.load(d + at);
    const upper = f32x4.add(y00, y01);
    const lower = f32x4.add(y10, y11);
    const out = to + at;
    v128.store(out, y00);
    v128.store(out + step, y01);
    v128.store(out + 2 * step, upper);
    v128.store(out + 3 * step, y10);
    v128.store(out + 4 * step, y11);
    v128.store(out + 5 * step, lower);
    v128.store(out + 6 * step, f32x4.add(y00, y10));
    v128.store(out + 7 * step, f32x4.add(y01, y11));
    v128.store(out + 8 * step, f32x4.add(upper, lower));
  }
}

/** Writes combinations 0 to 3 of two values. */
function combinePair(first: v128, second: v128, to: usize, step: usize): void {
  const half = f32x4.splat(0.5);
  v128.store(to, first);
  v128.store(to + step, f32x4.mul(half, f32x4.add(first, second)));
  v128.store(to + 2 * step, f32x4.mul(half, f32x4.sub(first, second)));
  v128.store(to + 3 * step, second);
}

/** The same for stride 1. */
function combine1(a: usize, b: usize, c: usize, d: usize, to: usize, step: usize, bytes: usize): void {
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < bytes; at += 16) {
    const y00 = v128.load(a + at);
    const y01 = v128.load(b + at);
    const y10 = v128.load(c + at);
    const y11 = v128.load(d + at);
    const out = to + at;
    combinePair(y00, y01, out, step);
    combinePair(f32x4.mul(half, f32x4.add(y00, y10)), f32x4.mul(half, f32x4.add(y01, y11)), out + 4 * step, step);
    combinePair(f32x4.mul(half, f32x4.sub(y00, y10)), f32x4.mul(half, f32x4.sub(y01, y11)), out + 8 * step, step);
    combinePair(y10, y11, out + 12 * step, step);
  }
}

/**
 * Packs the combinations of dy for some tiles.
 *
 * @param p         the plan (winograd-plan.ts)
 * @param dy        float32 [n, oh, ow, cout]
 * @param to        float32 [combinations * combinations][panels of packPanel(), `depth` deep]
 * @param zeros     float32 zeros, at least 16
 * @param firstTile the first tile in `to`
 * @param depth     number of tiles in `to`
 * @param blockRows tiles per block
 * @param block     number of the block
 */
export function packWinogradGradient(
  p: usize,
  dy: usize,
  to: usize,
  zeros: usize,
  firstTile: i32,
  depth: i32,
  blockRows: i32,
  block: i32,
): void {
  const columns = plan.columns(p);
  const height = plan.outputHeight(p);
  const width = plan.outputWidth(p);
  const last = min((block + 1) * blockRows, depth);
  const step: usize = (<usize>depth * <usize>columns) << 2;
  const pixelBytes: usize = (<usize>columns) << 2;
  for (let column: i32 = 0; column < columns; ) {
    const panelWidth = column + WIDE <= columns ? WIDE : NARROW;
    const bytes = (<usize>panelWidth) << 2;
    const panel = to + ((<usize>column * <usize>depth) << 2);
    for (let row = block * blockRows; row < last; row++) {
      const tile = firstTile + row;
      const oy = plan.outputTop(p, tile);
      const ox = plan.outputLeft(p, tile);
      const hasRight = ox + 1 < width;
      const hasLower = oy + 1 < height;
      // Where the image ends within a tile, dy is zero.
      const a = dy + plan.outputPixel(p, tile, oy, ox) * pixelBytes + ((<usize>column) << 2);
      const b = hasRight ? a + pixelBytes : zeros;
      const c = hasLower ? a + <usize>width * pixelBytes : zeros;
      const d = hasRight && hasLower ? c + pixelBytes : zeros;
      const out = panel + <usize>row * bytes;
      if (plan.stride(p) == 2) combine2(a, b, c, d, out, step, bytes);
      else combine1(a, b, c, d, out, step, bytes);
    }
    column += panelWidth;
  }
}

/** Writes the vectors of two tiles as neighbouring columns of pairs of rows, to[pair][tile][2]. */
function interleave(a: usize, b: usize, bytes: usize, to: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const first = v128.load(a + at);
    const second = v128.load(b + at);
    v128.store(to, v128.shuffle<i64>(first, second, 0, 2));
    v128.store(to + PAIR_BYTES, v128.shuffle<i64>(first, second, 1, 3));
    to += 2 * PAIR_BYTES;
  }
}

/**
 * Adds some tiles to one sum of the plan, for a group of 64 input channels.
 *
 * @param p         the plan (winograd-plan.ts)
 * @param pixels    what findWinogradPixels() wrote
 * @param packed    what packWinogradGradient() wrote for these tiles
 * @param results   float32 [sums * sums][cin][cout]; begins at zero if firstTile is 0
 * @param firstTile the first of these tiles
 * @param tiles     their number
 * @param scratch   this thread's scratch memory: 64 * 256 * 4 bytes, then 2 * 64 * 4
 * @param block     (sy * sums + sx) * ceil(cin / 64) + group
 */
export function winogradFilterGradient(
  p: usize,
  pixels: usize,
  packed: usize,
  results: usize,
  firstTile: i32,
  tiles: i32,
  scratch: usize,
  block: i32,
): void {
  const channels = plan.channels(p);
  const columns = plan.columns(p);
  const sums = plan.sums(p);
  const combinations = combinationsOf(p);
  const groups = (channels + GROUP - 1) / GROUP;
  const sum = block / groups;
  const firstChannel = (block % groups) * GROUP;
  const rows = min(GROUP, channels - firstChannel);
  const bytes = (<usize>rows) << 2;
  const offset: usize = (<usize>firstChannel) << 2;
  const rowBytes: usize = (<usize>columns) << 2;
  const tileBytes: usize = (<usize>(plan.window(p) * plan.window(p))) << 2;
  const madeA = scratch + ((<usize>(GROUP * DEPTH)) << 2);
  const madeB = madeA + ((<usize>GROUP) << 2);
  const out = results + <usize>(sum * channels + firstChannel) * rowBytes;
  if (firstTile == 0) memory.fill(out, 0, <usize>rows * rowBytes);
  const sy = sum / sums;
  const sx = sum % sums;
  const lastY = plan.firstTap(p, sy + 1);
  const lastX = plan.firstTap(p, sx + 1);

  for (let start: i32 = 0; start < tiles; start += DEPTH) {
    const depth = min(DEPTH, tiles - start);
    const first = pixels + <usize>(firstTile + start) * tileBytes;
    for (let ty = plan.firstTap(p, sy); ty < lastY; ty++) {
      for (let tx = plan.firstTap(p, sx); tx < lastX; tx++) {
        const vy = plan.vectorOf(p, ty);
        const vx = plan.vectorOf(p, tx);
        for (let i: i32 = 0; i < depth; i += 2) {
          const tile = first + <usize>i * tileBytes;
          const next = i + 1 < depth ? tile + tileBytes : tile; // repeated beyond the end, and not multiplied
          const a = makeVector(p, tile, vy, vx, offset, madeA, bytes);
          const b = makeVector(p, next, vy, vx, offset, madeB, bytes);
          interleave(a, b, bytes, scratch + ((<usize>i) << 3));
        }
        const c = plan.combinationOf(p, ty) * combinations + plan.combinationOf(p, tx);
        const panels = packed + <usize>(c * tiles) * rowBytes;
        addPairs(scratch, 8, PAIR_BYTES, rows, panels, tiles, start, depth, out, columns, 0);
      }
    }
  }
}

/**
 * Adds the sums to the gradient of the filter.
 *
 * @param p         the plan (winograd-plan.ts)
 * @param results   float32 [sums * sums][cin][cout]
 * @param dw        float32 [3, 3, cin, cout], overwritten
 * @param blockRows input channels per block
 * @param scratch   this thread's scratch memory: 72 bytes
 * @param block     number of the block
 */
export function finishWinogradFilterGradient(
  p: usize,
  results: usize,
  dw: usize,
  blockRows: i32,
  scratch: usize,
  block: i32,
): void {
  const columns = plan.columns(p);
  const channels = plan.channels(p);
  const sumBytes: usize = (<usize>channels * <usize>columns) << 2;
  const first: usize = (<usize>(block * blockRows) * <usize>columns) << 2;
  const count = (min((block + 1) * blockRows, channels) - block * blockRows) * columns;
  for (let position: i32 = 0; position < 9; position++) {
    const end = storeTerms(p, results, sumBytes, position / 3, position % 3, scratch);
    addTerms(p, scratch, end, first, dw + <usize>position * sumBytes + first, count);
  }
}
