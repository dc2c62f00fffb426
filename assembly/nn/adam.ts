/** PyTorch's Adam (torch.optim.Adam without amsgrad) with coupled weight decay, in one pass over a parameter. */

/**
 * g += decay * p;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= stepSize * m / (sqrt(v) / rootCorrection2 + eps)
 * over the values [block * blockValues, ...). All pointers are float32 [count], and p, m, v are updated in place.
 *
 * @param stepSize        lr / (1 - b1^t)
 * @param rest1, rest2    1 - b1 and 1 - b2, rounded once from double (1 - float32(0.999) is off by 1e-5)
 * @param rootCorrection2 sqrt(1 - b2^t)
 */
export function adam(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  count: i32,
  stepSize: f32,
  beta1: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  epsilon: f32,
  rootCorrection2: f32,
  decay: f32,
  blockValues: i32,
  block: i32,
): void {
  const start: usize = (<usize>(block * blockValues)) << 2;
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  const keep1 = f32x4.splat(beta1);
  const add1 = f32x4.splat(rest1);
  const keep2 = f32x4.splat(beta2);
  const add2 = f32x4.splat(rest2);
  const root = f32x4.splat(rootCorrection2);
  const eps = f32x4.splat(epsilon);
  const size = f32x4.splat(stepSize);
  const decays = f32x4.splat(decay);
  let i = start;
  for (; i + 16 <= end; i += 16) {
    const old = v128.load(p + i);
    const gradient = f32x4.add(v128.load(g + i), f32x4.mul(decays, old));
    const first = f32x4.add(f32x4.mul(keep1, v128.load(m + i)), f32x4.mul(add1, gradient));
    const second = f32x4.add(f32x4.mul(keep2, v128.load(v + i)), f32x4.mul(add2, f32x4.mul(gradient, gradient)));
    v128.store(m + i, first);
    v128.store(v + i, second);
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(second), root), eps);
    v128.store(p + i, f32x4.sub(old, f32x4.mul(size, f32x4.div(first, denominator))));
  }
  for (; i < end; i += 4) {
    const old = load<f32>(p + i);
    const gradient = load<f32>(g + i) + decay * old;
    const first = beta1 * load<f32>(m + i) + rest1 * gradient;
    const second = beta2 * load<f32>(v + i) + rest2 * (gradient * gradient);
    store<f32>(m + i, first);
    store<f32>(v + i, second);
    store<f32>(p + i, old - stepSize * (first / (sqrt<f32>(second) / rootCorrection2 + epsilon)));
  }
}
