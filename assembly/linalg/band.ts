/**
 * From a symmetric matrix to a band (the panel's part; gemm() does the rest), and from the band to a tridiagonal matrix: the
 * two-stage reduction of Bischof, Lang and Sun (2000, A Framework for Symmetric Band Reduction). The first stage is made of matrix
 * products and runs from the cache; the second has few operations.
 */
import { addScaled, addTwoScaled, dot, makeReflector } from "./vector";

/**
 * QR of a panel [m, b] at `a` (row-major, `lda` values a row): R goes back into its first b rows, zeros below. The reflectors
 * v_j go to `v` as [b, m] (their zeros and ones written out), the triangle of Q = I - V T V^T to `t` as [b, b].
 * Scratch: b + 1 values.
 */
export function panelQr(a: usize, lda: i32, m: i32, b: i32, v: usize, t: usize, scratch: usize): void {
  const rowBytes = (<usize>lda) << 3;
  const columnBytes = (<usize>m) << 3;
  for (let i = 0; i < m; i++) {
    const row = a + <usize>i * rowBytes;
    for (let j = 0; j < b; j++) {
      f64.store(v + <usize>j * columnBytes + ((<usize>i) << 3), f64.load(row + ((<usize>j) << 3)));
      f64.store(row + ((<usize>j) << 3), 0);
    }
  }
  const beta = scratch + ((<usize>b) << 3);
  const reflectors = min(b, m);
  for (let j = 0; j < b; j++) {
    const column = v + <usize>j * columnBytes;
    // The part of this column that is R already.
    for (let i = 0; i < min(j, m); i++) {
      f64.store(a + <usize>i * rowBytes + ((<usize>j) << 3), f64.load(column + ((<usize>i) << 3)));
      f64.store(column + ((<usize>i) << 3), 0);
    }
    for (let i = 0; i < b; i++) f64.store(t + ((<usize>(i * b + j)) << 3), 0);
    if (j >= reflectors) continue;
    const offset = (<usize>j) << 3;
    const tau = makeReflector(column + offset, m - j, beta);
    f64.store(a + <usize>j * rowBytes + offset, f64.load(beta));
    for (let i = j + 1; i < b; i++) {
      const other = v + <usize>i * columnBytes + offset;
      addScaled(other, column + offset, -tau * dot(other, column + offset, m - j), m - j);
    }
    // T's new column: -tau T (V^T v), then tau.
    for (let i = 0; i < j; i++) {
      f64.store(scratch + ((<usize>i) << 3), dot(v + <usize>i * columnBytes + offset, column + offset, m - j));
    }
    for (let i = 0; i < j; i++) {
      let sum: f64 = 0;
      for (let k = i; k < j; k++)
        sum += f64.load(t + ((<usize>(i * b + k)) << 3)) * f64.load(scratch + ((<usize>k) << 3));
      f64.store(t + ((<usize>(i * b + j)) << 3), -tau * sum);
    }
    f64.store(t + ((<usize>(j * b + j)) << 3), tau);
  }
}

/**
 * H B H for a symmetric block of which the lower triangle is stored, H = I - tau v v^T. Scratch: n values.
 * @param ld values from a row to the next
 */
function reflectSymmetric(block: usize, ld: i32, n: i32, v: usize, tau: f64, scratch: usize): void {
  const rowBytes = (<usize>ld) << 3;
  // p = tau B v from the lower triangle: row i serves as row and as column.
  for (let i = 0; i < n; i++) f64.store(scratch + ((<usize>i) << 3), 0);
  for (let i = 0; i < n; i++) {
    const row = block + <usize>i * rowBytes;
    const own = f64.load(v + ((<usize>i) << 3));
    const at = scratch + ((<usize>i) << 3);
    const sum = dot(row, v, i) + f64.load(row + ((<usize>i) << 3)) * own;
    addScaled(scratch, row, own, i);
    f64.store(at, f64.load(at) + sum);
  }
  const half = 0.5 * tau * tau * dot(scratch, v, n);
  // w = tau B v - tau / 2 (tau v^T B v) v
  for (let i = 0; i < n; i++) {
    const at = scratch + ((<usize>i) << 3);
    f64.store(at, tau * f64.load(at) - half * f64.load(v + ((<usize>i) << 3)));
  }
  for (let i = 0; i < n; i++) {
    const offset = (<usize>i) << 3;
    addTwoScaled(block + <usize>i * rowBytes, v, -f64.load(scratch + offset), scratch, -f64.load(v + offset), i + 1);
  }
}

/** E (I - tau v v^T) for E [m, n]. */
function reflectRight(block: usize, ld: i32, m: i32, n: i32, v: usize, tau: f64): void {
  for (let i = 0; i < m; i++) {
    const row = block + ((<usize>i * <usize>ld) << 3);
    addScaled(row, v, -tau * dot(row, v, n), n);
  }
}

/** (I - tau v v^T) E for E [m, n]. Scratch: n values. */
function reflectLeft(block: usize, ld: i32, m: i32, n: i32, v: usize, tau: f64, scratch: usize): void {
  for (let j = 0; j < n; j++) f64.store(scratch + ((<usize>j) << 3), 0);
  for (let i = 0; i < m; i++) {
    addScaled(scratch, block + ((<usize>i * <usize>ld) << 3), f64.load(v + ((<usize>i) << 3)), n);
  }
  for (let i = 0; i < m; i++) {
    addScaled(block + ((<usize>i * <usize>ld) << 3), scratch, -tau * f64.load(v + ((<usize>i) << 3)), n);
  }
}

