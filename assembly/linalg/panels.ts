/**
 * Orthogonal transformations of the rows of a matrix, which is stored as panels of eight columns, [panel][row][8]. A
 * row of a panel is a cache line. A panel is contiguous, stays in the second-level cache, and is the work of one
 * thread.
 */
import { multiplyAdd, subtractProduct } from "../multiply-add";
import { STEP_BYTES } from "./tridiagonal";

/** Bytes per row of a panel: eight values. */
const ROW_BYTES: usize = 64;

/** Applies (I - tau v v^T) to m rows. */
function reflectRows(rows: usize, v: usize, tau: f64, m: i32): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let row = rows;
  const end = v + ((<usize>m) << 3);
  for (let at = v; at < end; at += 8) {
    const factor = v128.load64_splat(at);
    s0 = multiplyAdd<f64>(factor, v128.load(row), s0);
    s1 = multiplyAdd<f64>(factor, v128.load(row, 16), s1);
    s2 = multiplyAdd<f64>(factor, v128.load(row, 32), s2);
    s3 = multiplyAdd<f64>(factor, v128.load(row, 48), s3);
    row += ROW_BYTES;
  }
  const scale = f64x2.splat(-tau);
  s0 = f64x2.mul(scale, s0);
  s1 = f64x2.mul(scale, s1);
  s2 = f64x2.mul(scale, s2);
  s3 = f64x2.mul(scale, s3);
  row = rows;
  for (let at = v; at < end; at += 8) {
    const factor = v128.load64_splat(at);
    v128.store(row, multiplyAdd<f64>(factor, s0, v128.load(row)));
    v128.store(row, multiplyAdd<f64>(factor, s1, v128.load(row, 16)), 16);
    v128.store(row, multiplyAdd<f64>(factor, s2, v128.load(row, 32)), 32);
    v128.store(row, multiplyAdd<f64>(factor, s3, v128.load(row, 48)), 48);
    row += ROW_BYTES;
  }
}

/**
 * Applies the reflectors that bandToTridiagonal() wrote for `columns` columns, starting at `first`, to one panel of n
 * rows. Reflectors k of neighbouring columns share all rows but one, so they are applied together. The last k comes
 * first, because reflector k of a column overlaps with reflectors k and k + 1 of the previous column.
 */
export function reflectPanel(
  panels: usize,
  n: i32,
  reflectors: usize,
  chain: i32,
  b: i32,
  first: i32,
  columns: i32,
  block: i32,
): void {
  const panel = panels + <usize>block * <usize>n * ROW_BYTES;
  const slotBytes = (<usize>(b + 1)) << 3;
  for (let k = chain - 1; k >= 0; k--) {
    for (let j = 0; j < columns; j++) {
      const top = first + j + 1 + k * b;
      if (top >= n) break;
      const slot = reflectors + <usize>(j * chain + k) * slotBytes;
      const tau = f64.load(slot);
      if (tau != 0) reflectRows(panel + <usize>top * ROW_BYTES, slot + 8, tau, min(b, n - top));
    }
  }
}

/**
 * Applies `pairs` pairs of sweeps of recordRotations() to one panel of n rows. The second sweep follows the first at a
 * distance of one row. Both keep the upper row of their next rotation in registers, so each row is loaded and stored
 * once per two rotations.
 */
