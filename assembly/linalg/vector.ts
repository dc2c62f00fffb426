/** Operations on vectors of consecutive float64 values. */
import { multiplyAdd } from "../multiply-add";

/** sum x[k] y[k] */
export function dot(x: usize, y: usize, count: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let k = 0;
  for (; k + 8 <= count; k += 8) {
    s0 = multiplyAdd<f64>(v128.load(x), v128.load(y), s0);
    s1 = multiplyAdd<f64>(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = multiplyAdd<f64>(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = multiplyAdd<f64>(v128.load(x, 48), v128.load(y, 48), s3);
    x += 64;
    y += 64;
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; k < count; k++) {
    sum += f64.load(x) * f64.load(y);
    x += 8;
    y += 8;
  }
  return sum;
}

/** y[k] += factor x[k] */
export function addScaled(y: usize, x: usize, factor: f64, count: i32): void {
  const f = f64x2.splat(factor);
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    v128.store(y, multiplyAdd<f64>(f, v128.load(x), v128.load(y)));
    v128.store(y, multiplyAdd<f64>(f, v128.load(x, 16), v128.load(y, 16)), 16);
    x += 32;
    y += 32;
  }
  for (; k < count; k++) {
    f64.store(y, f64.load(y) + factor * f64.load(x));
    x += 8;
    y += 8;
  }
}

/** y[k] += f x[k] + g z[k] */
export function addTwoScaled(y: usize, x: usize, factorX: f64, z: usize, factorZ: f64, count: i32): void {
  const f = f64x2.splat(factorX);
  const g = f64x2.splat(factorZ);
  let k = 0;
  for (; k + 2 <= count; k += 2) {
    const sum = multiplyAdd<f64>(g, v128.load(z), f64x2.mul(f, v128.load(x)));
    v128.store(y, f64x2.add(v128.load(y), sum));
    x += 16;
    y += 16;
    z += 16;
  }
  if (k < count) f64.store(y, f64.load(y) + factorX * f64.load(x) + factorZ * f64.load(z));
}

/**
 * Numbers below this count as zero. Their quotients lose digits, and reflectors made from them are not orthogonal. A
 * matrix of low rank gets there: the rest of its columns shrinks by 1e-16 with each reflection.
 */
const SAFE: f64 = 1e-290;

/**
 * Turns x into the vector v = (1, v[1], ...) of a Householder reflection H = I - tau v v^T with H x = (beta, 0, ...)
 * (Golub and Van Loan, algorithm 5.1.1 with LAPACK's sign). Returns tau and stores beta. If tau is 0, H is the
 * identity.
 */
export function makeReflector(x: usize, count: i32, beta: usize): f64 {
  const alpha = f64.load(x);
  let largest: f64 = 0;
  for (let k = 1; k < count; k++) largest = Math.max(largest, Math.abs(f64.load(x + ((<usize>k) << 3))));
  if (largest < SAFE) {
    for (let k = 1; k < count; k++) f64.store(x + ((<usize>k) << 3), 0);
    f64.store(beta, alpha);
    f64.store(x, 1);
    return 0;
  }
  // Scale, so that squares neither overflow nor vanish.
  const scale = Math.max(largest, Math.abs(alpha));
  let squares: f64 = 0;
  for (let k = 0; k < count; k++) {
    const value = f64.load(x + ((<usize>k) << 3)) / scale;
    squares += value * value;
  }
  const length = scale * Math.sqrt(squares);
  const to = alpha > 0 ? -length : length;
  const divisor = alpha - to;
  for (let k = 1; k < count; k++) {
    const at = x + ((<usize>k) << 3);
    f64.store(at, f64.load(at) / divisor);
  }
  f64.store(beta, to);
  f64.store(x, 1);
  return (to - alpha) / to;
}