/** Takes the first column of E [m, n] as a reflector to `v` and leaves (beta, 0, ...) in its place. Returns tau. */
function takeColumn(block: usize, ld: i32, m: i32, v: usize, beta: usize): f64 {
  const rowBytes = (<usize>ld) << 3;
  for (let i = 0; i < m; i++) f64.store(v + ((<usize>i) << 3), f64.load(block + <usize>i * rowBytes));
  const tau = makeReflector(v, m, beta);
  f64.store(block, f64.load(beta));
  for (let i = 1; i < m; i++) f64.store(block + <usize>i * rowBytes, 0);
  return tau;
}

/**
 * Reduces a symmetric band of half-width b to tridiagonal form by chasing bulges with reflectors.
 * `band` holds element (i, j), j <= i, at i * 2b + j from its element (0, 0), with room for 2b values before: rows overlap, so that
 * every block is a plain matrix with 2b values a row. Writes the diagonal [n] and the subdiagonal [n - 1].
 * Scratch: 3b + 1 values.
 */
export function bandToTridiagonal(
  band: usize,
  n: i32,
  b: i32,
  diagonal: usize,
  offDiagonal: usize,
  scratch: usize,
): void {
  const ld = 2 * b;
  let v = scratch;
  let next = scratch + ((<usize>b) << 3);
  const work = next + ((<usize>b) << 3);
  const beta = work + ((<usize>b) << 3);
  for (let j = 0; j < n - 2; j++) {
    // Column j loses all but its first entry below the diagonal.
    let top = j + 1;
    let m = min(b, n - top);
    let tau = takeColumn(band + ((<usize>(top * ld + j)) << 3), ld, m, v, beta);
    for (;;) {
      if (tau != 0) reflectSymmetric(band + ((<usize>(top * ld + top)) << 3), ld, m, v, tau, work);
      const below = top + m;
      const rows = min(b, n - below);
      if (rows <= 0) break;
      // The block below gets fill from the right; its first column is made short again, the rest of the bulge stays for later.
      const block = band + ((<usize>(below * ld + top)) << 3);
      if (tau != 0) reflectRight(block, ld, rows, m, v, tau);
      const tauNext = takeColumn(block, ld, rows, next, beta);
      if (tauNext != 0) reflectLeft(block + 8, ld, rows, m - 1, next, tauNext, work);
      const swapped = v;
      v = next;
      next = swapped;
      tau = tauNext;
      top = below;
      m = rows;
    }
  }
  for (let i = 0; i < n; i++) {
    f64.store(diagonal + ((<usize>i) << 3), f64.load(band + ((<usize>(i * ld + i)) << 3)));
    if (i > 0) f64.store(offDiagonal + ((<usize>(i - 1)) << 3), f64.load(band + ((<usize>(i * ld + i - 1)) << 3)));
  }
}

/**
 * Eigenvalues of a symmetric tridiagonal matrix, in place of its diagonal and in no order: the root-free QL iteration of Pal, Walker
 * and Kahan (Parlett, The Symmetric Eigenvalue Problem, section 8.14). The subdiagonal is destroyed; it has room for n values.
 * Returns 0, or 1 when an eigenvalue takes more than 60 iterations.
 */
export function tridiagonalEigenvalues(d: usize, e: usize, n: i32): i32 {
  const epsilon = 2.220446049250313e-16;
  let norm: f64 = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(f64.load(d + ((<usize>i) << 3))));
  for (let i = 0; i < n - 1; i++) norm = Math.max(norm, Math.abs(f64.load(e + ((<usize>i) << 3))));
  // A tenth of what the reduction before this has rounded away.
  const negligible = 0.01 * epsilon * epsilon * norm * norm;
  f64.store(e + ((<usize>(n - 1)) << 3), 0);
  for (let i = 0; i < n - 1; i++) {
    const at = e + ((<usize>i) << 3);
    f64.store(at, f64.load(at) * f64.load(at));
  }
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      // The first subdiagonal entry that is negligible splits the matrix.
      let m = l;
      for (; m < n - 1; m++) {
        const pair = Math.abs(f64.load(d + ((<usize>m) << 3)) * f64.load(d + ((<usize>(m + 1)) << 3)));
        if (f64.load(e + ((<usize>m) << 3)) <= epsilon * epsilon * pair + negligible) break;
      }
      if (m < n - 1) f64.store(e + ((<usize>m) << 3), 0);
      if (m == l) break;
      if (iteration == 60) return 1;
      const p = f64.load(d + ((<usize>l) << 3));
      const root = Math.sqrt(f64.load(e + ((<usize>l) << 3)));
      let g = (f64.load(d + ((<usize>(l + 1)) << 3)) - p) / (2 * root);
      const r = Math.sqrt(g * g + 1);
      const shift = p - root / (g + (g >= 0 ? r : -r));
      let c: f64 = 1;
      let s: f64 = 0;
      g = f64.load(d + ((<usize>m) << 3)) - shift;
      let q = g * g;
      for (let i = m - 1; i >= l; i--) {
        const bb = f64.load(e + ((<usize>i) << 3));
        const rr = q + bb;
        if (i != m - 1) f64.store(e + ((<usize>(i + 1)) << 3), s * rr);
        const oldC = c;
        c = q / rr;
        s = bb / rr;
        const oldG = g;
        const alpha = f64.load(d + ((<usize>i) << 3));
        g = c * (alpha - shift) - s * oldG;
        f64.store(d + ((<usize>(i + 1)) << 3), oldG + (alpha - g));
        q = c != 0 ? (g * g) / c : oldC * bb;
      }
      f64.store(e + ((<usize>l) << 3), s * q);
      f64.store(d + ((<usize>l) << 3), shift + g);
    }
  }
  return 0;
}
