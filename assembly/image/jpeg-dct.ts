/**
 * The forward DCT of one 8 x 8 block and its quantisation: the scaled eight-point transform of Arai, Agui and Nakajima
 * (1988) in f32. Output k is the orthonormal DCT times sqrt(8) and, for k > 0, times sqrt(2) cos(k pi / 16). The
 * divisors reverse this scale.
 */

/** Stores the transposed 4 x 4 block of these rows; rows are 32 bytes apart. */
function storeTransposed(at: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(at, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(at, i64x2.shuffle(low01, low23, 1, 3), 32);
  v128.store(at, i64x2.shuffle(high01, high23, 0, 2), 64);
  v128.store(at, i64x2.shuffle(high01, high23, 1, 3), 96);
}

/** Quantises four coefficients of two columns to i16 and stores them. Returns them. */
function storeLevels(levels: usize, first: v128, second: v128, divisors: usize, constants: usize): v128 {
  // Adding 1.5 * 2^23 to a float below 2^22 rounds it to an integer, ties to even, in the low bits.
  const toInteger = v128.load32_splat(constants, 16);
  const a = f32x4.add(f32x4.mul(first, v128.load(divisors)), toInteger);
  const b = f32x4.add(f32x4.mul(second, v128.load(divisors, 32)), toInteger);
  const both = i16x8.narrow_i32x4_s(i32x4.sub(a, toInteger), i32x4.sub(b, toInteger));
  // T.81 has codes for ten bits and the sign. At quality 100, rounding may exceed them by one.
  const clipped = i16x8.max_s(i16x8.min_s(both, v128.load32_splat(constants, 20)), v128.load32_splat(constants, 24));
  v128.store(levels, clipped);
  return clipped;
}

/**
 * Transforms down 4 columns of a block; rows are 32 bytes apart.
 * @param divisors 0: stores the result transposed at `to`, rows 32 bytes apart. Otherwise the result is multiplied by
 *   the divisors, whose rows are 32 bytes apart, and stored as i16 in the order of its rows.
 * @returns a bit for each i16 that is not zero; 0 if there are no divisors
 */
function transformColumns(at: usize, divisors: usize, to: usize, constants: usize): u32 {
  const cos4 = v128.load32_splat(constants);
  const d0 = v128.load(at);
  const d1 = v128.load(at, 32);
  const d2 = v128.load(at, 64);
  const d3 = v128.load(at, 96);
  const d4 = v128.load(at, 128);
  const d5 = v128.load(at, 160);
  const d6 = v128.load(at, 192);
  const d7 = v128.load(at, 224);
  const s0 = f32x4.add(d0, d7);
  const s1 = f32x4.add(d1, d6);
  const s2 = f32x4.add(d2, d5);
  const s3 = f32x4.add(d3, d4);
  const t4 = f32x4.sub(d3, d4);
  const t5 = f32x4.sub(d2, d5);
  const t6 = f32x4.sub(d1, d6);
  const t7 = f32x4.sub(d0, d7);

  const e0 = f32x4.add(s0, s3);
  const e1 = f32x4.add(s1, s2);
  const e2 = f32x4.sub(s1, s2);
  const e3 = f32x4.sub(s0, s3);
  const z1 = f32x4.mul(f32x4.add(e2, e3), cos4);
  const r0 = f32x4.add(e0, e1);
  const r4 = f32x4.sub(e0, e1);
  const r2 = f32x4.add(e3, z1);
  const r6 = f32x4.sub(e3, z1);

  const o0 = f32x4.add(t4, t5);
  const o1 = f32x4.add(t5, t6);
  const o2 = f32x4.add(t6, t7);
  const z5 = f32x4.mul(f32x4.sub(o0, o2), v128.load32_splat(constants, 4)); // cos(6)
  const z2 = f32x4.add(f32x4.mul(o0, v128.load32_splat(constants, 8)), z5); // cos(2) - cos(6)
  const z4 = f32x4.add(f32x4.mul(o2, v128.load32_splat(constants, 12)), z5); // cos(2) + cos(6)
  const z3 = f32x4.mul(o1, cos4);
  const p = f32x4.add(t7, z3);
  const m = f32x4.sub(t7, z3);
  const r5 = f32x4.add(m, z2);
  const r3 = f32x4.sub(m, z2);
  const r1 = f32x4.add(p, z4);
  const r7 = f32x4.sub(p, z4);

  if (divisors === 0) {
    storeTransposed(to, r0, r1, r2, r3);
    storeTransposed(to + 16, r4, r5, r6, r7);
    return 0;
  }
  const zero = i8x16.splat(0);
  const l01 = storeLevels(to, r0, r1, divisors, constants);
  const l23 = storeLevels(to + 16, r2, r3, divisors + 64, constants);
  const upper = i8x16.bitmask(i8x16.eq(i8x16.narrow_i16x8_s(l01, l23), zero));
  const l45 = storeLevels(to + 32, r4, r5, divisors + 128, constants);
  const l67 = storeLevels(to + 48, r6, r7, divisors + 192, constants);
  const lower = i8x16.bitmask(i8x16.eq(i8x16.narrow_i16x8_s(l45, l67), zero));
  return ~(u32(upper) | (u32(lower) << 16));
}

/**
 * f32[64] by row -> i16[64]: rows 0 to 3 of column 0, of column 1, ..., then rows 4 to 7 likewise.
 * @param divisors reciprocals, f32[64], transposed (index = column * 8 + row)
 * @param between  f32[64] for results between the passes
 * @param constants f32: cos(4 pi / 16), cos(6), cos(2) - cos(6), cos(2) + cos(6); 1.5 * 2^23; i16[2]: 1023; -1023
 * @returns a bit for each level that is not zero
 */
export function quantiseBlock(block: usize, divisors: usize, between: usize, levels: usize, constants: usize): u64 {
  transformColumns(block, 0, between, constants);
  transformColumns(block + 16, 0, between + 128, constants);
  const upper = transformColumns(between, divisors, levels, constants);
  const lower = transformColumns(between + 16, divisors + 16, levels + 64, constants);
  return u64(upper) | (u64(lower) << 32);
}
