/**
 * Converts the samples of a decoded window to RGBA. Chroma is enlarged with the triangle filter: weights 3/4 and 1/4
 * for the nearer and the farther sample, in both directions, with the image's edge repeated. Then YCbCr becomes RGB by
 * JFIF 1.02, in 16-bit fixed point. The roundings are those of libjpeg ("fancy upsampling"), so the pixels are equal to
 * libjpeg's. Reference implementation: colourJpegWindow() in src/kernels/reference/jpeg-colour.ts. The params are
 * described in jpeg-decode.ts.
 */

/** Enlarges one row of a chroma plane downwards: `count` sums with weights 3 and 1, as u16 at `sums`. */
function weighRows(near: usize, far: usize, sums: usize, count: i32): void {
  for (let i = 0; i < count; i += 8) {
    const nearer = i16x8.extend_low_i8x16_u(v128.load64_zero(near + usize(i)));
    const farther = i16x8.extend_low_i8x16_u(v128.load64_zero(far + usize(i)));
    v128.store(sums + (usize(i) << 1), i16x8.add(i16x8.add(nearer, i16x8.add(nearer, nearer)), farther));
  }
}

function widen(row: usize, sums: usize, count: i32): void {
  for (let i = 0; i < count; i += 8) {
    v128.store(sums + (usize(i) << 1), i16x8.extend_low_i8x16_u(v128.load64_zero(row + usize(i))));
  }
}

/**
 * Enlarges a row to two samples for each of `count` sums: (3 a + b + rounding) >> shift. `sums` are u16, with one more
 * on either side.
 */
function enlargeAcross(sums: usize, out: usize, count: i32, even: i16, odd: i16, shift: i32): void {
  for (let i = 0; i < count; i += 8) {
    const at = sums + (usize(i) << 1);
    const middle = v128.load(at);
    const three = i16x8.add(middle, i16x8.add(middle, middle));
    const first = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(at - 2)), i16x8.splat(even)), shift);
    const second = i16x8.shr_u(i16x8.add(i16x8.add(three, v128.load(at + 2)), i16x8.splat(odd)), shift);
    v128.store(out + (usize(i) << 1), v128.or(first, i16x8.shl(second, 8)));
  }
}

/** Writes (sum + rounding) >> 2 of `count` sums as bytes. */
function quarter(sums: usize, out: usize, count: i32, rounding: i16): void {
  for (let i = 0; i < count; i += 8) {
    const value = i16x8.shr_u(i16x8.add(v128.load(sums + (usize(i) << 1)), i16x8.splat(rounding)), 2);
    v128.store64_lane(out + usize(i), i8x16.narrow_i16x8_u(value, value), 0);
  }
}

/**
 * Makes one chroma row of the window at full size. Returns a pointer to the sample of pixel (x, y).
 * @param h, v pixels per sample across and down, 1 or 2
 * @param firstColumn, firstRow the plane's first column and row in the whole image's plane, in samples
 */
function chromaRow(
  plane: usize,
  stride: usize,
  firstColumn: i32,
  firstRow: i32,
  h: i32,
  v: i32,
  x: i32,
  y: i32,
  params: usize,
  scratch: usize,
  out: usize,
): usize {
  const pictureColumns = (load<i32>(params, 48) + h - 1) / h;
  const pictureRows = (load<i32>(params, 52) + v - 1) / v;
  const begin = h === 2 ? x >> 1 : x;
  const last = x + load<i32>(params, 40) - 1;
  const end = (h === 2 ? last >> 1 : last) + 1;
  const count = end - begin;
  const rowAt = v === 2 ? y >> 1 : y;
  const row = plane + usize(rowAt - firstRow) * stride + usize(begin - firstColumn);
  if (h === 1 && v === 1) return row;
  const sums = scratch + 16;
  let far = row;
  if (v === 2) {
    const farAt = min(max((y & 1) === 0 ? rowAt - 1 : rowAt + 1, 0), pictureRows - 1);
    far = plane + usize(farAt - firstRow) * stride + usize(begin - firstColumn);
    weighRows(row, far, sums, count);
  } else {
    widen(row, sums, count);
  }
  if (h === 1) {
    quarter(sums, out, count, (y & 1) === 0 ? 1 : 2);
    return out;
  }
  const scale = v === 2 ? 3 : 1; // for the neighbours outside the window, or the image's edge again
  const before = begin > 0 ? usize(1) : 0;
  const after = end < pictureColumns ? usize(count) : usize(count - 1);
  const beyond = v === 2 ? u32(1) : 0;
  store<u16>(sums - 2, u16(u32(load<u8>(row - before)) * scale + u32(load<u8>(far - before)) * beyond));
  store<u16>(sums + (usize(count) << 1), u16(u32(load<u8>(row + after)) * scale + u32(load<u8>(far + after)) * beyond));
  if (v === 2) enlargeAcross(sums, out, count, 8, 7, 4);
  else enlargeAcross(sums, out, count, 1, 2, 2);
  return out + usize(x & 1);
}

