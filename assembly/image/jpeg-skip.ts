/**
 * Skips MCUs of a baseline JPEG scan, and may store the mean of each of their blocks, which is an image of an eighth of the
 * size. It keeps the DC predictors, drops the other coefficients, and still detects damage.
 */
import {
  DATA_ENDS,
  END_OF_BLOCK,
  extend,
  findCode,
  INDEX_OVER_63,
  keepPlace,
  NO_CODE,
  PREDICTORS,
  at as placeAt,
  bits as placeBits,
  count as placeCount,
  segmentEnd,
} from "./jpeg-bits";

/** Byte offset of an AC table's entries for all complete codes at the start of ten bits. */
const SKIPS: usize = 4488;
/** Added to a number of coefficients if an end of block was among the codes. */
const ENDED: i32 = 128;

/**
 * Stores a block's mean: the sample that all of its pixels would have without its other coefficients.
 * @param number of the block within its MCU
 */
function storeMean(component: usize, number: i32, row: i32, column: i32, dc: i32): void {
  const blocksAcross = load<i32>(component);
  const x = column * blocksAcross + (number % blocksAcross);
  const y = row * load<i32>(component, 4) + number / blocksAcross;
  const out = usize(load<u32>(component, 8)) + usize(y) * usize(load<u32>(component, 12)) + usize(x);
  const step = i32(load<i16>(usize(load<u32>(component, 24))));
  store<u8>(out, u8(min(max(((dc * step + 4) >> 3) + 128, 0), 255)));
}

/**
 * Skips `mcus` MCUs of one segment, all of them in one row if `means` is not 0. Returns 0, or what is wrong with them.
 * @param row, column of the first MCU
 * @param means       whether to store the mean of each block in the planes, which have a sample per block then
 */
export function skipMcus(mcus: i32, row: i32, column: i32, means: i32, params: usize, scratch: usize): i32 {
  const components = load<i32>(params, 12);
  const end = segmentEnd;
  let at = placeAt;
  let bits = placeBits;
  let count = placeCount;
  for (; mcus > 0; mcus--, column++) {
    for (let c = 0; c < components; c++) {
      const component = params + 64 + (usize(c) << 5);
      const dcTable = usize(load<u32>(component, 16));
      const acTable = usize(load<u32>(component, 20));
      const predictor = scratch + PREDICTORS + (usize(c) << 2);
      let dc = load<i32>(predictor);
      const blocks = load<i32>(component) * load<i32>(component, 4);
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
        dc += difference;
        if (means !== 0) storeMean(component, block, row, column, dc);

        for (let k = 1; k < 64; ) {
          if (count < 32) {
            bits |= u64(load<u32>(at)) << u64(32 - count);
            at += 4;
            count += 32;
          }
          // Skip twice, because an entry takes at most 16 bits. All its codes belong to this block if the last one ends
          // the block or leaves it open.
          let skip = i32(load<u16>(acTable + SKIPS + (usize(bits >> 54) << 1)));
          let next = k + (skip >> 5);
          if (skip !== 0 && next < 64) {
            k = next;
            bits <<= u64(skip & 31);
            count -= skip & 31;
            skip = i32(load<u16>(acTable + SKIPS + (usize(bits >> 54) << 1)));
            next = k + (skip >> 5);
          }
          if (skip !== 0 && (next <= 64 || (next >= ENDED && next < ENDED + 64))) {
            k = next;
            bits <<= u64(skip & 31);
            count -= skip & 31;
            continue;
          }
          if (count < 32) continue;
          const single = load<u32>(acTable + (usize(bits >> 54) << 2));
          let taken = i32(single & 31);
          let valueSize = i32((single >>> 12) & 15);
          k += i32((single >>> 5) & 127);
          if (valueSize !== 0) {
            if (taken === 0) {
              const code = findCode(acTable, bits);
              if (code === 0) return NO_CODE;
              taken = code >> 8;
              valueSize = code & 15;
              const zeros = (code >> 4) & 15;
              k += valueSize === 0 && zeros !== 15 ? END_OF_BLOCK : zeros;
            }
            taken += valueSize;
          }
          bits <<= u64(taken);
          count -= taken;
          if (k > 63) {
            if (k < END_OF_BLOCK) return INDEX_OVER_63;
            break;
          }
          k++;
        }
        if (i32(at - end) << 3 > count) return DATA_ENDS;
      }
      store<i32>(predictor, dc);
    }
  }
  keepPlace(at, bits, count);
  return 0;
}
