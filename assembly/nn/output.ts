/**
 * The decoder's last step and its gradients: R = 2 tanh(x + bias), image' = clip(image + R, -1, 1); and the sigmoid of
 * its mask.
 */

/** e^x for x in [-87, 88]: 2^n times a polynomial on [-ln2/2, ln2/2] (Cody and Waite's reduction; error below 2e-7). */
function exponential(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.1219444e-4)));
  // Taylor's coefficients 1/7! ... 1/2!. On |r| <= 0.35, the first omitted term is 6e-9.
  let p = f32x4.splat(1.0 / 5040.0);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  p = f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), f32x4.add(r, f32x4.splat(1)));
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(p, exponent);
}

/** tanh: its series near zero, so that small residuals keep their digits; otherwise 1 - 2 / (e^2|x| + 1) with the sign of x. */
function hyperbolicTangent(x: v128): v128 {
  const magnitude = f32x4.min(f32x4.abs(x), f32x4.splat(10));
  const one = f32x4.splat(1);
  const two = f32x4.splat(2);
  const far = f32x4.sub(one, f32x4.div(two, f32x4.add(exponential(f32x4.mul(two, magnitude)), one)));
  const sign = v128.and(x, f32x4.splat(-0.0));
  const square = f32x4.mul(x, x);
  // x - x^3/3 + 2x^5/15 - 17x^7/315 + 62x^9/2835: on |x| < 0.25 the next term is below 1e-8 of x.
  let p = f32x4.splat(62.0 / 2835.0);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-17.0 / 315.0));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(2.0 / 15.0));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-1.0 / 3.0));
  const near = f32x4.add(x, f32x4.mul(f32x4.mul(x, square), p));
  return v128.bitselect(near, v128.or(far, sign), f32x4.lt(magnitude, f32x4.splat(0.25)));
}

/**
 * residual = 2 tanh(x + bias) for the pixels [block * blockRows, ...) of three channels.
 * @param x         float32 [pixels, 3]
 * @param bias      float32 [3]
 * @param residual  float32 [pixels, 3]
 * @param blockRows a multiple of 4, so that blocks begin with the first of the three biases
 */
export function residualOutput(x: usize, bias: usize, residual: usize, pixels: i32, blockRows: i32, block: i32): void {
  const first = block * blockRows;
  const b0 = load<f32>(bias);
  const b1 = load<f32>(bias, 4);
  const b2 = load<f32>(bias, 8);
  // Four pixels are twelve values: three vectors with the biases in rotating order.
  const v0 = f32x4(b0, b1, b2, b0);
  const v1 = f32x4(b1, b2, b0, b1);
  const v2 = f32x4(b2, b0, b1, b2);
  const two = f32x4.splat(2);
  let i: usize = <usize>first * 12;
  const end: usize = <usize>min(first + blockRows, pixels) * 12;
  for (; i + 48 <= end; i += 48) {
    v128.store(residual + i, f32x4.mul(two, hyperbolicTangent(f32x4.add(v128.load(x + i), v0))));
    v128.store(residual + i, f32x4.mul(two, hyperbolicTangent(f32x4.add(v128.load(x + i, 16), v1))), 16);
    v128.store(residual + i, f32x4.mul(two, hyperbolicTangent(f32x4.add(v128.load(x + i, 32), v2))), 32);
  }
  for (; i < end; i += 12) {
    const t = f32x4.mul(
      two,
      hyperbolicTangent(f32x4(load<f32>(x + i) + b0, load<f32>(x + i, 4) + b1, load<f32>(x + i, 8) + b2, 0)),
    );
    v128.store32_lane(residual + i, t, 0);
    v128.store32_lane(residual + i, t, 1, 4);
    v128.store32_lane(residual + i, t, 2, 8);
  }
}

/**
 * dx = dy (2 - R^2 / 2): the derivative of 2 tanh, expressed by its own value.
 * @param partial float32 [blocks, 3]: this block's sums of dx over pixels (the bias's gradient; see sumPartials)
 */
