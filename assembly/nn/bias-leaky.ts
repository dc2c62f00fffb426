/** Bias and LeakyReLU after a convolution without normalization, and the factor of its gradient. */

/** v > 0 ? v : slope * v, lane by lane. */
function leaky(v: v128, slopes: v128): v128 {
  return v128.bitselect(v, f32x4.mul(v, slopes), f32x4.gt(v, f32x4.splat(0)));
}

/**
 * y = leaky(x + bias) for the pixels [block * blockRows, ...).
 * @param x     float32 [pixels, channels]
 * @param bias  float32 [channels]
 * @param y     float32 [pixels, channels]
 * @param slope the activation's slope below zero
 */
export function biasLeaky(
  x: usize,
  bias: usize,
  y: usize,
  pixels: i32,
  channels: i32,
  slope: f32,
  blockRows: i32,
  block: i32,
): void {
  const first = block * blockRows;
  const last = min(first + blockRows, pixels);
  const slopes = f32x4.splat(slope);
  const bytes: usize = (<usize>channels) << 2;
  for (let pixel = first; pixel < last; pixel++) {
    const from = x + <usize>pixel * bytes;
    const to = y + <usize>pixel * bytes;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      v128.store(to + i, leaky(f32x4.add(v128.load(from + i), v128.load(bias + i)), slopes));
    }
    for (; i < bytes; i += 4) {
      const v = load<f32>(from + i) + load<f32>(bias + i);
      store<f32>(to + i, v > 0 ? v : v * slope);
    }
  }
}

/**
 * dx = dy * (y > 0 ? 1 : slope) for the values [block * blockValues, ...).
 * @param dy, y, dx   float32 [count], with room for whole vectors of four; dx may be dy
 * @param blockValues a multiple of four
 */
export function leakyScale(dy: usize, y: usize, dx: usize, slope: f32, count: i32, blockValues: i32, block: i32): void {
  const slopes = f32x4.splat(slope);
  const zero = f32x4.splat(0);
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  for (let i: usize = (<usize>(block * blockValues)) << 2; i < end; i += 16) {
    const d = v128.load(dy + i);
    v128.store(dx + i, v128.bitselect(d, f32x4.mul(d, slopes), f32x4.gt(v128.load(y + i), zero)));
  }
}
