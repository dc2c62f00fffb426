/**
 * The register tile of the filter's gradient: two rows by the columns of a panel, added to memory. Rows come in pairs,
 * a[pixel][2], and panels as packPanel() makes them, w[pixel][16] or w[pixel][4].
 */
import { multiplyAdd } from "../multiply-add";

function addTo(to: usize, value: v128): void {
  v128.store(to, f32x4.add(v128.load(to), value));
}

/** toA and toB (16 columns each) += a[p][0] * w[p][:] and a[p][1] * w[p][:], summed over p. */
export function widePair(a: usize, w: usize, depth: i32, toA: usize, toB: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  const end = w + ((<usize>depth) << 6);
  while (w < end) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    const xa = v128.load32_splat(a);
    const xb = v128.load32_splat(a, 4);
    a0 = multiplyAdd<f32>(xa, w0, a0);
    a1 = multiplyAdd<f32>(xa, w1, a1);
    a2 = multiplyAdd<f32>(xa, w2, a2);
    a3 = multiplyAdd<f32>(xa, w3, a3);
    b0 = multiplyAdd<f32>(xb, w0, b0);
    b1 = multiplyAdd<f32>(xb, w1, b1);
    b2 = multiplyAdd<f32>(xb, w2, b2);
    b3 = multiplyAdd<f32>(xb, w3, b3);
    w += 64;
    a += 8;
  }
  addTo(toA, a0);
  addTo(toA + 16, a1);
  addTo(toA + 32, a2);
  addTo(toA + 48, a3);
  addTo(toB, b0);
  addTo(toB + 16, b1);
  addTo(toB + 32, b2);
  addTo(toB + 48, b3);
}

function addLanes(to: usize, value: v128, lanes: i32): void {
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(value, 0));
  if (lanes > 1) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(value, 1), 4);
  if (lanes > 2) store<f32>(to, load<f32>(to, 8) + f32x4.extract_lane(value, 2), 8);
  if (lanes > 3) store<f32>(to, load<f32>(to, 12) + f32x4.extract_lane(value, 3), 12);
}

/** Adds the same products for a narrow panel, of whose four columns only `lanes` exist. */
export function narrowPair(a: usize, w: usize, depth: i32, toA: usize, toB: usize, lanes: i32): void {
  let sumA = f32x4.splat(0);
  let sumB = sumA;
  const end = w + ((<usize>depth) << 4);
  while (w < end) {
    const weights = v128.load(w);
    sumA = multiplyAdd<f32>(v128.load32_splat(a), weights, sumA);
    sumB = multiplyAdd<f32>(v128.load32_splat(a, 4), weights, sumB);
    w += 16;
    a += 8;
  }
  addLanes(toA, sumA, lanes);
  addLanes(toB, sumB, lanes);
}
