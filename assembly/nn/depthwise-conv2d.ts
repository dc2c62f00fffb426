/** Depthwise 2D convolution: each channel has a filter of its own. NHWC input and output, filters [kh, kw, channels]. */
import { multiplyAdd } from "../multiply-add";
import * as shape from "./shape";

/** Output columns that share the loads of their filter, for filters of three columns and stride 1. */
const COLUMNS: i32 = 4;

/** v between 0 and `limit`, or v itself if `limit` is 0. */
function limited(v: v128, limit: f32): v128 {
  return limit == 0 ? v : f32x4.min(f32x4.max(v, f32x4.splat(0)), f32x4.splat(limit));
}

/** The output of one pixel. Taps before `beginX` and from `endX` on are outside the image, and so for the lines. */
function onePixel(
  corner: usize,
  lineBytes: usize,
  filter: usize,
  filterWidth: i32,
  bias: usize,
  limit: f32,
  to: usize,
  channels: i32,
  beginY: i32,
  endY: i32,
  beginX: i32,
  endX: i32,
): void {
  const bytes: usize = (<usize>channels) << 2;
  const vectors: usize = bytes & ~15;
  for (let c: usize = 0; c < bytes; c += c < vectors ? 16 : 4) {
    const isWhole = c < vectors;
    let sum = f32x4.splat(0);
    if (bias != 0) sum = isWhole ? v128.load(bias + c) : v128.load32_zero(bias + c);
    for (let ky = beginY; ky < endY; ky++) {
      let from = corner + <usize>ky * lineBytes + <usize>beginX * bytes + c;
      let weight = filter + <usize>(ky * filterWidth + beginX) * bytes + c;
      for (let kx = beginX; kx < endX; kx++) {
        const value = isWhole ? v128.load(from) : v128.load32_zero(from);
        const factor = isWhole ? v128.load(weight) : v128.load32_zero(weight);
        sum = multiplyAdd<f32>(value, factor, sum);
        from += bytes;
        weight += bytes;
      }
    }
    sum = limited(sum, limit);
    if (isWhole) v128.store(to + c, sum);
    else v128.store32_lane(to + c, sum, 0);
  }
}

/** Four neighbouring pixels of a filter of three columns and stride 1, whose columns all lie within the image. */
function fourPixels(
  corner: usize,
  lineBytes: usize,
  filter: usize,
  bias: usize,
  limit: f32,
  to: usize,
  bytes: usize,
  beginY: i32,
  endY: i32,
): void {
  const vectors: usize = bytes & ~15;
  for (let c: usize = 0; c < vectors; c += 16) {
    let s0 = f32x4.splat(0);
    if (bias != 0) s0 = v128.load(bias + c);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let ky = beginY; ky < endY; ky++) {
      let from = corner + <usize>ky * lineBytes + c;
      let weight = filter + <usize>(ky * 3) * bytes + c;
      const x0 = v128.load(from);
      from += bytes;
      const x1 = v128.load(from);
      from += bytes;
      const x2 = v128.load(from);
      from += bytes;
      const x3 = v128.load(from);
      from += bytes;
      const x4 = v128.load(from);
      const x5 = v128.load(from + bytes);
      let w = v128.load(weight);
      weight += bytes;
      s0 = multiplyAdd<f32>(x0, w, s0);
      s1 = multiplyAdd<f32>(x1, w, s1);
      s2 = multiplyAdd<f32>(x2, w, s2);
      s3 = multiplyAdd<f32>(x3, w, s3);
      w = v128.load(weight);
      s0 = multiplyAdd<f32>(x1, w, s0);
      s1 = multiplyAdd<f32>(x2, w, s1);
      s2 = multiplyAdd<f32>(x3, w, s2);
      s3 = multiplyAdd<f32>(x4, w, s3);
      w = v128.load(weight + bytes);
      s0 = multiplyAdd<f32>(x2, w, s0);
      s1 = multiplyAdd<f32>(x3, w, s1);
      s2 = multiplyAdd<f32>(x4, w, s2);
      s3 = multiplyAdd<f32>(x5, w, s3);
    }
    const at = to + c;
    v128.store(at, limited(s0, limit));
    v128.store(at + bytes, limited(s1, limit));
    v128.store(at + 2 * bytes, limited(s2, limit));
    v128.store(at + 3 * bytes, limited(s3, limit));
  }
}

/**
 * Computes the output lines [firstLine + block * blockLines, ...) of all images, flattened over N and H. The output of
 * line `firstLine` is written to the start of `y`, so that a layer can be computed in bands.
 *
 * @param conv       the shape (shape.ts); its input and output channels are equal
 * @param x          float32 [n, h, w, channels]
 * @param filter     float32 [kh, kw, channels]
 * @param bias       float32 [channels]; 0 for none
 * @param limit      results are limited to 0 .. limit; 0 leaves them as they are
 * @param y          float32 [lines, ow, channels]
 * @param firstLine  the first output line
 * @param lines      number of output lines
 * @param blockLines output lines per block
 * @param block      number of the block
 */
export function depthwiseConv2d(
  conv: usize,
  x: usize,
  filter: usize,
  bias: usize,
  limit: f32,
  y: usize,
  firstLine: i32,
  lines: i32,
  blockLines: i32,
  block: i32,
): void {
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const channels = shape.inputChannels(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const filterHeight = shape.filterHeight(conv);
  const filterWidth = shape.filterWidth(conv);
  const strideX = shape.strideX(conv);
  const padLeft = shape.padLeft(conv);
  const bytes: usize = (<usize>channels) << 2;
  const lineBytes = <usize>width * bytes;
  const isTiled = filterWidth == 3 && strideX == 1 && (channels & 3) == 0;
  const last = min((block + 1) * blockLines, lines);
  for (let line = block * blockLines; line < last; line++) {
    const number = firstLine + line;
    const image = x + <usize>((number / outHeight) * height) * lineBytes;
    const top = (number % outHeight) * shape.strideY(conv) - shape.padTop(conv);
    const beginY = max(0, -top);
    const endY = min(filterHeight, height - top);
    let to = y + <usize>(line * outWidth) * bytes;
    let column: i32 = 0;
    while (column < outWidth) {
      const left = column * strideX - padLeft;
      // The window's corner may lie outside of the image; the taps that are read do not.
      const corner = image + <usize>(top * width + left) * bytes;
      if (isTiled && left >= 0 && left + COLUMNS + 2 <= width && column + COLUMNS <= outWidth) {
        fourPixels(corner, lineBytes, filter, bias, limit, to, bytes, beginY, endY);
        column += COLUMNS;
        to += <usize>COLUMNS * bytes;
        continue;
      }
      const beginX = max(0, -left);
      const endX = min(filterWidth, width - left);
      onePixel(corner, lineBytes, filter, filterWidth, bias, limit, to, channels, beginY, endY, beginX, endX);
      column++;
      to += bytes;
    }
  }
}
