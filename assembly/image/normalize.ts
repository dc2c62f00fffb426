/**
 * Converts grey levels 0..255 to floats in [-1, 1], x / 127.5 - 1, and back, rounded to the nearest level and clipped.
 * Reference implementation: src/kernels/reference/normalize.ts. Byte pointers need no alignment; float pointers are
 * 4-byte aligned.
 */

function toFloat(levels: v128): v128 {
  // Divide instead of multiplying by the reciprocal, so that 255 becomes exactly 1.
  return f32x4.sub(f32x4.div(f32x4.convert_i32x4_u(levels), f32x4.splat(127.5)), f32x4.splat(1));
}

function toLevels(values: v128): v128 {
  const scaled = f32x4.add(f32x4.mul(f32x4.add(values, f32x4.splat(1)), f32x4.splat(127.5)), f32x4.splat(0.5));
  return i32x4.trunc_sat_f32x4_s(f32x4.min(f32x4.max(scaled, f32x4.splat(0)), f32x4.splat(255.5)));
}

/** Converts `count` bytes to `count` floats, in any channel layout. */
export function normalizeBytes(src: usize, dst: usize, count: i32): void {
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const bytes = v128.load(src + usize(i));
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    const out = dst + (usize(i) << 2);
    v128.store(out, toFloat(i32x4.extend_low_i16x8_u(low)));
    v128.store(out, toFloat(i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(out, toFloat(i32x4.extend_low_i16x8_u(high)), 32);
    v128.store(out, toFloat(i32x4.extend_high_i16x8_u(high)), 48);
  }
  for (; i < count; i++) {
    store<f32>(dst + (usize(i) << 2), f32(load<u8>(src + usize(i))) / 127.5 - 1);
  }
}

/** Converts `pixels` RGBA pixels to RGB floats. Alpha is dropped. */
export function normalizeRgba(src: usize, dst: usize, pixels: i32): void {
  let i = 0;
  for (; i + 4 <= pixels; i += 4) {
    const four = v128.load(src + (usize(i) << 2));
    const rgb = i8x16.shuffle(four, four, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 0, 0, 0, 0);
    const low = i16x8.extend_low_i8x16_u(rgb);
    const out = dst + usize(i) * 12;
    v128.store(out, toFloat(i32x4.extend_low_i16x8_u(low)));
    v128.store(out, toFloat(i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(out, toFloat(i32x4.extend_low_i16x8_u(i16x8.extend_high_i8x16_u(rgb))), 32);
  }
  for (; i < pixels; i++) {
    for (let c = 0; c < 3; c++) {
      const level = load<u8>(src + (usize(i) << 2) + usize(c));
      store<f32>(dst + usize(i) * 12 + (usize(c) << 2), f32(level) / 127.5 - 1);
    }
  }
}

/** Converts `count` floats to `count` bytes, in any channel layout. Values beyond [-1, 1] are clipped; NaN becomes 0. */
export function denormalizeBytes(src: usize, dst: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const levels = toLevels(v128.load(src + (usize(i) << 2)));
    const words = i16x8.narrow_i32x4_s(levels, levels);
    v128.store32_lane(dst + usize(i), i8x16.narrow_i16x8_u(words, words), 0);
  }
  for (; i < count; i++) {
    store<u8>(dst + usize(i), u8(i32x4.extract_lane(toLevels(v128.load32_zero(src + (usize(i) << 2))), 0)));
  }
}

/** Converts `pixels` RGB float pixels to opaque RGBA. Values beyond [-1, 1] are clipped; NaN becomes 0. */
export function denormalizeRgba(src: usize, dst: usize, pixels: i32): void {
  // A 16-byte load is 4 bytes longer than a pixel, so the last pixel is loaded in another way.
  const last = pixels - 1;
  for (let i = 0; i < pixels; i++) {
    const at = src + usize(i) * 12;
    const values = i < last ? v128.load(at) : v128.load32_lane(at, v128.load64_zero(at), 2, 8);
    const levels = toLevels(values);
    const words = i16x8.narrow_i32x4_s(levels, levels);
    store<i32>(dst + (usize(i) << 2), i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0) | 0xff000000);
  }
}
