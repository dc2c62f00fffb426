/** The inverse cosine transform of a block in floating point, equal to the exact transform within rounding. */

/** BASIS[x * 8 + u] = c(u) / 2 cos((2x + 1) u pi / 16). */
const BASIS = Float64Array.from({ length: 64 }, (_, i) => {
  const [x, u] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});
const half = new Float64Array(64);

/** Writes 8 x 8 samples at `out[at]`, with rows `stride` apart. Coefficients and quantiser are [8, 8], row by row. */
export function inverseDct(
  block: Int16Array,
  quantiser: Uint16Array,
  out: Uint8Array,
  at: number,
  stride: number,
): void {
  let last = 63;
  while (last > 0 && block[last] === 0) last--;
  const rows = (last >> 3) + 1; // rows of frequencies; all later ones are zero
  for (let v = 0; v < rows; v++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += block[v * 8 + u] * quantiser[v * 8 + u] * BASIS[x * 8 + u];
      half[v * 8 + x] = sum;
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = 128.5;
      for (let v = 0; v < rows; v++) sum += half[v * 8 + x] * BASIS[y * 8 + v];
      out[at + y * stride + x] = sum < 0 ? 0 : sum > 255 ? 255 : sum;
    }
  }
}
