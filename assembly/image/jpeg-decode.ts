/**
 * Entropy decoding of a baseline JPEG scan (ITU T.81, Annex F.2) and the inverse DCT of a window of its MCUs into one
 * plane of samples a component. Blocks before and beside the window are only read past; rows below it are not read.
 * Twin: decodeJpegScan() in src/kernels/reference/jpeg-decode.ts. Layouts are made by src/kernels/jpeg-window.ts.
 *
 * params, i32 each, 4-byte aligned (windows end before their right and bottom):
 *    0 MCUs in a row    4 MCU rows    8 MCUs between restart markers, 0 = none    12 components, 1 or 3
 *   16 left   20 right   24 top   28 bottom of the window in MCUs
 *   32 x      36 y       40 width 44 height of the window in pixels, 48 and 52 the picture's (jpeg-colour.ts)
 *   56 pointer of u8[64]: natural index of each zigzag position
 *   64 + 32 * component: blocks of an MCU across, down; plane pointer, stride in bytes; DC table, AC table
 *      (pointers); quantisation (pointer, i16[64] by row, 16-byte aligned)
 * Huffman table, 4-byte aligned:
 *      0 u32[1024] by the next ten bits: length | zeros before << 5 | size << 12 | value << 16. With size 0 the entry
 *        is complete: `length` covers code and value bits, and 127 zeros end the block. Otherwise `length` is the
 *        code's, and `size` bits of value follow; size 15 with length 0: a longer code, or none.
 *   4096 u32[17] by length: the first 16-bit word above this length's codes    4164 i32[17] symbol index - code
 *   4232 u8[256] symbols
 * Memory: reads data[0, length) and the tables; writes the planes' window and scratch, i32 length + 1024 bytes.
 */
import { fillFlat, inverseDct } from "./jpeg-idct";

/** Results: what else the return value may be is the number of bytes read (> 0). */
const NO_CODE: i32 = -1;
const INDEX_OVER_63: i32 = -2;
const DATA_ENDS: i32 = -3;
const MARKER_EXPECTED: i32 = -4;

/** The run that stands for an end of block: more than any index and its longest run together. */
const END_OF_BLOCK: i32 = 127;
const LONGER: usize = 4096;
const OFFSETS: usize = 4164;
const SYMBOLS: usize = 4232;
/** Of scratch: one block, DC predictors, then the bits of one segment and zeros, which end any block. */
const PREDICTORS: usize = 128;
const SEGMENT: usize = 144;
const ZEROS: usize = 768;

/** Where the marker after the last unpacked segment stands, and its code (0: the data ends). */
let markerAt: usize = 0;
let marker: u32 = 0;

/** Copies from `from` to the next marker, without the zeros stuffed after 0xff (F.1.2.3); returns the end at `to`. */
function unstuff(from: usize, end: usize, to: usize): usize {
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
    if (next !== 0) {
      marker = next;
      markerAt = from;
      return to;
    }
    to += 1; // 0xff itself is already there
    from += 2;
  }
  while (from < end) {
    const byte = u32(load<u8>(from));
    if (byte === 0xff) {
      if (from + 1 >= end) break;
      const next = u32(load<u8>(from, 1));
      if (next !== 0) {
        marker = next;
        markerAt = from;
        return to;
      }
      from++;
    }
    store<u8>(to++, u8(byte));
    from++;
  }
  marker = 0;
  markerAt = end;
  return to;
}

