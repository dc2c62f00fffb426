/** TensorFlow 1's RMSProp (tf.train.RMSPropOptimizer without momentum), then clipping, in one pass over a parameter. */

/**
 * v = decay v + (1 - decay) g^2;  p -= rate * g / sqrt(v + offset);  p = min(max(p, -limit), limit)
 * over the values [block * blockValues, ...). All pointers are float32 [count], and p and v are updated in place.
 *
 * @param rest   1 - decay, rounded once from double
 * @param offset decay^t + epsilon at update t: what is left of TensorFlow's initial moment of 1, and its epsilon
 * @param limit  largest absolute value of a parameter; the largest float32 clips nothing
 */
export function rmsprop(
  p: usize,
  v: usize,
  g: usize,
  count: i32,
  rate: f32,
  decay: f32,
  rest: f32,
  offset: f32,
  limit: f32,
  blockValues: i32,
  block: i32,
): void {
  const start: usize = (<usize>(block * blockValues)) << 2;
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  const keeps = f32x4.splat(decay);
  const adds = f32x4.splat(rest);
  const rates = f32x4.splat(rate);
  const offsets = f32x4.splat(offset);
  const upper = f32x4.splat(limit);
  const lower = f32x4.splat(-limit);
  let i = start;
  for (; i + 16 <= end; i += 16) {
    const gradient = v128.load(g + i);
    const second = f32x4.add(f32x4.mul(keeps, v128.load(v + i)), f32x4.mul(adds, f32x4.mul(gradient, gradient)));
    v128.store(v + i, second);
    const step = f32x4.div(f32x4.mul(rates, gradient), f32x4.sqrt(f32x4.add(second, offsets)));
    v128.store(p + i, f32x4.min(f32x4.max(f32x4.sub(v128.load(p + i), step), lower), upper));
  }
  for (; i < end; i += 4) {
    const gradient = load<f32>(g + i);
    const second = decay * load<f32>(v + i) + rest * (gradient * gradient);
    store<f32>(v + i, second);
    const step = (rate * gradient) / sqrt<f32>(second + offset);
    store<f32>(p + i, min<f32>(max<f32>(load<f32>(p + i) - step, -limit), limit));
  }
}
