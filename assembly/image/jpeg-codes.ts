/**
 * Writes the Huffman codes of a baseline JPEG scan (ITU T.81, F.1.2), first as 32-bit numbers without stuffing, so that
 * no branch depends on how many bits a code has. copyStuffed() turns them into the bytes of the file.
 */

/** A table entry is the length of a code and its value, and the code, shifted left by the value's size. */
const LENGTH_SHIFT: u32 = 27;
const CODE_MASK: u32 = (1 << LENGTH_SHIFT) - 1;
/** Offset of an AC table from the DC table of its component. */
const AC_CODES: usize = 1024;
const SIXTEEN_ZEROS: usize = 0xf0 << 2;

// State of the writer between blocks. These are globals of the instance, set by beginCodes(), not memory.
let output: usize = 0;
let bits: u64 = 0;
/** Number of pending bits, fewer than 32: the low ones of `bits`. Those above are arbitrary. */
let bitCount: i32 = 0;

/** The bits are written at `out`, 4-byte aligned. */
export function beginCodes(out: usize): void {
  output = out;
  bits = 0;
  bitCount = 0;
}

/**
 * Writes the codes of a block. After each code, the pending bits are stored, which counts only if they are 32 or more.
 * A code and its value have at most 27 bits.
 * @param levels     i16[64]
 * @param places     a bit for each zigzag position from 1 to 63 whose level is not zero
 * @param difference of the DC levels
 * @param codes      DC table, followed by the AC table
 * @param offsets    u8[64]: byte offset in `levels` of each zigzag position
 */
export function writeBlock(levels: usize, places: u64, difference: i32, codes: usize, offsets: usize): void {
  let out = output;
  let pending = bits;
  let count = bitCount;
  // A value is written as its low bits, a negative one minus one.
  let sign = difference >> 31;
  let zeros = clz<i32>((difference ^ sign) - sign); // 32 minus the value's size
  let low = (u32(difference + sign) << zeros) >>> zeros;
  let entry = load<u32>(codes + (usize(32 - zeros) << 2));
  let length = entry >>> LENGTH_SHIFT;
  pending = (pending << u64(length)) | u64((entry & CODE_MASK) | low);
  count += length;
  store<u32>(out, u32((pending << u64(64 - count)) >> 32));
  out += (count >>> 3) & 4;
  count &= 31;
  let last = 0;
  while (places !== 0) {
    const k = i32(ctz(places));
    places &= places - 1;
    let run = k - last - 1;
    last = k;
    for (; run > 15; run -= 16) {
      entry = load<u32>(codes + AC_CODES + SIXTEEN_ZEROS);
      length = entry >>> LENGTH_SHIFT;
      pending = (pending << u64(length)) | u64(entry & CODE_MASK);
      count += length;
      store<u32>(out, u32((pending << u64(64 - count)) >> 32));
      out += (count >>> 3) & 4;
      count &= 31;
    }
    const value = i32(load<i16>(levels + usize(load<u8>(offsets + usize(k)))));
    sign = value >> 31;
    zeros = clz<i32>((value ^ sign) - sign);
    low = (u32(value + sign) << zeros) >>> zeros;
    entry = load<u32>(codes + (usize(run) << 6) - (usize(zeros) << 2), AC_CODES + (32 << 2)); // run << 4 | size
    length = entry >>> LENGTH_SHIFT;
    pending = (pending << u64(length)) | u64((entry & CODE_MASK) | low);
    count += length;
    store<u32>(out, u32((pending << u64(64 - count)) >> 32));
    out += (count >>> 3) & 4;
    count &= 31;
  }
  if (last < 63) {
    entry = load<u32>(codes + AC_CODES); // end of block
    length = entry >>> LENGTH_SHIFT;
    pending = (pending << u64(length)) | u64(entry & CODE_MASK);
    count += length;
    store<u32>(out, u32((pending << u64(64 - count)) >> 32));
    out += (count >>> 3) & 4;
    count &= 31;
  }
  output = out;
  bits = pending;
  bitCount = count;
}

/** Fills the last byte with ones. Returns the end of the bytes. */
export function endCodes(): usize {
  if (bitCount === 0) return output;
  store<u32>(output, u32((bits << u64(64 - bitCount)) >> 32) | (u32(-1) >>> bitCount));
  return output + ((bitCount + 7) >>> 3);
}

/**
 * Copies the bytes of 32-bit numbers, the high byte first, and writes a zero after 0xff, so that no marker can begin
 * within the scan.
 * @param from 4-byte aligned; changed. Up to 15 bytes after `end` are read and changed.
 * @param to   the copy may overlap what has been read already
 * @returns the end of the copy
 */
export function copyStuffed(from: usize, end: usize, to: usize): usize {
  const ones = i8x16.splat(-1);
  while (from < end) {
    const words = v128.load(from);
    const bytes = i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    const stop = from + 16;
    if (stop <= end && !v128.any_true(i8x16.eq(bytes, ones))) {
      v128.store(to, bytes);
      to += 16;
      from = stop;
      continue;
    }
    v128.store(from, bytes);
    for (const last = min(stop, end); from < last; from++) {
      const byte = load<u8>(from);
      store<u8>(to++, byte);
      if (byte === 0xff) store<u8>(to++, 0);
    }
  }
  return to;
}
