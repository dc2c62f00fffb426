/** Pooling over [N, H, W, C], four channels at a time; taps beyond the border do not count. */

/**
 * Some output rows (of N * outHeight), square filters: the largest value of each window (`average` 0), or the mean of those of its
 * values that lie within the picture.
 */
export function pool(
  x: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  filter: i32,
  stride: i32,
  padTop: i32,
  padLeft: i32,
  average: i32,
  rows: i32,
  blockRows: i32,
  block: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const last = min(rows, (block + 1) * blockRows);
  const vectors = channels & ~3;
  for (let row = block * blockRows; row < last; row++) {
    const image = x + <usize>(row / outHeight) * <usize>(height * width) * pixelBytes;
    const fromY = (row % outHeight) * stride - padTop;
    const beginY = max(0, fromY);
    const endY = min(height, fromY + filter);
    let to = y + <usize>row * <usize>outWidth * pixelBytes;
    for (let column = 0; column < outWidth; column++) {
      const fromX = column * stride - padLeft;
      const beginX = max(0, fromX);
      const endX = min(width, fromX + filter);
      const count: f32 = <f32>((endY - beginY) * (endX - beginX));
      const corner = image + <usize>(beginY * width + beginX) * pixelBytes;
      for (let c = 0; c < vectors; c += 4) {
        const offset = (<usize>c) << 2;
        let line = corner + offset;
        let value = average != 0 ? f32x4.splat(0) : v128.load(line);
        for (let i = beginY; i < endY; i++) {
          let at = line;
          for (let j = beginX; j < endX; j++) {
            value = average != 0 ? f32x4.add(value, v128.load(at)) : f32x4.pmax(value, v128.load(at));
            at += pixelBytes;
          }
          line += <usize>width * pixelBytes;
        }
        if (average != 0) value = f32x4.div(value, f32x4.splat(count));
        v128.store(to + offset, value);
      }
      for (let c = vectors; c < channels; c++) {
        const offset = (<usize>c) << 2;
        let line = corner + offset;
        let value: f32 = average != 0 ? 0 : f32.load(line);
        for (let i = beginY; i < endY; i++) {
          let at = line;
          for (let j = beginX; j < endX; j++) {
            const next = f32.load(at);
            if (average != 0) value += next;
            else if (next > value) value = next;
            at += pixelBytes;
          }
          line += <usize>width * pixelBytes;
        }
        f32.store(to + offset, average != 0 ? value / count : value);
      }
      to += pixelBytes;
    }
  }
}

/** y = max(0, y + bias) in place for some pixels of [pixels, channels]. */
export function biasRelu(y: usize, bias: usize, pixels: i32, channels: i32, blockRows: i32, block: i32): void {
  const last = min(pixels, (block + 1) * blockRows);
  const vectors = channels & ~3;
  const zero = f32x4.splat(0);
  let at = y + ((<usize>(block * blockRows) * <usize>channels) << 2);
  for (let pixel = block * blockRows; pixel < last; pixel++) {
    let c = 0;
    for (; c < vectors; c += 4) {
      v128.store(at, f32x4.max(zero, f32x4.add(v128.load(at), v128.load(bias + ((<usize>c) << 2)))));
      at += 16;
    }
    for (; c < channels; c++) {
      f32.store(at, max<f32>(0, f32.load(at) + f32.load(bias + ((<usize>c) << 2))));
      at += 4;
    }
  }
}
