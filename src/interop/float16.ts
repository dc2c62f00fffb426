/** Converts between binary32 and the two 16-bit formats of published weights (IEEE 754-2008; bfloat16). */

/** The largest finite binary16 number. */
export const FLOAT16_MAX = 65504;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The 16 bits of the binary16 number nearest to `value`, ties to even. From 65520 in magnitude on, it is an infinity. */
export function toFloat16(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN, made quiet
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 is halfway to 2^16 and is rounded up to it
  if (magnitude >= 0x38800000) {
    // Normal: drop 13 bits of the significand and rebias the exponent. A carry into the exponent gives the right
    // result.
    return sign | (roundShift(magnitude, 13) - ((127 - 15) << 10));
  }
  // Subnormal, a multiple of 2^-24. Below 2^-25, and at the tie 2^-25 itself, it is zero.
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** The exact value of 16 bits of binary16. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The exact value of 16 bits of bfloat16, which are the upper half of a binary32. */
export function fromBfloat16(bits: number): number {
  scratchBits[0] = (bits << 16) >>> 0;
  return scratch[0];
}

/** x / 2^shift to the nearest integer, ties to even. */
function roundShift(x: number, shift: number): number {
  const half = (1 << (shift - 1)) - 1;
  return (x + half + ((x >>> shift) & 1)) >>> shift;
}
