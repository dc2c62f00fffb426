/** Forward 2D convolution, with optional bias and ReLU: NHWC input, panels of the HWIO filter, NHWC output. */
import { packPanel } from "./pack";
import * as shape from "./shape";
import { indirectGemm, ROWS } from "./tile";

/** Below this number of input channels, a filter row (kw * channels values, consecutive in NHWC) counts as one tap. */
const MERGE_BELOW: i32 = 16;

/** Packs one panel of the filter, HWIO float32 [kh, kw, cin, cout] = [depth][cout] row-major. */
export function packConv2dFilter(conv: usize, filter: usize, to: usize, panel: i32): void {
  const depth = shape.filterHeight(conv) * shape.filterWidth(conv) * shape.inputChannels(conv);
  const columns = shape.outputChannels(conv);
  packPanel(filter, depth, columns, columns, 1, to, depth, 0, panel);
}

/**
 * Computes some output pixels of all images, flattened over N, H, W, and some of their channels. Block number rowBlock
 * * ceil(cout / blockColumns) + columnBlock has the pixels [rowBlock * blockRows, ...) and the channels [columnBlock *
 * blockColumns, ...). Layers with few pixels and many channels are shared among threads by channels.
 *
 * @param conv         the shape (shape.ts)
 * @param x            float32 [n, h, w, cin]
 * @param packed       panels of the filter
 * @param bias         float32 [cout rounded up to 4]; 0 for none
 * @param relu         if not 0, negative results become 0
 * @param y            float32 [n, oh, ow, cout]
 * @param zeros        float32 zeros, at least kw * cin
 * @param blockRows    output pixels per block, a multiple of 4
 * @param blockColumns output channels per block, a multiple of 16
 * @param scratch      this thread's scratch memory: blockRows * (4 * kh * kw + 4) bytes of pointers, then (when
 *                     merging) blockRows * kh * kw * cin * 4, then cout * 4 for rows beyond the end
 * @param block        number of the block
 */
export function conv2d(
  conv: usize,
  x: usize,
  packed: usize,
  bias: usize,
  relu: i32,
  y: usize,
  zeros: usize,
  blockRows: i32,
  blockColumns: i32,
  scratch: usize,
  block: i32,
): void {
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const channels = shape.inputChannels(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const columns = shape.outputChannels(conv);
  const kernelHeight = shape.filterHeight(conv);
  const kernelWidth = shape.filterWidth(conv);
  const pixels = shape.batch(conv) * outHeight * outWidth;
  const groups = (columns + blockColumns - 1) / blockColumns;
  const first = (block / groups) * blockRows;
  const firstColumn = (block % groups) * blockColumns;
  const count = min(blockRows, pixels - first);
  const rows = ((count + ROWS - 1) / ROWS) * ROWS;

  const merge = channels < MERGE_BELOW;
  const taps = merge ? kernelHeight : kernelHeight * kernelWidth;
  const rowValues = kernelWidth * channels;
  const inputs = scratch;
  const outputs = inputs + ((<usize>(taps * rows)) << 2);
  let edge = outputs + ((<usize>rows) << 2);
  const dump =
    scratch +
    ((<usize>(blockRows * (kernelHeight * kernelWidth + 1))) << 2) +
    (merge ? (<usize>(blockRows * kernelHeight * rowValues)) << 2 : 0);

  for (let row: i32 = 0; row < rows; row++) {
    // Rows beyond the end repeat the first one: their inputs exist, and their results are dropped.
    const beyond = row >= count;
    const pixel = beyond ? first : first + row;
    store<u32>(
      outputs + ((<usize>row) << 2),
      <u32>(beyond ? dump : y + ((<usize>pixel * <usize>columns + <usize>firstColumn) << 2)),
    );
    const ox = pixel % outWidth;
    const line = pixel / outWidth;
    const oy = line % outHeight;
    const image = x + ((<usize>(line / outHeight) * <usize>(height * width) * <usize>channels) << 2);
    const y0 = oy * shape.strideY(conv) - shape.padTop(conv);
    const x0 = ox * shape.strideX(conv) - shape.padLeft(conv);
    let slot = inputs + ((<usize>row) << 2);
    for (let ky: i32 = 0; ky < kernelHeight; ky++) {
      const iy = y0 + ky;
      const lineInside = iy >= 0 && iy < height;
      const start = image + ((<usize>(iy * width + x0) * <usize>channels) << 2);
      if (merge) {
        let pointer = zeros;
        if (lineInside) {
          pointer = start;
          if (x0 < 0 || x0 + kernelWidth > width) {
            pointer = edge;
            edge += (<usize>rowValues) << 2;
            for (let kx: i32 = 0; kx < kernelWidth; kx++) {
              const inside = x0 + kx >= 0 && x0 + kx < width;
              const from = inside ? start + ((<usize>(kx * channels)) << 2) : zeros;
              memory.copy(pointer + ((<usize>(kx * channels)) << 2), from, (<usize>channels) << 2);
            }
          }
        }
        store<u32>(slot, <u32>pointer);
        slot += (<usize>rows) << 2;
      } else {
        for (let kx: i32 = 0; kx < kernelWidth; kx++) {
          const inside = lineInside && x0 + kx >= 0 && x0 + kx < width;
          store<u32>(slot, <u32>(inside ? start + ((<usize>(kx * channels)) << 2) : zeros));
          slot += (<usize>rows) << 2;
        }
      }
    }
  }
  const depth = taps * (merge ? rowValues : channels);
  indirectGemm(
    inputs,
    taps,
    rows,
    merge ? rowValues : channels,
    packed + ((<usize>firstColumn * <usize>depth) << 2),
    0,
    bias == 0 ? 0 : bias + ((<usize>firstColumn) << 2),
    relu != 0,
    outputs,
    min(blockColumns, columns - firstColumn),
  );
}
