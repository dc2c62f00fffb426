/**
 * Inverse DCT of one 8 x 8 block (ITU T.81, A.3.3) in integers: the eight-point algorithm of Loeffler, Ligtenberg and
 * Moschytz (1989), with constants of 13 bits, and two more bits between columns and rows. Only sums are rounded, so
 * every implementation with these constants and roundings (libjpeg calls it ISLOW) gives the same samples. Here, its
 * products are combined into dot products of pairs. Reference implementation: inverseDct() in
 * src/kernels/reference/jpeg-decode.ts.
 */

/** Two i16 factors for a pair of coefficients; the first is in the low half. */
function factors(first: i32, second: i32): v128 {
  return i32x4.splat((second << 16) | (first & 0xffff));
}

function lowPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

function highPairs(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Stores row k (even + odd) and row 7 - k (even - odd), rounded by `shift` bits and packed to i16. */
function storeRows(first: usize, last: usize, e0: v128, e1: v128, o0: v128, o1: v128, shift: i32): void {
  v128.store(first, i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.add(e0, o0), shift), i32x4.shr_s(i32x4.add(e1, o1), shift)));
  v128.store(last, i16x8.narrow_i32x4_s(i32x4.shr_s(i32x4.sub(e0, o0), shift), i32x4.shr_s(i32x4.sub(e1, o1), shift)));
}

function oddPart(p13: v128, p57: v128, c1: i32, c3: i32, c5: i32, c7: i32): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(p13, factors(c1, c3)), i32x4.dot_i16x8_s(p57, factors(c5, c7)));
}

/** Eight-point transforms down the columns of i16[8][8]. The results are divided by 2^shift and rounded. */
function transformColumns(at: usize, quantisation: usize, shift: i32): void {
  let r0 = v128.load(at);
  let r1 = v128.load(at, 16);
  let r2 = v128.load(at, 32);
  let r3 = v128.load(at, 48);
  let r4 = v128.load(at, 64);
  let r5 = v128.load(at, 80);
  let r6 = v128.load(at, 96);
  let r7 = v128.load(at, 112);
  if (quantisation !== 0) {
    r0 = i16x8.mul(r0, v128.load(quantisation));
    r1 = i16x8.mul(r1, v128.load(quantisation, 16));
    r2 = i16x8.mul(r2, v128.load(quantisation, 32));
    r3 = i16x8.mul(r3, v128.load(quantisation, 48));
    r4 = i16x8.mul(r4, v128.load(quantisation, 64));
    r5 = i16x8.mul(r5, v128.load(quantisation, 80));
    r6 = i16x8.mul(r6, v128.load(quantisation, 96));
    r7 = i16x8.mul(r7, v128.load(quantisation, 112));
  }
  const rounding = i32x4.splat(1 << (shift - 1));

  let low = lowPairs(r0, r4);
  let high = highPairs(r0, r4);
  const sumLow = i32x4.add(i32x4.dot_i16x8_s(low, factors(8192, 8192)), rounding);
  const sumHigh = i32x4.add(i32x4.dot_i16x8_s(high, factors(8192, 8192)), rounding);
  const differenceLow = i32x4.add(i32x4.dot_i16x8_s(low, factors(8192, -8192)), rounding);
  const differenceHigh = i32x4.add(i32x4.dot_i16x8_s(high, factors(8192, -8192)), rounding);
  // sqrt(2) cos(6 pi / 16) = 4433 / 8192; plus 6270, and minus 15137
  low = lowPairs(r2, r6);
  high = highPairs(r2, r6);
  const outerLow = i32x4.dot_i16x8_s(low, factors(10703, 4433));
  const outerHigh = i32x4.dot_i16x8_s(high, factors(10703, 4433));
  const innerLow = i32x4.dot_i16x8_s(low, factors(4433, -10704));
  const innerHigh = i32x4.dot_i16x8_s(high, factors(4433, -10704));

  const low13 = lowPairs(r1, r3);
  const high13 = highPairs(r1, r3);
  const low57 = lowPairs(r5, r7);
  const high57 = highPairs(r5, r7);
  storeRows(
    at,
    at + 112,
    i32x4.add(sumLow, outerLow),
    i32x4.add(sumHigh, outerHigh),
    oddPart(low13, low57, 11363, 9633, 6437, 2260),
    oddPart(high13, high57, 11363, 9633, 6437, 2260),
    shift,
  );
  storeRows(
    at + 16,
    at + 96,
    i32x4.add(differenceLow, innerLow),
    i32x4.add(differenceHigh, innerHigh),
    oddPart(low13, low57, 9633, -2259, -11362, -6436),
    oddPart(high13, high57, 9633, -2259, -11362, -6436),
    shift,
  );
  storeRows(
    at + 32,
    at + 80,
    i32x4.sub(differenceLow, innerLow),
    i32x4.sub(differenceHigh, innerHigh),
    oddPart(low13, low57, 6437, -11362, 2261, 9633),
    oddPart(high13, high57, 6437, -11362, 2261, 9633),
    shift,
  );
  storeRows(
    at + 48,
    at + 64,
    i32x4.sub(sumLow, outerLow),
    i32x4.sub(sumHigh, outerHigh),
    oddPart(low13, low57, 2260, -6436, 9633, -11363),
    oddPart(high13, high57, 2260, -6436, 9633, -11363),
    shift,
  );
}

