/** Pooling over [N, H, W, C], four channels at a time. Taps beyond the border are ignored. */

/**
 * Computes some of the N * outHeight output rows, with square filters: the largest value of each window (`average` 0),
 * or the mean of the window's values that lie within the image. For a mean, each line of the window is summed before
 * the lines are added. So the error of a window over the whole image grows with its height and width, not with its
 * area.
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
          let sum = v128.load(at);
          for (let j = beginX + 1; j < endX; j++) {
            at += pixelBytes;
            sum = average != 0 ? f32x4.add(sum, v128.load(at)) : f32x4.max(sum, v128.load(at));
          }
          value = average != 0 ? f32x4.add(value, sum) : f32x4.max(value, sum);
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
          let sum = f32.load(at);
          for (let j = beginX + 1; j < endX; j++) {
            at += pixelBytes;
            sum = average != 0 ? sum + f32.load(at) : max<f32>(sum, f32.load(at));
          }
          value = average != 0 ? value + sum : max<f32>(value, sum);
          line += <usize>width * pixelBytes;
        }
        f32.store(to + offset, average != 0 ? value / count : value);
      }
      to += pixelBytes;
    }
  }
}