/** The products of (Cb, Cr) pairs with two factors, in 1/65536, rounded: the low and the high four. */
function weigh(low: v128, high: v128, cb: i32, cr: i32): v128 {
  const factors = i32x4.splat((cr << 16) | (cb & 0xffff));
  const half = i32x4.splat(32768);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, factors), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, factors), half), 16),
  );
}

/** Converts eight pixels at a time, up to seven more than `width`. */
function convertRow(luma: usize, cb: usize, cr: usize, dst: usize, width: i32): void {
  const centre = i16x8.splat(128);
  const opaque = i8x16.splat(-1);
  for (let x = 0; x < width; x += 8) {
    const y = i16x8.extend_low_i8x16_u(v128.load64_zero(luma + usize(x)));
    const b = i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(cb + usize(x))), centre);
    const r = i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(cr + usize(x))), centre);
    const low = i16x8.shuffle(b, r, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = i16x8.shuffle(b, r, 4, 12, 5, 13, 6, 14, 7, 15);
    // 1.402 = 1 + 26345 / 65536, -0.71414 = -1 + 18734 / 65536, 1.772 = 2 - 14942 / 65536
    const red = i16x8.add(i16x8.add(y, r), weigh(low, high, 0, 26345));
    const green = i16x8.add(i16x8.sub(y, r), weigh(low, high, -22554, 18734));
    const blue = i16x8.add(i16x8.add(y, i16x8.add(b, b)), weigh(low, high, -14942, 0));
    const redBlue = i8x16.narrow_i16x8_u(red, blue);
    const greenAlpha = v128.or(i8x16.narrow_i16x8_u(green, green), i64x2.replace_lane(i64x2.splat(0), 1, -1));
    const redGreen = i8x16.shuffle(redBlue, greenAlpha, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const blueAlpha = i8x16.shuffle(redBlue, opaque, 8, 16, 9, 17, 10, 18, 11, 19, 12, 20, 13, 21, 14, 22, 15, 23);
    const out = dst + (usize(x) << 2);
    v128.store(out, i16x8.shuffle(redGreen, blueAlpha, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(out, i16x8.shuffle(redGreen, blueAlpha, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  }
}

function convertGreyRow(luma: usize, dst: usize, width: i32): void {
  const opaque = i32x4.splat(0xff000000);
  for (let x = 0; x < width; x += 4) {
    const four = v128.load32_zero(luma + usize(x));
    const spread = i8x16.shuffle(four, four, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    v128.store(dst + (usize(x) << 2), v128.or(spread, opaque));
  }
}

/**
 * Writes the window's pixels as opaque RGBA.
 * @param dst       pointer to pixel (x, y) of the window
 * @param dstStride in bytes, at least 32 for each started group of eight pixels, all of which are written
 * @param scratch   16-byte aligned: 4 bytes for each pixel of a row, and 256 more
 *
 * The planes are those of decodeJpegScan(); up to 8 bytes after their end are read.
 */
export function colourJpegWindow(params: usize, dst: usize, dstStride: i32, scratch: usize): void {
  const x = load<i32>(params, 32);
  const y = load<i32>(params, 36);
  const width = load<i32>(params, 40);
  const height = load<i32>(params, 44);
  const h = load<i32>(params, 64);
  const v = load<i32>(params, 68);
  const firstColumn = load<i32>(params, 16) << 3; // in chroma samples; luminance has h and v times as many
  const firstRow = load<i32>(params, 24) << 3;
  const lumaStride = usize(load<u32>(params, 76));
  const luma = usize(load<u32>(params, 72)) + usize(x - firstColumn * h);
  const colour = load<i32>(params, 12) === 3;
  const sumBytes = (usize(width) * 2 + 64 + 15) & ~15;
  const rowBytes = (usize(width) + 64 + 15) & ~15;
  const cbRow = scratch + sumBytes;
  const crRow = cbRow + rowBytes;
  for (let row = y; row < y + height; row++) {
    const lumaRow = luma + usize(row - firstRow * v) * lumaStride;
    const out = dst + usize(row - y) * usize(dstStride);
    if (colour) {
      const cbPlane = usize(load<u32>(params, 104));
      const crPlane = usize(load<u32>(params, 136));
      const cbStride = usize(load<u32>(params, 108));
      const crStride = usize(load<u32>(params, 140));
      const cb = chromaRow(cbPlane, cbStride, firstColumn, firstRow, h, v, x, row, params, scratch, cbRow);
      const cr = chromaRow(crPlane, crStride, firstColumn, firstRow, h, v, x, row, params, scratch, crRow);
      convertRow(lumaRow, cb, cr, out, width);
    } else {
      convertGreyRow(lumaRow, out, width);
    }
  }
}
