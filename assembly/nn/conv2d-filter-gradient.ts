/**
 * Gradient of a 2D convolution with respect to its filter: a GEMM whose depth is the pixels of the batch. Sums run over
 * blocks of pixels in a fixed order, whatever the number of threads, so results are bit-identical.
 */
import { packPanel } from "./pack";
import { addPairs } from "./pair-tile";
import * as shape from "./shape";
import { NARROW, WIDE } from "./tile";

/** GROUP: input channels per unit of work. DEPTH: output pixels that are summed before a partial sum is added to memory. */
const GROUP: i32 = 16;
const DEPTH: i32 = 256;

/** Packs the pixels [block * blockRows, ...) of dy, float32 [pixels, cout], into panels `pixels` deep. */
export function packFilterGradientInput(conv: usize, dy: usize, to: usize, blockRows: i32, block: i32): void {
  const columns = shape.outputChannels(conv);
  const pixels = shape.batch(conv) * shape.outputHeight(conv) * shape.outputWidth(conv);
  const first = block * blockRows;
  const count = min(blockRows, pixels - first);
  const panels = columns / WIDE + ((columns % WIDE) + NARROW - 1) / NARROW;
  const from = dy + ((<usize>first * <usize>columns) << 2);
  for (let panel: i32 = 0; panel < panels; panel++)
    packPanel(from, count, columns, columns, 1, to, pixels, first, panel);
}

/** Copies `count` values into pairs of rows, to[pair][pixel][2]. If `isSecond`, the first value is the second of its pair. */
function gather(from: usize, count: i32, to: usize, isSecond: bool): void {
  const pairBytes: usize = (<usize>DEPTH) << 3;
  let c: i32 = 0;
  if (isSecond) {
    store<f32>(to, load<f32>(from), 4);
    c = 1;
    from += 4;
    to += pairBytes;
  }
  for (; c + 4 <= count; c += 4) {
    const values = v128.load(from);
    v128.store64_lane(to, values, 0);
    v128.store64_lane(to + pairBytes, values, 1);
    from += 16;
    to += 2 * pairBytes;
  }
  for (; c + 2 <= count; c += 2) {
    store<u64>(to, load<u64>(from));
    from += 8;
    to += pairBytes;
  }
  if (c < count) store<f32>(to, load<f32>(from));
}

/**
 * Copies two neighbouring pixels in the same way, a multiple of four values each, starting at the first row of a pair.
 * This needs half as many stores.
 */
function gatherTwo(fromA: usize, fromB: usize, count: i32, to: usize): void {
  const pairBytes: usize = (<usize>DEPTH) << 3;
  for (let c: i32 = 0; c < count; c += 4) {
    const a = v128.load(fromA);
    const b = v128.load(fromB);
    v128.store(to, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(to + pairBytes, v128.shuffle<i64>(a, b, 1, 3));
    fromA += 16;
    fromB += 16;
    to += 2 * pairBytes;
  }
}

/**
 * Gathers the inputs that one filter position meets, for `depth` output pixels from number `first` on: `count` channels
 * each.
 *
 * @param conv      the shape (shape.ts)
 * @param x         float32 [n, h, w, cin], from the first of these channels on
 * @param tap       ky * kw + kx
 * @param zeros     float32 zeros, at least `count`
 * @param to        pairs of rows, [pair][pixel][2]
 * @param isSecond  whether the first channel is the second row of its pair
 */
function gatherTap(
  conv: usize,
  x: usize,
  tap: i32,
  count: i32,
  zeros: usize,
  to: usize,
  isSecond: bool,
  first: i32,
  depth: i32,
): void {
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const strideY = shape.strideY(conv);
  const strideX = shape.strideX(conv);
  const dy = tap / shape.filterWidth(conv) - shape.padTop(conv);
  const dx = (tap % shape.filterWidth(conv)) - shape.padLeft(conv);
  const pixelBytes: usize = (<usize>shape.inputChannels(conv)) << 2;
  const pixelStep = <usize>strideX * pixelBytes;
  const last = to + ((<usize>depth) << 3);
  const isWhole = !isSecond && (count & 3) == 0;
  let ox = first % outWidth;
  let line = first / outWidth;
  while (to < last) {
    // The output pixels of one line. The address of an input outside the image is never read.
    const iy = (line % outHeight) * strideY + dy;
    const isLineInside = iy >= 0 && iy < height;
    let ix = ox * strideX + dx;
    let from = x + <usize>(((line / outHeight) * height + iy) * width + ix) * pixelBytes;
    const end = min(last, to + ((<usize>(outWidth - ox)) << 3));
    if (isWhole) {
      for (; to + 8 < end; to += 16) {
        const second = ix + strideX;
        const a = isLineInside && ix >= 0 && ix < width ? from : zeros;
        const b = isLineInside && second >= 0 && second < width ? from + pixelStep : zeros;
        gatherTwo(a, b, count, to);
        ix = second + strideX;
        from += 2 * pixelStep;
      }
    }
    for (; to < end; to += 8) {
      gather(isLineInside && ix >= 0 && ix < width ? from : zeros, count, to, isSecond);
      ix += strideX;
      from += pixelStep;
    }
    ox = 0;
    line++;
  }
}

/**
 * Computes sixteen rows of the filter's gradient, as a matrix of kh * kw * cin rows. If a filter position has fewer
 * channels, the rows of several positions are computed together, so dy is read only once for all of them.
 *
 * @param conv    the shape (shape.ts)
 * @param x       float32 [n, h, w, cin]
 * @param packed  dy in the layout of packFilterGradientInput
 * @param dw      float32 [kh, kw, cin, cout], overwritten
 * @param zeros   float32 zeros, at least 16
 * @param scratch this thread's scratch memory: 16 * 256 * 4 bytes, then cout * 4
 * @param block   0 .. ceil(kh * kw * cin / 16)
 */
export function conv2dFilterGradient(
  conv: usize,
  x: usize,
  packed: usize,
  dw: usize,
  zeros: usize,
  scratch: usize,
  block: i32,
): void {
  const channels = shape.inputChannels(conv);
  const columns = shape.outputChannels(conv);
  const pixels = shape.batch(conv) * shape.outputHeight(conv) * shape.outputWidth(conv);
  const pairBytes: usize = (<usize>DEPTH) << 3;
  const firstRow = block * GROUP;
  const rows = min(GROUP, shape.filterHeight(conv) * shape.filterWidth(conv) * channels - firstRow);
  const dump = scratch + ((<usize>(GROUP * DEPTH)) << 2);
  const rowBytes: usize = (<usize>columns) << 2;
  const dwRows = dw + <usize>firstRow * rowBytes;
  memory.fill(dwRows, 0, <usize>rows * rowBytes);
  // If the number of rows is odd, the missing last row counts as zeros. Nothing writes there.
  if (rows & 1) memory.fill(scratch + <usize>(rows >> 1) * pairBytes, 0, pairBytes);

  for (let first: i32 = 0; first < pixels; first += DEPTH) {
    const depth = min(DEPTH, pixels - first);
    for (let row: i32 = 0; row < rows; ) {
      const channel = (firstRow + row) % channels;
      const count = min(channels - channel, rows - row);
      const from = x + ((<usize>channel) << 2);
      const to = scratch + <usize>(row >> 1) * pairBytes;
      gatherTap(conv, from, (firstRow + row) / channels, count, zeros, to, (row & 1) == 1, first, depth);
      row += count;
    }
    addPairs(scratch, 8, pairBytes, rows, packed, pixels, first, depth, dwRows, columns, dump);
  }
}
