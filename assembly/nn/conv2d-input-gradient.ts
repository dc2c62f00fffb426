/**
 * Gradient of a 2D convolution with respect to its input, which is also the forward transposed convolution.
 *
 * With stride s, an input row y receives output row oy through the filter row ky if y + pad = s * oy + ky. Rows with
 * the same remainder of (y + pad) by s share their list of filter rows. So the pixels form sy * sx classes, each a
 * dense indirect GEMM of its own. No zeros are inserted, and nothing is multiplied by zeros.
 */
import { IMAGE, imageGemm } from "./image-tile";
import { packPanel } from "./pack";
import * as shape from "./shape";
import { indirectGemm, NARROW, ROWS } from "./tile";

function tapsOf(kernel: i32, stride: i32, remainder: i32): i32 {
  return remainder < kernel ? (kernel - remainder + stride - 1) / stride : 0;
}

/** Where the packed taps of class (ry, rx) begin, in filter positions. */
function tapsBefore(conv: usize, classIndex: i32): i32 {
  const sx = shape.strideX(conv);
  let taps: i32 = 0;
  for (let c: i32 = 0; c < classIndex; c++) {
    taps += tapsOf(shape.filterHeight(conv), shape.strideY(conv), c / sx) * tapsOf(shape.filterWidth(conv), sx, c % sx);
  }
  return taps;
}

/** Number of values per output channel of one packed tap: the input channels, rounded up to whole panels. */
function packedColumns(conv: usize): i32 {
  return ((shape.inputChannels(conv) + NARROW - 1) / NARROW) * NARROW;
}

/**
 * Packs one panel of every class. The panels of class c begin at to + 4 * tapsBefore(c) * cout * (cin rounded up to 4).
 * @param filter HWIO float32 [kh, kw, cin, cout]
 */
export function packInputGradientFilter(conv: usize, filter: usize, to: usize, panel: i32): void {
  const sy = shape.strideY(conv);
  const sx = shape.strideX(conv);
  const kh = shape.filterHeight(conv);
  const kw = shape.filterWidth(conv);
  const cin = shape.inputChannels(conv);
  const cout = shape.outputChannels(conv);
  const columns = packedColumns(conv);
  let out = to;
  for (let ry: i32 = 0; ry < sy; ry++) {
    for (let rx: i32 = 0; rx < sx; rx++) {
      const taps = tapsOf(kh, sy, ry) * tapsOf(kw, sx, rx);
      let row: i32 = 0;
      for (let ky: i32 = ry; ky < kh; ky += sy) {
        for (let kx: i32 = rx; kx < kw; kx += sx) {
          const tap = filter + ((<usize>(ky * kw + kx) * <usize>(cin * cout)) << 2);
          packPanel(tap, cout, cin, 1, cout, out, taps * cout, row, panel);
          row += cout;
        }
      }
      out += (<usize>(taps * cout) * <usize>columns) << 2;
    }
  }
}

/**
 * Computes a block of one class's pixels and of their channels, as conv2d() does. If dx is an image of three channels and
 * cout a multiple of four, the filter is read as it is.
 *
 * @param conv         the shape (shape.ts)
 * @param dy           float32 [n, oh, ow, cout]
 * @param packed       the filter in the layout of packInputGradientFilter
 * @param bias         float32 [cin rounded up to 4], added to every pixel; 0 for none
 * @param dx           float32 [n, h, w, cin]
 * @param zeros        float32 zeros, at least cout
 * @param blockRows    pixels per block, a multiple of 4
 * @param blockColumns channels per block, a multiple of 16
 * @param blocks       blocks of the largest class: ceil(n * ceil(h/sy) * ceil(w/sx) / blockRows) * ceil(cin /
 *                     blockColumns)
 * @param scratch      this thread's scratch memory: blockRows * (4 * kh * kw + 4) bytes, then cin * 4
 * @param block        class * blocks + block of the class
 */
