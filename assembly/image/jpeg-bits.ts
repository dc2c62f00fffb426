/**
 * Reads the bits of a baseline JPEG scan (ITU T.81, F.1.2.3 and F.2.2): segments between restart markers, without their
 * stuffing, and codes of more than ten bits. Scratch (see jpeg-window.ts in src/kernels) contains one block, the DC
 * predictors, and the bits of one segment followed by zeros, which end any block.
 */

/** Results that are not a number of bytes. */
export const NO_CODE: i32 = -1;
export const INDEX_OVER_63: i32 = -2;
export const DATA_ENDS: i32 = -3;
export const MARKER_EXPECTED: i32 = -4;

/** The run that marks an end of block: more than any index and its longest run together. */
export const END_OF_BLOCK: i32 = 127;
const LONGER: usize = 4096;
const OFFSETS: usize = 4164;
const SYMBOLS: usize = 4232;
export const PREDICTORS: usize = 128;
const SEGMENT: usize = 144;
const ZEROS: usize = 768;

// The reading position. These are globals of the instance, set by beginScan(), not memory. Loops over MCUs keep the
// first three in locals.
/** Pointer to the next word of the unpacked segment. */
export let at: usize = 0;
/** The next bits are at the top of `bits`; `count` of them are valid, the others are zero. */
export let bits: u64 = 0;
export let count: i32 = 0;
/** Pointer after the last byte of the unpacked segment. */
export let segmentEnd: usize = 0;
let dataStart: usize = 0;
let dataEnd: usize = 0;
let unpacked: usize = 0;
/** Pointer to the marker after the unpacked segment, and its code (0 if the data end first). */
let markerAt: usize = 0;
let marker: u32 = 0;
let restart: u32 = 0;
let predictors: usize = 0;

export function keepPlace(nextAt: usize, nextBits: u64, nextCount: i32): void {
  at = nextAt;
  bits = nextBits;
  count = nextCount;
}

/**
 * Copies from `from` to the next marker, without the zeros stuffed after 0xff (F.1.2.3). Returns the end of the copy at
 * `to`.
 */
function unstuff(from: usize, to: usize): usize {
  const end = dataEnd;
  const ones = i8x16.splat(-1);
  while (from + 16 <= end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const mask = i8x16.bitmask(i8x16.eq(bytes, ones));
    if (mask === 0) {
      from += 16;
      to += 16;
      continue;
    }
    const before = usize(ctz(mask));
    from += before;
    to += before;
    if (from + 1 >= end) break;
    const next = u32(load<u8>(from, 1));
    if (next === 0xff) {
      from++; // a fill byte (B.1.1.2)
      continue;
    }
    if (next !== 0) {
      marker = next;
      markerAt = from;
      return to;
    }
    to += 1; // 0xff itself has been copied already
    from += 2;
  }
  while (from < end) {
    const byte = u32(load<u8>(from));
    if (byte === 0xff) {
      if (from + 1 >= end) break;
      const next = u32(load<u8>(from, 1));
      from++;
      if (next === 0xff) continue;
      if (next !== 0) {
        marker = next;
        markerAt = from - 1;
        return to;
      }
    }
    store<u8>(to++, u8(byte));
    from++;
  }
  marker = 0;
  markerAt = end;
  return to;
}

/** Unpacks the segment at `from`, reverses the bytes of its words, so that they can be loaded as numbers, and appends zeros. */
function openSegment(from: usize): void {
  segmentEnd = unstuff(from, unpacked);
  memory.fill(segmentEnd, 0, ZEROS);
  for (let word = unpacked; word < segmentEnd; word += 16) {
    const four = v128.load(word);
    v128.store(word, i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  }
  at = unpacked;
  bits = 0;
  count = 0;
  v128.store(predictors, i32x4.splat(0));
}

export function beginScan(data: usize, length: i32, scratch: usize): void {
  dataStart = data;
  dataEnd = data + usize(length);
  unpacked = scratch + SEGMENT;
  predictors = scratch + PREDICTORS;
  restart = 0xd0;
  openSegment(data);
}

/** Continues after the next restart marker. Returns false if it is missing, or if more than its padding comes before it. */
export function passRestart(): bool {
  const bitsLeft = (i32(segmentEnd - at) << 3) + count;
  if (marker !== restart || bitsLeft > 7) return false;
  restart = 0xd0 | ((restart + 1) & 7);
  openSegment(markerAt + 2);
  return true;
}

/** Called after the last block. Returns how many bytes of the data were used, stuffing included; DATA_ENDS without a marker. */
export function endScan(): i32 {
  if (marker === 0) return DATA_ENDS;
  let left = ((i32(segmentEnd - at) << 3) + count) >> 3;
  // Go back over fill bytes and unused bytes. A zero after 0xff is stuffing.
  let end = markerAt;
  while (end > dataStart && load<u8>(end - 1) === 0xff) end--;
  for (; left > 0; left--) {
    end--;
    if (load<u8>(end) === 0) while (end > dataStart && load<u8>(end - 1) === 0xff) end--;
  }
  return i32(end - dataStart);
}

/**
 * Decodes a code of more than ten bits at the top of `word64`. Returns (length << 8 | symbol), or 0 if the code does
 * not exist (F.2.2.3).
 */
export function findCode(table: usize, word64: u64): i32 {
  const word = u32(word64 >> 48);
  for (let length = 11; length <= 16; length++) {
    if (word < load<u32>(table + LONGER + (usize(length) << 2))) {
      const index = i32(word >>> (16 - length)) + load<i32>(table + OFFSETS + (usize(length) << 2));
      return (length << 8) | i32(load<u8>(table + SYMBOLS + usize(index & 255)));
    }
  }
  return 0;
}

/** The value of `size` (1 to 15) bits at the top of `word64`. Values whose first bit is 0 are negative (F.2.2.1, EXTEND). */
export function extend(word64: u64, size: i32): i32 {
  const value = i32(word64 >> u64(64 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}
