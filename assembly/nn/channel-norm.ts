/**
 * The published Normalization layer together with bias, activation and skip connection, in one pass over the pixels:
 *   v = x + bias;  u = v / max(||v||_2 over channels, 1e-12);  t = alpha * u + beta;  y = t > 0 ? t : slope * t;  y += skip
 * (paper section 3.2 and the published code; slope 0.2 is LeakyReLU, 0 is ReLU).
 */

const EPSILON: f32 = 1e-12;

function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** The Euclidean norm of x + bias over `channels` values. The sum of squares runs in four lanes. */
function norm(x: usize, bias: usize, channels: i32): f32 {
  let sums = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= channels; i += 4) {
    const v = f32x4.add(v128.load(x + ((<usize>i) << 2)), v128.load(bias + ((<usize>i) << 2)));
    sums = f32x4.add(sums, f32x4.mul(v, v));
  }
  let sum = sumLanes(sums);
  for (; i < channels; i++) {
    const v = load<f32>(x + ((<usize>i) << 2)) + load<f32>(bias + ((<usize>i) << 2));
    sum += v * v;
  }
  return sqrt<f32>(sum);
}

/**
 * Computes the pixels [block * blockRows, ...) forward.
 *
 * @param x         float32 [pixels, channels]
 * @param bias      float32 [channels]
 * @param alpha     float32 [1]
 * @param beta      float32 [1]
 * @param skip      float32 [skipPixels, channels], added to the result; pixel p uses row p mod skipPixels; 0 for none
 * @param y         float32 [pixels, channels]
 * @param slope     the activation's slope below zero
 */
export function channelNorm(
  x: usize,
  bias: usize,
  alpha: usize,
  beta: usize,
  skip: usize,
  y: usize,
  pixels: i32,
  skipPixels: i32,
  channels: i32,
  slope: f32,
  blockRows: i32,
  block: i32,
): void {
  const first = block * blockRows;
  const last = min(first + blockRows, pixels);
  const scale = load<f32>(alpha);
  const shift = load<f32>(beta);
  const betas = f32x4.splat(shift);
  const zero = f32x4.splat(0);
  const slopes = f32x4.splat(slope);
  const bytes: usize = (<usize>channels) << 2;
  for (let pixel = first; pixel < last; pixel++) {
    const offset = <usize>pixel * bytes;
    const from = x + offset;
    const added = skip + <usize>(skip == 0 ? 0 : pixel % skipPixels) * bytes;
    const factor = scale / max<f32>(norm(from, bias, channels), EPSILON);
    const factors = f32x4.splat(factor);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = f32x4.add(v128.load(from + i), v128.load(bias + i));
      const t = f32x4.add(f32x4.mul(v, factors), betas);
      let out = v128.bitselect(t, f32x4.mul(t, slopes), f32x4.gt(t, zero));
      if (skip != 0) out = f32x4.add(out, v128.load(added + i));
      v128.store(y + offset + i, out);
    }
    for (; i < bytes; i += 4) {
      const t = (load<f32>(from + i) + load<f32>(bias + i)) * factor + shift;
      let out = t > 0 ? t : t * slope;
      if (skip != 0) out += load<f32>(added + i);
      store<f32>(y + offset + i, out);
    }
  }
}

/**
 * Computes the pixels [block * blockRows, ...) backward. With g = dy * (t > 0 ? 1 : slope):
 *   dbeta = sum g;  dalpha = sum g.u;  dv = alpha (g - u (u.g)) / ||v||  (alpha g / 1e-12 if the norm was clamped).
 *
 * @param dx      float32 [pixels, channels]: dv
 * @param partial float32 [blocks, channels + 2]: this block's sums of dbias, dalpha, dbeta; sumPartials adds them in
 *                the order of blocks, so the number of threads does not change the result
 */
export function channelNormGradient(
  x: usize,
  bias: usize,
  alpha: usize,
  beta: usize,
  dy: usize,
  dx: usize,
  partial: usize,
  pixels: i32,
  channels: i32,
  slope: f32,
  blockRows: i32,
  block: i32,
): void {
  const first = block * blockRows;
  const last = min(first + blockRows, pixels);
  const scale = load<f32>(alpha);
  const shift = load<f32>(beta);
  const betas = f32x4.splat(shift);
  const zero = f32x4.splat(0);
  const slopes = f32x4.splat(slope);
  const bytes: usize = (<usize>channels) << 2;
  const sums = partial + <usize>block * (bytes + 8);
  memory.fill(sums, 0, bytes + 8);
  let dalpha: f32 = 0;
  let dbeta: f32 = 0;
  for (let pixel = first; pixel < last; pixel++) {
    const offset = <usize>pixel * bytes;
    const from = x + offset;
    const to = dx + offset;
    const upstream = dy + offset;
    const length = norm(from, bias, channels);
    const inverse: f32 = 1 / max<f32>(length, EPSILON);
    const inverses = f32x4.splat(inverse);
    const factor = scale * inverse;
    const factors = f32x4.splat(factor);
    let dots = zero;
    let totals = zero;
    let i: usize = 0;
    // First pass: write g into dx, and compute its sum and its product with u.
    for (; i + 16 <= bytes; i += 16) {
      const v = f32x4.add(v128.load(from + i), v128.load(bias + i));
      const t = f32x4.add(f32x4.mul(v, factors), betas);
      const d = v128.load(upstream + i);
      const g = v128.bitselect(d, f32x4.mul(d, slopes), f32x4.gt(t, zero));
      dots = f32x4.add(dots, f32x4.mul(g, v));
      totals = f32x4.add(totals, g);
      v128.store(to + i, g);
    }
    let dot = sumLanes(dots);
    let total = sumLanes(totals);
    for (; i < bytes; i += 4) {
      const v = load<f32>(from + i) + load<f32>(bias + i);
      const d = load<f32>(upstream + i);
      const g = v * factor + shift > 0 ? d : d * slope;
      dot += g * v;
      total += g;
      store<f32>(to + i, g);
    }
    dot *= inverse;
    dalpha += dot;
    dbeta += total;
    // Second pass: project, scale, and sum the bias's gradient.
    const along: f32 = length > EPSILON ? dot * inverse : 0;
    const alongs = f32x4.splat(along);
    i = 0;
    for (; i + 16 <= bytes; i += 16) {
      const v = f32x4.add(v128.load(from + i), v128.load(bias + i));
      const d = f32x4.mul(factors, f32x4.sub(v128.load(to + i), f32x4.mul(v, alongs)));
      v128.store(to + i, d);
      v128.store(sums + i, f32x4.add(v128.load(sums + i), d));
    }
    for (; i < bytes; i += 4) {
      const v = load<f32>(from + i) + load<f32>(bias + i);
      const d = factor * (load<f32>(to + i) - v * along);
      store<f32>(to + i, d);
      store<f32>(sums + i, load<f32>(sums + i) + d);
    }
  }
  store<f32>(sums + bytes, dalpha);
  store<f32>(sums + bytes, dbeta, 4);
}