export function residualGradient(
  residual: usize,
  dy: usize,
  dx: usize,
  partial: usize,
  pixels: i32,
  blockRows: i32,
  block: i32,
): void {
  const first = block * blockRows;
  const two = f32x4.splat(2);
  const half = f32x4.splat(0.5);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let i: usize = <usize>first * 12;
  const end: usize = <usize>min(first + blockRows, pixels) * 12;
  for (; i + 48 <= end; i += 48) {
    const r0 = v128.load(residual + i);
    const r1 = v128.load(residual + i, 16);
    const r2 = v128.load(residual + i, 32);
    const d0 = f32x4.mul(v128.load(dy + i), f32x4.sub(two, f32x4.mul(half, f32x4.mul(r0, r0))));
    const d1 = f32x4.mul(v128.load(dy + i, 16), f32x4.sub(two, f32x4.mul(half, f32x4.mul(r1, r1))));
    const d2 = f32x4.mul(v128.load(dy + i, 32), f32x4.sub(two, f32x4.mul(half, f32x4.mul(r2, r2))));
    v128.store(dx + i, d0);
    v128.store(dx + i, d1, 16);
    v128.store(dx + i, d2, 32);
    s0 = f32x4.add(s0, d0);
    s1 = f32x4.add(s1, d1);
    s2 = f32x4.add(s2, d2);
  }
  // Lanes hold channels 0 1 2 0, 1 2 0 1, 2 0 1 2.
  let c0 =
    f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 3) + (f32x4.extract_lane(s1, 2) + f32x4.extract_lane(s2, 1));
  let c1 =
    f32x4.extract_lane(s0, 1) + f32x4.extract_lane(s1, 0) + (f32x4.extract_lane(s1, 3) + f32x4.extract_lane(s2, 2));
  let c2 =
    f32x4.extract_lane(s0, 2) + f32x4.extract_lane(s1, 1) + (f32x4.extract_lane(s2, 0) + f32x4.extract_lane(s2, 3));
  for (; i < end; i += 12) {
    for (let c: usize = 0; c < 12; c += 4) {
      const r = load<f32>(residual + i + c);
      const d = load<f32>(dy + i + c) * (2 - <f32>0.5 * r * r);
      store<f32>(dx + i + c, d);
      if (c == 0) c0 += d;
      else if (c == 4) c1 += d;
      else c2 += d;
    }
  }
  const sums = partial + <usize>(block * 12);
  store<f32>(sums, c0);
  store<f32>(sums, c1, 4);
  store<f32>(sums, c2, 8);
}

/**
 * y = clip(image + residual, -1, 1) over the values [block * blockValues, ...).
 * @param image       float32 [imageValues], repeated until it has `count` values
 * @param imageValues a multiple of 4; `count` is a multiple of it, blockValues a multiple of 4
 */
export function clippedSum(
  image: usize,
  residual: usize,
  y: usize,
  imageValues: i32,
  count: i32,
  blockValues: i32,
  block: i32,
): void {
  const low = f32x4.splat(-1);
  const high = f32x4.splat(1);
  const end = min((block + 1) * blockValues, count);
  for (let i = block * blockValues; i < end; i += 4) {
    const at: usize = (<usize>i) << 2;
    const sum = f32x4.add(v128.load(image + ((<usize>(i % imageValues)) << 2)), v128.load(residual + at));
    v128.store(y + at, f32x4.min(f32x4.max(sum, low), high));
  }
}

/** dresidual = dy where |image + residual| <= 1, otherwise 0. The parameters are those of clippedSum. */
export function clippedSumGradient(
  image: usize,
  residual: usize,
  dy: usize,
  dresidual: usize,
  imageValues: i32,
  count: i32,
  blockValues: i32,
  block: i32,
): void {
  const one = f32x4.splat(1);
  const end = min((block + 1) * blockValues, count);
  for (let i = block * blockValues; i < end; i += 4) {
    const at: usize = (<usize>i) << 2;
    const sum = f32x4.add(v128.load(image + ((<usize>(i % imageValues)) << 2)), v128.load(residual + at));
    v128.store(dresidual + at, v128.and(v128.load(dy + at), f32x4.le(f32x4.abs(sum), one)));
  }
}

/**
 * y = 1 / (1 + e^-x) for the values [block * blockValues, ...).
 * @param x, y        float32 [count], with room for whole vectors of four; y may be x
 * @param blockValues a multiple of four
 */
export function sigmoid(x: usize, y: usize, count: i32, blockValues: i32, block: i32): void {
  const one = f32x4.splat(1);
  const low = f32x4.splat(-87);
  const high = f32x4.splat(87);
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  for (let i: usize = (<usize>(block * blockValues)) << 2; i < end; i += 16) {
    const minus = f32x4.max(f32x4.min(f32x4.neg(v128.load(x + i)), high), low);
    v128.store(y + i, f32x4.div(one, f32x4.add(one, exponential(minus))));
  }
}
