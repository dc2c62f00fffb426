/**
 * The register tile of the filter's gradient: two rows by the columns of a panel, added to memory. The two rows lie side
 * by side, a[pixel][2] with `step` bytes between pixels; panels are as packPanel() makes them, w[pixel][16] or w[pixel][4].
 */
import { multiplyAdd } from "../multiply-add";
import { NARROW, WIDE } from "./tile";

function addTo(to: usize, value: v128): void {
  v128.store(to, f32x4.add(v128.load(to), value));
}

/** toA and toB (16 columns each) += a[p][0] * w[p][:] and a[p][1] * w[p][:], summed over p. */
function widePair(a: usize, step: usize, w: usize, depth: i32, toA: usize, toB: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  const end = w + ((<usize>depth) << 6);
  while (w < end) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    const w3 = v128.load(w, 48);
    const xa = v128.load32_splat(a);
    const xb = v128.load32_splat(a, 4);
    a0 = multiplyAdd<f32>(xa, w0, a0);
    a1 = multiplyAdd<f32>(xa, w1, a1);
    a2 = multiplyAdd<f32>(xa, w2, a2);
    a3 = multiplyAdd<f32>(xa, w3, a3);
    b0 = multiplyAdd<f32>(xb, w0, b0);
    b1 = multiplyAdd<f32>(xb, w1, b1);
    b2 = multiplyAdd<f32>(xb, w2, b2);
    b3 = multiplyAdd<f32>(xb, w3, b3);
    w += 64;
    a += step;
  }
  addTo(toA, a0);
  addTo(toA + 16, a1);
  addTo(toA + 32, a2);
  addTo(toA + 48, a3);
  addTo(toB, b0);
  addTo(toB + 16, b1);
  addTo(toB + 32, b2);
  addTo(toB + 48, b3);
}

function addLanes(to: usize, value: v128, lanes: i32): void {
  store<f32>(to, load<f32>(to) + f32x4.extract_lane(value, 0));
  if (lanes > 1) store<f32>(to, load<f32>(to, 4) + f32x4.extract_lane(value, 1), 4);
  if (lanes > 2) store<f32>(to, load<f32>(to, 8) + f32x4.extract_lane(value, 2), 8);
  if (lanes > 3) store<f32>(to, load<f32>(to, 12) + f32x4.extract_lane(value, 3), 12);
}

/** Adds the same products for a narrow panel, of whose four columns only `lanes` exist. */
function narrowPair(a: usize, step: usize, w: usize, depth: i32, toA: usize, toB: usize, lanes: i32): void {
  let sumA = f32x4.splat(0);
  let sumB = sumA;
  const end = w + ((<usize>depth) << 4);
  while (w < end) {
    const weights = v128.load(w);
    sumA = multiplyAdd<f32>(v128.load32_splat(a), weights, sumA);
    sumB = multiplyAdd<f32>(v128.load32_splat(a, 4), weights, sumB);
    w += 16;
    a += step;
  }
  addLanes(toA, sumA, lanes);
  addLanes(toB, sumB, lanes);
}

/**
 * Adds the products of some rows, in pairs, with all columns of a matrix in panels.
 *
 * @param a         float32: the first two rows
 * @param step      bytes from a pixel's values to the next pixel's
 * @param pairBytes bytes from one pair of rows to the next
 * @param rows      number of rows; if it is odd, the last pair has a second row that nobody reads
 * @param packed    the panels
 * @param panelDepth pixels of a whole panel
 * @param first     number of the first pixel
 * @param depth     number of pixels
 * @param to        float32 [rows][columns]
 * @param columns   columns of the matrix
 * @param dump      float32 [columns] that nobody reads
 */
export function addPairs(
  a: usize,
  step: usize,
  pairBytes: usize,
  rows: i32,
  packed: usize,
  panelDepth: i32,
  first: i32,
  depth: i32,
  to: usize,
  columns: i32,
  dump: usize,
): void {
  const rowBytes: usize = (<usize>columns) << 2;
  let panel = packed;
  for (let column: i32 = 0; column < columns; ) {
    const isWide = column + WIDE <= columns;
    const width = isWide ? WIDE : NARROW;
    const w = panel + ((<usize>(first * width)) << 2);
    let out = to + ((<usize>column) << 2);
    let pair = a;
    for (let row: i32 = 0; row < rows; row += 2) {
      const second = row + 1 < rows ? out + rowBytes : dump;
      if (isWide) widePair(pair, step, w, depth, out, second);
      else narrowPair(pair, step, w, depth, out, second, min(NARROW, columns - column));
      out += 2 * rowBytes;
      pair += pairBytes;
    }
    panel += (<usize>panelDepth * <usize>width) << 2;
    column += width;
  }
}