export function rotatePanel(panels: usize, n: i32, record: usize, pairs: i32, block: i32): void {
  const panel = panels + <usize>block * <usize>n * ROW_BYTES;
  let at = record;
  for (let pair = 0; pair < pairs; pair++) {
    const low = i32.load(at);
    const high = i32.load(at, 4);
    at += STEP_BYTES;
    let row = panel + <usize>(high - 1) * ROW_BYTES;
    // The first rotation of the first sweep: x is row `high - 1` and y row `high`; both wait for the next rotations.
    let c = v128.load64_splat(at);
    let s = v128.load64_splat(at, 8);
    let a = v128.load(row);
    let z = v128.load(row, 64);
    let y0 = multiplyAdd<f64>(c, z, f64x2.mul(s, a));
    let x0 = subtractProduct<f64>(s, z, f64x2.mul(c, a));
    a = v128.load(row, 16);
    z = v128.load(row, 80);
    let y1 = multiplyAdd<f64>(c, z, f64x2.mul(s, a));
    let x1 = subtractProduct<f64>(s, z, f64x2.mul(c, a));
    a = v128.load(row, 32);
    z = v128.load(row, 96);
    let y2 = multiplyAdd<f64>(c, z, f64x2.mul(s, a));
    let x2 = subtractProduct<f64>(s, z, f64x2.mul(c, a));
    a = v128.load(row, 48);
    z = v128.load(row, 112);
    let y3 = multiplyAdd<f64>(c, z, f64x2.mul(s, a));
    let x3 = subtractProduct<f64>(s, z, f64x2.mul(c, a));
    const end = at + <usize>(high - low) * STEP_BYTES;
    for (at += STEP_BYTES; at < end; at += STEP_BYTES) {
      row -= ROW_BYTES;
      c = v128.load64_splat(at);
      s = v128.load64_splat(at, 8);
      // The second sweep's rotation of the previous rows; it is 16 bytes into the previous step.
      const c2 = v128.load64_splat(at - 16);
      const s2 = v128.load64_splat(at - 8);
      a = v128.load(row);
      z = multiplyAdd<f64>(c, x0, f64x2.mul(s, a));
      x0 = subtractProduct<f64>(s, x0, f64x2.mul(c, a));
      v128.store(row, multiplyAdd<f64>(c2, y0, f64x2.mul(s2, z)), 128);
      y0 = subtractProduct<f64>(s2, y0, f64x2.mul(c2, z));
      a = v128.load(row, 16);
      z = multiplyAdd<f64>(c, x1, f64x2.mul(s, a));
      x1 = subtractProduct<f64>(s, x1, f64x2.mul(c, a));
      v128.store(row, multiplyAdd<f64>(c2, y1, f64x2.mul(s2, z)), 144);
      y1 = subtractProduct<f64>(s2, y1, f64x2.mul(c2, z));
      a = v128.load(row, 32);
      z = multiplyAdd<f64>(c, x2, f64x2.mul(s, a));
      x2 = subtractProduct<f64>(s, x2, f64x2.mul(c, a));
      v128.store(row, multiplyAdd<f64>(c2, y2, f64x2.mul(s2, z)), 160);
      y2 = subtractProduct<f64>(s2, y2, f64x2.mul(c2, z));
      a = v128.load(row, 48);
      z = multiplyAdd<f64>(c, x3, f64x2.mul(s, a));
      x3 = subtractProduct<f64>(s, x3, f64x2.mul(c, a));
      v128.store(row, multiplyAdd<f64>(c2, y3, f64x2.mul(s2, z)), 176);
      y3 = subtractProduct<f64>(s2, y3, f64x2.mul(c2, z));
    }
    // The second sweep's last rotation.
    c = v128.load64_splat(at - 16);
    s = v128.load64_splat(at - 8);
    v128.store(row, subtractProduct<f64>(s, y0, f64x2.mul(c, x0)));
    v128.store(row, subtractProduct<f64>(s, y1, f64x2.mul(c, x1)), 16);
    v128.store(row, subtractProduct<f64>(s, y2, f64x2.mul(c, x2)), 32);
    v128.store(row, subtractProduct<f64>(s, y3, f64x2.mul(c, x3)), 48);
    v128.store(row, multiplyAdd<f64>(c, y0, f64x2.mul(s, x0)), 64);
    v128.store(row, multiplyAdd<f64>(c, y1, f64x2.mul(s, x1)), 80);
    v128.store(row, multiplyAdd<f64>(c, y2, f64x2.mul(s, x2)), 96);
    v128.store(row, multiplyAdd<f64>(c, y3, f64x2.mul(s, x3)), 112);
  }
}