/** Transposes i16[8][8] in place. */
function transpose(at: usize): void {
  const r0 = v128.load(at);
  const r1 = v128.load(at, 16);
  const r2 = v128.load(at, 32);
  const r3 = v128.load(at, 48);
  const r4 = v128.load(at, 64);
  const r5 = v128.load(at, 80);
  const r6 = v128.load(at, 96);
  const r7 = v128.load(at, 112);
  const a0 = lowPairs(r0, r1);
  const a1 = lowPairs(r2, r3);
  const a2 = lowPairs(r4, r5);
  const a3 = lowPairs(r6, r7);
  const a4 = highPairs(r0, r1);
  const a5 = highPairs(r2, r3);
  const a6 = highPairs(r4, r5);
  const a7 = highPairs(r6, r7);
  storeFour(at, a0, a1, a2, a3);
  storeFour(at + 64, a4, a5, a6, a7);
}

/** Stores four transposed rows, given the pairs of rows 0 and 1, 2 and 3, 4 and 5, 6 and 7. */
function storeFour(at: usize, p01: v128, p23: v128, p45: v128, p67: v128): void {
  const b0 = i32x4.shuffle(p01, p23, 0, 4, 1, 5);
  const b1 = i32x4.shuffle(p45, p67, 0, 4, 1, 5);
  const b2 = i32x4.shuffle(p01, p23, 2, 6, 3, 7);
  const b3 = i32x4.shuffle(p45, p67, 2, 6, 3, 7);
  v128.store(at, i64x2.shuffle(b0, b1, 0, 2));
  v128.store(at, i64x2.shuffle(b0, b1, 1, 3), 16);
  v128.store(at, i64x2.shuffle(b2, b3, 0, 2), 32);
  v128.store(at, i64x2.shuffle(b2, b3, 1, 3), 48);
}

/** Two columns of samples as bytes, interleaved row by row: x0 x1 of row 0, then of row 1, ... */
function bytePairs(at: usize): v128 {
  const centre = i16x8.splat(128);
  const both = i8x16.narrow_i16x8_u(i16x8.add_sat_s(v128.load(at), centre), i16x8.add_sat_s(v128.load(at, 16), centre));
  return i8x16.shuffle(both, both, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

function storeTwoRows(at: usize, stride: usize, rows: v128): void {
  v128.store64_lane(at, rows, 0);
  v128.store64_lane(at + stride, rows, 1);
}

/**
 * Writes 8 x 8 samples (u8) at `out`, whose rows are `stride` bytes apart.
 * @param block        i16[64] coefficients by row, 16-byte aligned; overwritten
 * @param quantisation i16[64] by row, 16-byte aligned
 */
export function inverseDct(block: usize, quantisation: usize, out: usize, stride: usize): void {
  transformColumns(block, quantisation, 11);
  transpose(block);
  transformColumns(block, 0, 18);
  const p01 = bytePairs(block);
  const p23 = bytePairs(block + 32);
  const p45 = bytePairs(block + 64);
  const p67 = bytePairs(block + 96);
  const upperLeft = lowPairs(p01, p23);
  const lowerLeft = highPairs(p01, p23);
  const upperRight = lowPairs(p45, p67);
  const lowerRight = highPairs(p45, p67);
  storeTwoRows(out, stride, i32x4.shuffle(upperLeft, upperRight, 0, 4, 1, 5));
  storeTwoRows(out + 2 * stride, stride, i32x4.shuffle(upperLeft, upperRight, 2, 6, 3, 7));
  storeTwoRows(out + 4 * stride, stride, i32x4.shuffle(lowerLeft, lowerRight, 0, 4, 1, 5));
  storeTwoRows(out + 6 * stride, stride, i32x4.shuffle(lowerLeft, lowerRight, 2, 6, 3, 7));
}

/** Equals inverseDct() for a block that contains only its first coefficient, which is already multiplied by its step. */
export function fillFlat(dc: i32, out: usize, stride: usize): void {
  const level = min(255, max(0, ((dc * 4 + 16) >> 5) + 128));
  const eight = i64x2.extract_lane(i8x16.splat(i8(level)), 0);
  for (let y: usize = 0; y < 8; y++) store<i64>(out + y * stride, eight);
}
