/**
 * Reflection padding of [pictures, height, width, channels], as PyTorch's ReflectionPad2d: the edge is the mirror, and
 * its own pixels are not repeated (x[-1] = x[1]). The padding is smaller than the height and the width.
 */

/** Copies a multiple of four bytes. */
function copy(from: usize, to: usize, bytes: usize): void {
  const vectors: usize = bytes & ~15;
  for (let i: usize = 0; i < vectors; i += 16) v128.store(to + i, v128.load(from + i));
  for (let i: usize = vectors; i < bytes; i += 4) store<u32>(to + i, load<u32>(from + i));
}

/** Adds as many float32 values as there are in `bytes` to those at `to`. */
function add(from: usize, to: usize, bytes: usize): void {
  const vectors: usize = bytes & ~15;
  for (let i: usize = 0; i < vectors; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  }
  for (let i: usize = vectors; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}

/**
 * Computes some of the pictures * (height + 2 pad) rows of the output.
 * @param x float32 [pictures, height, width, channels]
 * @param y float32 [pictures, height + 2 pad, width + 2 pad, channels]
 */
export function reflectPad(
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  pad: i32,
  rows: i32,
  blockRows: i32,
  block: i32,
): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  const lineBytes: usize = <usize>width * pixelBytes;
  const paddedBytes: usize = <usize>(width + 2 * pad) * pixelBytes;
  const paddedHeight = height + 2 * pad;
  const last = min(rows, (block + 1) * blockRows);
  for (let row = block * blockRows; row < last; row++) {
    let line = (row % paddedHeight) - pad;
    if (line < 0) line = -line;
    if (line >= height) line = 2 * (height - 1) - line;
    const first = x + <usize>((row / paddedHeight) * height + line) * lineBytes;
    const end = first + lineBytes - pixelBytes;
    const toFirst = y + <usize>row * paddedBytes + <usize>pad * pixelBytes;
    const toEnd = toFirst + lineBytes - pixelBytes;
    copy(first, toFirst, lineBytes);
    for (let i = 1; i <= pad; i++) {
      const distance: usize = <usize>i * pixelBytes;
      copy(first + distance, toFirst - distance, pixelBytes);
      copy(end - distance, toEnd + distance, pixelBytes);
    }
  }
}

/** Adds one padded row of dy to a row of dx: each pixel, and the reflections of it on the left and on the right. */
function foldRow(row: usize, to: usize, lineBytes: usize, pixelBytes: usize, pad: i32): void {
  const first = row + <usize>pad * pixelBytes;
  const end = first + lineBytes - pixelBytes;
  const toEnd = to + lineBytes - pixelBytes;
  add(first, to, lineBytes);
  for (let i = 1; i <= pad; i++) {
    const distance: usize = <usize>i * pixelBytes;
    add(first - distance, to + distance, pixelBytes);
    add(end + distance, toEnd - distance, pixelBytes);
  }
}

/**
 * Computes some of the pictures * height rows of the gradient: each pixel's value of dy and those of its reflections,
 * up to nine, added in a fixed order.
 * @param dy float32 [pictures, height + 2 pad, width + 2 pad, channels]
 * @param dx float32 [pictures, height, width, channels]
 */
export function reflectPadGradient(
  dy: usize,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  pad: i32,
  rows: i32,
  blockRows: i32,
  block: i32,
): void {
  const pixelBytes: usize = (<usize>channels) << 2;
  const lineBytes: usize = <usize>width * pixelBytes;
  const paddedBytes: usize = <usize>(width + 2 * pad) * pixelBytes;
  const last = min(rows, (block + 1) * blockRows);
  for (let row = block * blockRows; row < last; row++) {
    const line = row % height;
    const toBottom = height - 1 - line;
    const to = dx + <usize>row * lineBytes;
    // The row of dy that has this row's own values.
    const own = dy + <usize>((row / height) * (height + 2 * pad) + line + pad) * paddedBytes;
    memory.fill(to, 0, lineBytes);
    foldRow(own, to, lineBytes, pixelBytes, pad);
    if (line >= 1 && line <= pad) foldRow(own - <usize>(2 * line) * paddedBytes, to, lineBytes, pixelBytes, pad);
    if (toBottom >= 1 && toBottom <= pad) {
      foldRow(own + <usize>(2 * toBottom) * paddedBytes, to, lineBytes, pixelBytes, pad);
    }
  }
}