export function conv2dInputGradient(
  conv: usize,
  dy: usize,
  packed: usize,
  bias: usize,
  dx: usize,
  zeros: usize,
  blockRows: i32,
  blockColumns: i32,
  blocks: i32,
  scratch: usize,
  block: i32,
): void {
  const sy = shape.strideY(conv);
  const sx = shape.strideX(conv);
  const kh = shape.filterHeight(conv);
  const kw = shape.filterWidth(conv);
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const columns = shape.inputChannels(conv);
  const channels = shape.outputChannels(conv);

  const classIndex = block / blocks;
  const ry = classIndex / sx;
  const rx = classIndex % sx;
  // The first y >= 0 with (y + padTop) mod sy == ry.
  const firstY = (ry + sy - (shape.padTop(conv) % sy)) % sy;
  const firstX = (rx + sx - (shape.padLeft(conv) % sx)) % sx;
  const classHeight = firstY < height ? (height - firstY + sy - 1) / sy : 0;
  const classWidth = firstX < width ? (width - firstX + sx - 1) / sx : 0;
  const pixels = shape.batch(conv) * classHeight * classWidth;
  const groups = (columns + blockColumns - 1) / blockColumns;
  const first = ((block % blocks) / groups) * blockRows;
  const firstColumn = ((block % blocks) % groups) * blockColumns;
  if (first >= pixels) return;
  const count = min(blockRows, pixels - first);
  const rows = ((count + ROWS - 1) / ROWS) * ROWS;
  const tapsY = tapsOf(kh, sy, ry);
  const tapsX = tapsOf(kw, sx, rx);
  const taps = tapsY * tapsX;
  const inputs = scratch;
  const outputs = inputs + ((<usize>(taps * rows)) << 2);
  const dump = scratch + ((<usize>(blockRows * (kh * kw + 1))) << 2);

  const padTop = shape.padTop(conv);
  const padLeft = shape.padLeft(conv);
  const tapBytes: usize = (<usize>rows) << 2;
  const pixelBytes: usize = (<usize>channels) << 2;
  // The place of a row among the pixels of its class is counted on, because divisions would take as long as a thin tile.
  let column = first % classWidth;
  let classY = (first / classWidth) % classHeight;
  let n = first / classWidth / classHeight;
  for (let row: i32 = 0; row < count; row++) {
    const y = firstY + classY * sy;
    const x = firstX + column * sx;
    const pixel = (n * height + y) * width + x;
    store<u32>(outputs + ((<usize>row) << 2), <u32>(dx + ((<usize>pixel * <usize>columns + <usize>firstColumn) << 2)));
    const lastY = (y + padTop - ry) / sy;
    const lastX = (x + padLeft - rx) / sx;
    let slot = inputs + ((<usize>row) << 2);
    for (let oy = lastY; oy > lastY - tapsY; oy--) {
      const isLineInside = oy >= 0 && oy < outHeight;
      const line = dy + <usize>((n * outHeight + oy) * outWidth) * pixelBytes;
      for (let ox = lastX; ox > lastX - tapsX; ox--) {
        const inside = isLineInside && ox >= 0 && ox < outWidth;
        store<u32>(slot, <u32>(inside ? line + <usize>ox * pixelBytes : zeros));
        slot += tapBytes;
      }
    }
    if (++column == classWidth) {
      column = 0;
      if (++classY == classHeight) {
        classY = 0;
        n++;
      }
    }
  }
  // Rows beyond the end use the first row again, as in conv2d().
  for (let row = count; row < rows; row++) {
    store<u32>(outputs + ((<usize>row) << 2), <u32>dump);
    let slot = inputs;
    for (let tap: i32 = 0; tap < taps; tap++, slot += tapBytes) store<u32>(slot + ((<usize>row) << 2), load<u32>(slot));
  }
  if (columns == IMAGE && (channels & 3) == 0) {
    const tapOffsets = dump + 16;
    for (let tap: i32 = 0; tap < taps; tap++) {
      const position = (ry + (tap / tapsX) * sy) * kw + rx + (tap % tapsX) * sx;
      store<u32>(tapOffsets + ((<usize>tap) << 2), <u32>(position * IMAGE * channels * 4));
    }
    imageGemm(inputs, taps, rows, channels, packed, tapOffsets, bias, outputs);
    return;
  }
  const panels = packed + ((<usize>(tapsBefore(conv, classIndex) * channels) * <usize>packedColumns(conv)) << 2);
  indirectGemm(
    inputs,
    taps,
    rows,
    channels,
    panels + ((<usize>firstColumn * <usize>(taps * channels)) << 2),
    0,
    bias == 0 ? 0 : bias + ((<usize>firstColumn) << 2),
    false,
    outputs,
    min(blockColumns, columns - firstColumn),
  );
}