/** Appends zeros and turns the words of the segment at `at` around, so that they can be loaded as numbers. */
function toWords(at: usize, end: usize): void {
  memory.fill(end, 0, ZEROS);
  for (; at < end; at += 16) {
    const four = v128.load(at);
    v128.store(at, i8x16.shuffle(four, four, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  }
}

/** A code of more than ten bits at the top of `bits`: (length << 8 | symbol), 0 when there is none (F.2.2.3). */
function findCode(table: usize, bits: u64): i32 {
  const word = u32(bits >> 48);
  for (let length = 11; length <= 16; length++) {
    if (word < load<u32>(table + LONGER + (usize(length) << 2))) {
      const index = i32(word >>> (16 - length)) + load<i32>(table + OFFSETS + (usize(length) << 2));
      return (length << 8) | i32(load<u8>(table + SYMBOLS + usize(index & 255)));
    }
  }
  return 0;
}

/** The value of `size` (1 to 15) bits at the top of `bits`: those that begin with 0 are negative (F.2.2.1, EXTEND). */
function extend(bits: u64, size: i32): i32 {
  const value = i32(bits >> u64(64 - size));
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

/** Returns the number of bytes read, the marker after them excluded, or one of the negative numbers above. */
export function decodeJpegScan(data: usize, length: i32, params: usize, scratch: usize): i32 {
  const across = load<i32>(params);
  const interval = load<i32>(params, 8);
  const components = load<i32>(params, 12);
  const left = load<i32>(params, 16);
  const right = load<i32>(params, 20);
  const top = load<i32>(params, 24);
  const bottom = load<i32>(params, 28);
  const zigzag = usize(load<u32>(params, 56));
  const end = data + usize(length);
  const segment = scratch + SEGMENT;

  let segmentEnd = unstuff(data, end, segment);
  toWords(segment, segmentEnd);
  // The next bits stand at the top of `bits`; `count` of them are valid, the rest are zero.
  let at = segment;
  let bits: u64 = 0;
  let count = 0;
  let untilRestart = interval;
  let restart: u32 = 0xd0;
  v128.store(scratch + PREDICTORS, i32x4.splat(0));

  for (let row = 0; row < bottom; row++) {
    for (let column = 0; column < across; column++) {
      if (interval !== 0) {
        if (untilRestart === 0) {
          const bitsLeft = i32((segmentEnd - at) << 3) + count;
          if (marker !== restart || bitsLeft > 7) return MARKER_EXPECTED;
          restart = 0xd0 | ((restart + 1) & 7);
          segmentEnd = unstuff(markerAt + 2, end, segment);
          toWords(segment, segmentEnd);
          at = segment;
          bits = 0;
          count = 0;
          untilRestart = interval;
          v128.store(scratch + PREDICTORS, i32x4.splat(0));
        }
        untilRestart--;
      }
      const wanted = row >= top && column >= left && column < right;
      for (let c = 0; c < components; c++) {
        const component = params + 64 + (usize(c) << 5);
        const blocksAcross = load<i32>(component);
        const blocks = blocksAcross * load<i32>(component, 4);
        const dcTable = usize(load<u32>(component, 16));
        const acTable = usize(load<u32>(component, 20));
        const predictor = scratch + PREDICTORS + (usize(c) << 2);
        for (let block = 0; block < blocks; block++) {
          if (count < 32) {
            bits |= u64(load<u32>(at)) << u64(32 - count);
            at += 4;
            count += 32;
          }
          const entry = load<u32>(dcTable + (usize(bits >> 54) << 2));
          let difference = i32(entry) >> 16;
          let used = i32(entry & 31);
          let size = i32((entry >>> 12) & 15);
          if (size !== 0) {
            if (used === 0) {
              const code = findCode(dcTable, bits);
              if (code === 0) return NO_CODE;
              used = code >> 8;
              size = code & 15;
            }
            difference = size === 0 ? 0 : extend(bits << u64(used), size);
            used += size;
          }
          bits <<= u64(used);
          count -= used;
          const dc = load<i32>(predictor) + difference;
          store<i32>(predictor, dc);
          if (wanted) {
            for (let i: usize = 0; i < 128; i += 16) v128.store(scratch + i, i32x4.splat(0));
          }
          store<i16>(scratch, i16(dc));

          let flat = true;
          let k = 1;
          while (k < 64) {
            if (count < 32) {
              bits |= u64(load<u32>(at)) << u64(32 - count);
              at += 4;
              count += 32;
            }
            const next = load<u32>(acTable + (usize(bits >> 54) << 2));
            let taken = i32(next & 31);
            let value = i32(next) >> 16;
            let valueSize = i32((next >>> 12) & 15);
            k += i32((next >>> 5) & 127);
            if (valueSize !== 0) {
              if (taken === 0) {
                const code = findCode(acTable, bits);
                if (code === 0) return NO_CODE;
                taken = code >> 8;
                valueSize = code & 15;
                const zeros = (code >> 4) & 15;
                k += valueSize === 0 && zeros !== 15 ? END_OF_BLOCK : zeros;
              }
              value = valueSize === 0 ? 0 : extend(bits << u64(taken), valueSize);
              taken += valueSize;
            }
            bits <<= u64(taken);
            count -= taken;
            if (k > 63) {
              if (k < END_OF_BLOCK) return INDEX_OVER_63;
              break;
            }
            store<i16>(scratch + (usize(load<u8>(zigzag + usize(k))) << 1), i16(value));
            flat = false;
            k++;
          }
          if (i32(at - segmentEnd) << 3 > count) return DATA_ENDS;
          if (wanted) {
            const stride = usize(load<u32>(component, 12));
            const x = (column - left) * blocksAcross + (block % blocksAcross);
            const y = (row - top) * load<i32>(component, 4) + block / blocksAcross;
            const out = usize(load<u32>(component, 8)) + usize(y) * 8 * stride + (usize(x) << 3);
            const quantisation = usize(load<u32>(component, 24));
            if (flat) fillFlat(dc * i32(load<i16>(quantisation)), out, stride);
            else inverseDct(scratch, quantisation, out, stride);
          }
        }
      }
    }
  }
  // Whether the file goes on as it should decides the caller: only a whole file has an end marker there.
  while (marker >= 0xd0 && marker <= 0xd7) unstuff(markerAt + 2, end, segment);
  return marker === 0 ? DATA_ENDS : i32(markerAt - data);
}
