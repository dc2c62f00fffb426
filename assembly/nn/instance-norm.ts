/**
 * Instance normalization (Ulyanov et al. 2016, "Instance Normalization: The Missing Ingredient for Fast Stylization")
 * with an activation, on [pictures, pixels, channels]:
 *   u = (x - mean) / sqrt(variance + epsilon), with the statistics of each picture and channel over its pixels;
 *   t = weight * u + bias;  y = t > 0 ? t : slope * t.
 * The variance is biased. A slope of 1 means no activation. With one picture of N * pixels pixels it is batch
 * normalization. Sums run in float64 and in the order of the pixels, so they are the same on any number of threads.
 */

/** The upper two values of a vector in float64. */
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 2, 3));
}

/** Two pairs of float64 as four float32. */
function demote(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/**
 * Normalizes the channels [group * blockChannels, ...) of one picture: block = picture * groups + group.
 *
 * @param x       float32 [pictures, pixels, channels]
 * @param weight  float32 [channels]
 * @param bias    float32 [channels]
 * @param y       float32 [pictures, pixels, channels]
 * @param stats   float32 [pictures, 2, channels]: means, then 1 / sqrt(variance + epsilon)
 */
export function instanceNorm(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  stats: usize,
  pixels: i32,
  channels: i32,
  epsilon: f32,
  slope: f32,
  blockChannels: i32,
  groups: i32,
  block: i32,
): void {
  const picture = block / groups;
  const first = (block % groups) * blockChannels;
  const last = min(first + blockChannels, channels);
  const bytes: usize = (<usize>channels) << 2;
  const size: usize = <usize>pixels * bytes;
  const means = stats + <usize>picture * bytes * 2;
  const zero = f64x2.splat(0);
  const counts = f64x2.splat(<f64>pixels);
  let c = first;
  for (; c + 4 <= last; c += 4) {
    const at: usize = (<usize>c) << 2;
    const from = x + <usize>picture * size + at;
    let low = zero;
    let high = zero;
    for (let i: usize = 0; i < size; i += bytes) {
      const v = v128.load(from + i);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, promoteHigh(v));
    }
    const mean = demote(f64x2.div(low, counts), f64x2.div(high, counts));
    low = zero;
    high = zero;
    for (let i: usize = 0; i < size; i += bytes) {
      const v = f32x4.sub(v128.load(from + i), mean);
      const a = f64x2.promote_low_f32x4(v);
      const b = promoteHigh(v);
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    const variance = demote(f64x2.div(low, counts), f64x2.div(high, counts));
    const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
    v128.store(means + at, mean);
    v128.store(means + bytes + at, inverse);
    const factor = f32x4.mul(inverse, v128.load(weight + at));
    const shift = v128.load(bias + at);
    const slopes = f32x4.splat(slope);
    const to = y + <usize>picture * size + at;
    for (let i: usize = 0; i < size; i += bytes) {
      const t = f32x4.add(f32x4.mul(f32x4.sub(v128.load(from + i), mean), factor), shift);
      v128.store(to + i, v128.bitselect(t, f32x4.mul(t, slopes), f32x4.gt(t, f32x4.splat(0))));
    }
  }
  for (; c < last; c++) {
    const at: usize = (<usize>c) << 2;
    const from = x + <usize>picture * size + at;
    let sum: f64 = 0;
    for (let i: usize = 0; i < size; i += bytes) sum += <f64>load<f32>(from + i);
    const mean = <f32>(sum / <f64>pixels);
    sum = 0;
    for (let i: usize = 0; i < size; i += bytes) {
      const v = <f64>(load<f32>(from + i) - mean);
      sum += v * v;
    }
    const inverse: f32 = 1 / sqrt<f32>(<f32>(sum / <f64>pixels) + epsilon);
    store<f32>(means + at, mean);
    store<f32>(means + bytes + at, inverse);
    const factor = inverse * load<f32>(weight + at);
    const shift = load<f32>(bias + at);
    const to = y + <usize>picture * size + at;
    for (let i: usize = 0; i < size; i += bytes) {
      const t = (load<f32>(from + i) - mean) * factor + shift;
      store<f32>(to + i, t > 0 ? t : t * slope);
    }
  }
}

/**
 * Computes the gradient of the same block. With g = dy * (t > 0 ? 1 : slope):
 *   dbias = sum g;  dweight = sum g u;  dx = weight (g - mean(g) - u mean(g u)) / sqrt(variance + epsilon).
 *
 * @param stats   as instanceNorm() wrote them
 * @param dx      float32 [pictures, pixels, channels]
 * @param partial float32 [pictures, 2, channels]: each picture's sums of dweight and dbias; sumPartials adds them in
 *                the order of the pictures
 */
export function instanceNormGradient(
  x: usize,
  weight: usize,
  bias: usize,
  stats: usize,
  dy: usize,
  dx: usize,
  partial: usize,
  pixels: i32,
  channels: i32,
  slope: f32,
  blockChannels: i32,
  groups: i32,
  block: i32,
): void {
  const picture = block / groups;
  const first = (block % groups) * blockChannels;
  const last = min(first + blockChannels, channels);
  const bytes: usize = (<usize>channels) << 2;
  const size: usize = <usize>pixels * bytes;
  const offset = <usize>picture * bytes * 2;
  const zero = f64x2.splat(0);
  const counts = f64x2.splat(<f64>pixels);
  let c = first;
  for (; c + 4 <= last; c += 4) {
    const at: usize = (<usize>c) << 2;
    const from = x + <usize>picture * size + at;
    const upstream = dy + <usize>picture * size + at;
    const to = dx + <usize>picture * size + at;
    const mean = v128.load(stats + offset + at);
    const inverse = v128.load(stats + offset + bytes + at);
    const shift = v128.load(bias + at);
    const factor = f32x4.mul(inverse, v128.load(weight + at));
    const slopes = f32x4.splat(slope);
    let low = zero;
    let high = zero;
    let lowDot = zero;
    let highDot = zero;
    // The first pass writes g into dx.
    for (let i: usize = 0; i < size; i += bytes) {
      const v = f32x4.sub(v128.load(from + i), mean);
      const d = v128.load(upstream + i);
      const t = f32x4.add(f32x4.mul(v, factor), shift);
      const g = v128.bitselect(d, f32x4.mul(d, slopes), f32x4.gt(t, f32x4.splat(0)));
      const gu = f32x4.mul(g, f32x4.mul(v, inverse));
      v128.store(to + i, g);
      low = f64x2.add(low, f64x2.promote_low_f32x4(g));
      high = f64x2.add(high, promoteHigh(g));
      lowDot = f64x2.add(lowDot, f64x2.promote_low_f32x4(gu));
      highDot = f64x2.add(highDot, promoteHigh(gu));
    }
    v128.store(partial + offset + at, demote(lowDot, highDot));
    v128.store(partial + offset + bytes + at, demote(low, high));
    const meanOfG = demote(f64x2.div(low, counts), f64x2.div(high, counts));
    // mean(g u) / sqrt(variance + epsilon), by which x - mean is multiplied.
    const along = f32x4.mul(demote(f64x2.div(lowDot, counts), f64x2.div(highDot, counts)), inverse);
    for (let i: usize = 0; i < size; i += bytes) {
      const v = f32x4.sub(v128.load(from + i), mean);
      const rest = f32x4.sub(f32x4.sub(v128.load(to + i), meanOfG), f32x4.mul(v, along));
      v128.store(to + i, f32x4.mul(factor, rest));
    }
  }
  for (; c < last; c++) {
    const at: usize = (<usize>c) << 2;
    const from = x + <usize>picture * size + at;
    const upstream = dy + <usize>picture * size + at;
    const to = dx + <usize>picture * size + at;
    const mean = load<f32>(stats + offset + at);
    const inverse = load<f32>(stats + offset + bytes + at);
    const factor = inverse * load<f32>(weight + at);
    const shift = load<f32>(bias + at);
    let sum: f64 = 0;
    let dot: f64 = 0;
    for (let i: usize = 0; i < size; i += bytes) {
      const v = load<f32>(from + i) - mean;
      const d = load<f32>(upstream + i);
      const g = v * factor + shift > 0 ? d : d * slope;
      store<f32>(to + i, g);
      sum += <f64>g;
      dot += <f64>(g * (v * inverse));
    }
    store<f32>(partial + offset + at, <f32>dot);
    store<f32>(partial + offset + bytes + at, <f32>sum);
    const meanOfG = <f32>(sum / <f64>pixels);
    const along: f32 = <f32>(dot / <f64>pixels) * inverse;
    for (let i: usize = 0; i < size; i += bytes) {
      const v = load<f32>(from + i) - mean;
      store<f32>(to + i, factor * (load<f32>(to + i) - meanOfG - v * along));
    }
  }
}
