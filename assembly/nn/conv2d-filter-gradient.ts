/**
 * Gradient of a 2D convolution with respect to its filter: a GEMM whose depth is the pixels of the batch.
 * Sums run over blocks of pixels in a fixed order whatever the number of threads, so that results are the same bits.
 */
import { packPanel } from "./pack";
import * as shape from "./shape";
import { NARROW, WIDE } from "./tile";

/** Input channels of one unit of work, and output pixels summed before a partial sum goes to memory. */
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

function addTo(to: usize, value: v128): void {
  v128.store(to, f32x4.add(v128.load(to), value));
}

/** toA and toB (16 columns each) += a[p][0] * w[p][:] and a[p][1] * w[p][:], summed over p. */
function widePair(a: usize, w: usize, depth: i32, toA: usize, toB: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  const end = w + ((<usize>depth) << 6);
  while (w < end) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    const xa = v128.load32_splat(a);
    const xb = v128.load32_splat(a, 4);
    a0 = f32x4.add(a0, f32x4.mul(xa, w0));
    a1 = f32x4.add(a1, f32x4.mul(xa, w1));
    a2 = f32x4.add(a2, f32x4.mul(xa, w2));
    a3 = f32x4.add(a3, f32x4.mul(xa, w3));
    b0 = f32x4.add(b0, f32x4.mul(xb, w0));
    b1 = f32x4.add(b1, f32x4.mul(xb, w1));
    b2 = f32x4.add(b2, f32x4.mul(xb, w2));
    b3 = f32x4.add(b3, f32x4.mul(xb, w3));
    w += 64;
    a += 8;
  }
  addTo(toA, a0);
  addTo(toA + 16, a1);
  addTo(toA + 32, a2);
  addTo(toA + 48, a3);
  addTo(toB, b0);
  addTo(toB + 16, b1);
  addTo(toB + 32, b2);
  addTo(toB + 48, b3);
}

function addLanes(to: usize, value: v128, lanes: i32): void {
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(value, 0));
  if (lanes > 1) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(value, 1), 4);
  if (lanes > 2) store<f32>(to, load<f32>(to, 8) + f32x4.extract_lane(value, 2), 8);
  if (lanes > 3) store<f32>(to, load<f32>(to, 12) + f32x4.extract_lane(value, 3), 12);
}

/** The same for a narrow panel, of whose four columns `lanes` exist. */
function narrowPair(a: usize, w: usize, depth: i32, toA: usize, toB: usize, lanes: i32): void {
  let sumA = f32x4.splat(0);
  let sumB = sumA;
  const end = w + ((<usize>depth) << 4);
  while (w < end) {
    const weights = v128.load(w);
    sumA = f32x4.add(sumA, f32x4.mul(v128.load32_splat(a), weights));
    sumB = f32x4.add(sumB, f32x4.mul(v128.load32_splat(a, 4), weights));
    w += 16;
    a += 8;
  }
  addLanes(toA, sumA, lanes);
  addLanes(toB, sumB, lanes);
}

/** Copies `channels` values behind `from` into pairs: to[pair][pixel][2], a missing odd one as zero. */
function gather(from: usize, channels: i32, to: usize): void {
  const pairBytes: usize = (<usize>DEPTH) << 3;
  let c: i32 = 0;
  for (; c + 4 <= channels; c += 4) {
    const values = v128.load(from);
    v128.store64_lane(to, values, 0);
    v128.store64_lane(to + pairBytes, values, 1);
    from += 16;
    to += 2 * pairBytes;
  }
  for (; c < channels; c += 2) {
    store<f32>(to, load<f32>(from));
    store<f32>(to, c + 1 < channels ? load<f32>(from, 4) : 0, 4);
    from += 8;
    to += pairBytes;
  }
}

/**
 * Computes the gradient of one filter position's group of sixteen input channels.
 *
 * @param conv    the shape (shape.ts)
 * @param x       float32 [n, h, w, cin]
 * @param packed  dy as packFilterGradientInput lays it out
 * @param dw      float32 [kh, kw, cin, cout], overwritten
 * @param zeros   float32 zeros, at least 16
 * @param scratch this thread's: 16 * 256 * 4 bytes, then cout * 4
 * @param block   (ky * kw + kx) * ceil(cin / 16) + group
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
  const kernelWidth = shape.filterWidth(conv);
  const height = shape.inputHeight(conv);
  const width = shape.inputWidth(conv);
  const outHeight = shape.outputHeight(conv);
  const outWidth = shape.outputWidth(conv);
  const channels = shape.inputChannels(conv);
  const columns = shape.outputChannels(conv);
  const pixels = shape.batch(conv) * outHeight * outWidth;
  const groups = (channels + GROUP - 1) / GROUP;
  const tap = block / groups;
  const firstChannel = (block % groups) * GROUP;
  const rows = min(GROUP, channels - firstChannel);
  const ky = tap / kernelWidth;
  const kx = tap % kernelWidth;
  const dump = scratch + ((<usize>(GROUP * DEPTH)) << 2);
  const rowBytes: usize = (<usize>columns) << 2;
  const dwRows = dw + <usize>(tap * channels + firstChannel) * rowBytes;
  memory.fill(dwRows, 0, <usize>rows * rowBytes);

  for (let first: i32 = 0; first < pixels; first += DEPTH) {
    const depth = min(DEPTH, pixels - first);
    let ox = first % outWidth;
    let line = first / outWidth;
    for (let p: i32 = 0; p < depth; p++) {
      const iy = (line % outHeight) * shape.strideY(conv) - shape.padTop(conv) + ky;
      const ix = ox * shape.strideX(conv) - shape.padLeft(conv) + kx;
      const inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
      const pixel = ((line / outHeight) * height + iy) * width + ix;
      const from = inside ? x + ((<usize>pixel * <usize>channels + <usize>firstChannel) << 2) : zeros;
      gather(from, rows, scratch + ((<usize>p) << 3));
      if (++ox == outWidth) {
        ox = 0;
        line++;
      }
    }
    let panel = packed;
    let column: i32 = 0;
    for (; column < columns; ) {
      const isWide = column + WIDE <= columns;
      const step = isWide ? WIDE : NARROW;
      const w = panel + ((<usize>(first * step)) << 2);
      let to = dwRows + ((<usize>column) << 2);
      let a = scratch;
      for (let row: i32 = 0; row < rows; row += 2) {
        const second = row + 1 < rows ? to + rowBytes : dump;
        if (isWide) widePair(a, w, depth, to, second);
        else narrowPair(a, w, depth, to, second, min(NARROW, columns - column));
        to += 2 * rowBytes;
        a += (<usize>DEPTH) << 3;
      }
      panel += (<usize>pixels * <usize>step) << 2;
      column += step;
    }
  }
}
