/** The last step of Winograd's convolutions: outputs are sums and differences of the sums of a plan. */
import * as plan from "./winograd-plan";

/** Bytes of the longest list of terms: two per output in each dimension, or three. */
export const TERMS_BYTES: usize = 9 * 8;

/**
 * Lists the sums of the output (oy, ox) as pairs of an address and a factor, u32 and f32. Returns the end of the list.
 * @param from     the sums, float32 [sums * sums][...]
 * @param sumBytes bytes of one of them
 */
export function storeTerms(p: usize, from: usize, sumBytes: usize, oy: i32, ox: i32, to: usize): usize {
  const sums = plan.sums(p);
  for (let sy: i32 = 0; sy < sums; sy++) {
    for (let sx: i32 = 0; sx < sums; sx++) {
      const factor = plan.factor(p, oy, sy) * plan.factor(p, ox, sx);
      if (factor != 0) {
        store<u32>(to, <u32>(from + <usize>(sy * sums + sx) * sumBytes));
        store<f32>(to, <f32>factor, 4);
        to += 8;
      }
    }
  }
  return to;
}

/** The factors of stride 2 are 1, and an output has one, two or four terms. */
function addFour(terms: usize, offset: usize, to: usize, bytes: usize): void {
  const a = <usize>load<u32>(terms) + offset;
  const b = <usize>load<u32>(terms, 8) + offset;
  const c = <usize>load<u32>(terms, 16) + offset;
  const d = <usize>load<u32>(terms, 24) + offset;
  for (let at: usize = 0; at < bytes; at += 16) {
    const ab = f32x4.add(v128.load(a + at), v128.load(b + at));
    const cd = f32x4.add(v128.load(c + at), v128.load(d + at));
    v128.store(to + at, f32x4.add(ab, cd));
  }
}

function addTwo(terms: usize, offset: usize, to: usize, bytes: usize): void {
  const a = <usize>load<u32>(terms) + offset;
  const b = <usize>load<u32>(terms, 8) + offset;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f32x4.add(v128.load(a + at), v128.load(b + at)));
}

function copyOne(terms: usize, offset: usize, to: usize, bytes: usize): void {
  const a = <usize>load<u32>(terms) + offset;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(a + at));
}

/** Nine, six or four terms with factors of 1 and -1, as the gradient of the filter has them for stride 1. */
function addMany(terms: usize, end: usize, offset: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let term = terms; term < end; term += 8) {
      const value = v128.load(<usize>load<u32>(term) + offset + at);
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(term, 4), value));
    }
    v128.store(to + at, sum);
  }
}

/**
 * to = the sum of the terms, `count` float32 values, a multiple of four.
 * @param offset bytes from the addresses of the terms to the first of these values
 */
export function addTerms(p: usize, terms: usize, end: usize, offset: usize, to: usize, count: i32): void {
  const bytes = (<usize>count) << 2;
  const length = end - terms;
  if (plan.stride(p) == 1) addMany(terms, end, offset, to, bytes);
  else if (length == 32) addFour(terms, offset, to, bytes);
  else if (length == 16) addTwo(terms, offset, to, bytes);
  else copyOne(terms, offset, to, bytes);
}

function left(row: usize, step: usize): v128 {
  return f32x4.add(f32x4.add(v128.load(row), v128.load(row + step)), v128.load(row + 2 * step));
}

function right(row: usize, step: usize): v128 {
  return f32x4.sub(f32x4.sub(v128.load(row + step), v128.load(row + 2 * step)), v128.load(row + 3 * step));
}

/**
 * The four outputs of a tile for stride 1: each is a sum of nine terms, which share the sums of their rows.
 * @param from  the tile's values of 16 sums that are `step` bytes apart
 * @param bytes bytes of an output, a multiple of 16
 */
export function addSquare(
  from: usize,
  step: usize,
  y00: usize,
  y01: usize,
  y10: usize,
  y11: usize,
  bytes: usize,
): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const row0 = from + at;
    const row1 = row0 + 4 * step;
    const row2 = row1 + 4 * step;
    const row3 = row2 + 4 * step;
    const left1 = left(row1, step);
    const left2 = left(row2, step);
    v128.store(y00 + at, f32x4.add(f32x4.add(left(row0, step), left1), left2));
    v128.store(y10 + at, f32x4.sub(f32x4.sub(left1, left2), left(row3, step)));
    const right1 = right(row1, step);
    const right2 = right(row2, step);
    v128.store(y01 + at, f32x4.add(f32x4.add(right(row0, step), right1), right2));
    v128.store(y11 + at, f32x4.sub(f32x4.sub(right1, right2), right(row3, step)));
  }
}
