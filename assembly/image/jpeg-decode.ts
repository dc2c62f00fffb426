/**
 * Entropy decoding of a baseline JPEG scan (ITU T.81, Annex F.2) and the inverse DCT of a window of its MCUs, into one
 * plane of samples per component, or of the means of their blocks. All other MCUs are only skipped. The result does not
 * depend on the window, so damage is found wherever it is. Reference implementation: decodeJpegScan() in src/kernels/reference/jpeg-decode.ts.
 * src/kernels/jpeg-window.ts makes the layouts.
 *
 * params, i32 each, 4-byte aligned (right and bottom of a window are exclusive):
 *    0 MCUs in a row    4 MCU rows    8 MCUs between restart markers, 0 = none    12 components, 1 or 3
 *   16 left   20 right   24 top   28 bottom of the window in MCUs
 *   32 x      36 y       40 width 44 height of the window in pixels, 48 and 52 those of the image (jpeg-colour.ts)
 *   56 pointer to u8[64]: index in row order of each zigzag position
 *   60 not 0: the planes get one sample per block, its mean; the window is the whole image then
 *   64 + 32 * component: blocks of an MCU across, down; plane pointer, stride in bytes; DC table, AC table
 *      (pointers); quantisation (pointer, i16[64] by row, 16-byte aligned)
 * Huffman table, 4-byte aligned:
 *      0 u32[1024] by the next ten bits: length | zeros before << 5 | size << 12 | value << 16. With size 0 the entry
 *        is complete: `length` covers code and value bits, and 127 zeros end the block. Otherwise `length` is the
 *        code's, and `size` bits of value follow; size 15 with length 0: a longer code, or none.
 *   4096 u32[17] by length: the first 16-bit word above this length's codes    4164 i32[17] symbol index - code
 *   4232 u8[256] symbols
 *   4488 AC only: u16[1024] by the next ten bits: the complete codes at their start, as length of codes and values |
 *        coefficients << 5, plus 128 coefficients if the last code ends the block; 0: the first code is longer, or none.
 * Memory: reads data[0, length) and the tables; writes the planes' window and scratch, i32 length + 1024 bytes.
 */
import {
  beginScan,
  DATA_ENDS,
  END_OF_BLOCK,
  endScan,
  extend,
  findCode,
  INDEX_OVER_63,
  keepPlace,
  MARKER_EXPECTED,
  NO_CODE,
  PREDICTORS,
  passRestart,
  at as placeAt,
  bits as placeBits,
  count as placeCount,
  segmentEnd,
} from "./jpeg-bits";
import { fillFlat, inverseDct } from "./jpeg-idct";
import { skipMcus } from "./jpeg-skip";

/**
 * Decodes `mcus` MCUs of one segment, starting at (row, column), all within the window. Returns 0, or what is wrong
 * with them.
 */
function decodeMcus(mcus: i32, row: i32, column: i32, params: usize, scratch: usize): i32 {
  const components = load<i32>(params, 12);
  const left = load<i32>(params, 16);
  const top = load<i32>(params, 24);
  const zigzag = usize(load<u32>(params, 56));
  const end = segmentEnd;
  let at = placeAt;
  let bits = placeBits;
  let count = placeCount;
  for (; mcus > 0; mcus--, column++) {
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
        for (let i: usize = 0; i < 128; i += 16) v128.store(scratch + i, i32x4.splat(0));
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
        if (i32(at - end) << 3 > count) return DATA_ENDS;
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
  keepPlace(at, bits, count);
  return 0;
}

/**
 * Returns the number of bytes used up to the end of the last block, whatever follows it, or one of the negative numbers
 * of jpeg-bits.ts. Only if the result is not negative do the planes contain the window.
 */
export function decodeJpegScan(data: usize, length: i32, params: usize, scratch: usize): i32 {
  const across = load<i32>(params);
  const total = across * load<i32>(params, 4);
  const interval = load<i32>(params, 8);
  const left = load<i32>(params, 16);
  const right = load<i32>(params, 20);
  const top = load<i32>(params, 24);
  const bottom = load<i32>(params, 28);
  const means = load<i32>(params, 60);
  beginScan(data, length, scratch);
  let untilRestart = interval === 0 ? total : interval;
  for (let mcu = 0; mcu < total; ) {
    if (untilRestart === 0) {
      if (!passRestart()) return MARKER_EXPECTED;
      untilRestart = interval;
    }
    // Handle the MCUs up to the next border of the window or restart marker.
    const row = mcu / across;
    const column = mcu % across;
    const inside = row >= top && row < bottom && column >= left && column < right;
    let run = untilRestart;
    if (inside) run = min(run, right - column);
    else if (row < top || (row === top && column < left)) run = min(run, top * across + left - mcu);
    else if (row < bottom && column < left) run = min(run, left - column);
    else if (row + 1 < bottom) run = min(run, across - column + left);
    run = min(run, total - mcu);
    const wrong =
      inside && means === 0
        ? decodeMcus(run, row, column, params, scratch)
        : skipMcus(run, row, column, means, params, scratch);
    if (wrong !== 0) return wrong;
    mcu += run;
    untilRestart -= run;
  }
  return endScan();
}
