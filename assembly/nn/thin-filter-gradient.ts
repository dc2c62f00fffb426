/**
 * The gradient of a filter with few input channels, such as that of a layer that reads images. All inputs of an output
 * pixel are copied to one row of scratch memory, because a filter position alone has too few of them for the tile. Each
 * block of pixels has its own sums. sumPartials() adds them in order, so the number of threads does not change the result.
 */
import { addPairs } from "./pair-tile";
import * as shape from "./shape";

/** Output pixels whose inputs are in scratch memory at a time. */
const DEPTH: i32 = 128;

/** Copies `count` float32 values. They are too few for a call of memory.copy. */
function copyValues(from: usize, to: usize, count: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= count; i += 4, from += 16, to += 16) v128.store(to, v128.load(from));
  for (; i < count; i++, from += 4, to += 4) store<f32>(to, load<f32>(from));
}

function clearValues(to: usize, count: i32): void {
  for (let i: i32 = 0; i < count; i++, to += 4) store<f32>(to, 0);
}

/** Copies the inputs of some output pixels, as rows of `step` bytes: [pixel][kh][kw][cin]. */
function gatherPixels(conv: usize, x: usize, first: i32, count: i32, to: usize, step: usize): void {
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const channels = shape.inputChannels(conv);
  const kernelHeight = shape.filterHeight(conv);
  const kernelWidth = shape.filterWidth(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const padTop = shape.padTop(conv);
  const padLeft = shape.padLeft(conv);
  const pixelBytes: usize = (<usize>channels) << 2;
  const rowValues = kernelWidth * channels;
  const strideY = shape.strideY(conv);
  const strideX = shape.strideX(conv);
  const firstLine = first / outWidth;
  let ox = first % outWidth;
  let oy = firstLine % outHeight;
  let image = x + <usize>((firstLine / outHeight) * height * width) * pixelBytes;
  for (let pixel: i32 = 0; pixel < count; pixel++, to += step) {
    const y0 = oy * strideY - padTop;
    const x0 = ox * strideX - padLeft;
    let out = to;
    for (let iy = y0; iy < y0 + kernelHeight; iy++) {
      const from = image + <usize>(iy * width + x0) * pixelBytes;
      if (iy < 0 || iy >= height) {
        clearValues(out, rowValues);
      } else if (x0 >= 0 && x0 + kernelWidth <= width) {
        copyValues(from, out, rowValues);
      } else {
        for (let kx: i32 = 0; kx < kernelWidth; kx++) {
          const at = <usize>kx * pixelBytes;
          if (x0 + kx >= 0 && x0 + kx < width) copyValues(from + at, out + at, channels);
          else clearValues(out + at, channels);
        }
      }
      out += (<usize>rowValues) << 2;
    }
    if (++ox == outWidth) {
      ox = 0;
      if (++oy == outHeight) {
        oy = 0;
        image += <usize>(height * width) * pixelBytes;
      }
    }
  }
}

/**
 * Computes the sums of one block of output pixels.
 *
 * @param conv      the shape (shape.ts)
 * @param x         float32 [n, h, w, cin]
 * @param packed    dy in the layout of packFilterGradientInput()
 * @param partial   float32 [blocks][kh * kw * cin][cout]
 * @param blockRows output pixels per block
 * @param scratch   this thread's scratch memory: 128 rows of kh * kw * cin values, rounded up to an even number, then
 *                  cout * 4 bytes
 * @param block     number of the block
 */
export function conv2dThinFilterGradient(
  conv: usize,
  x: usize,
  packed: usize,
  partial: usize,
  blockRows: i32,
  scratch: usize,
  block: i32,
): void {
  const columns = shape.outputChannels(conv);
  const rows = shape.filterHeight(conv) * shape.filterWidth(conv) * shape.inputChannels(conv);
  const pixels = shape.batch(conv) * shape.outputHeight(conv) * shape.outputWidth(conv);
  const step: usize = (<usize>(rows + (rows & 1))) << 2;
  const dump = scratch + <usize>DEPTH * step;
  const sums: usize = (<usize>(rows * columns)) << 2;
  const to = partial + <usize>block * sums;
  memory.fill(to, 0, sums);
  const last = min((block + 1) * blockRows, pixels);
  for (let first = block * blockRows; first < last; first += DEPTH) {
    const depth = min(DEPTH, last - first);
    gatherPixels(conv, x, first, depth, scratch, step);
    addPairs(scratch, step, 8, rows, packed, pixels, first, depth, to, columns, dump);
  }
}
