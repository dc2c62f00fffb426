/**
 * Eigenvalues of symmetric tridiagonal matrices by QL iterations, either alone or with the rotations that make the
 * eigenvectors.
 */

/**
 * Replaces the diagonal of a symmetric tridiagonal matrix by its eigenvalues, unordered, with the root-free QL
 * iteration of Pal, Walker and Kahan (Parlett, The Symmetric Eigenvalue Problem, section 8.14). The subdiagonal, which
 * must have room for n values, is destroyed. Returns 0, or 1 if an eigenvalue takes more than 60 iterations.
 */
export function tridiagonalEigenvalues(d: usize, e: usize, n: i32): i32 {
  const epsilon = 2.220446049250313e-16;
  let norm: f64 = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(f64.load(d + ((<usize>i) << 3))));
  for (let i = 0; i < n - 1; i++) norm = Math.max(norm, Math.abs(f64.load(e + ((<usize>i) << 3))));
  // A tenth of the rounding error of the preceding reduction.
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

/** Bytes per step of recordRotations() and rotatePanel(): (c, s) of the first sweep, then of the second. */
export const STEP_BYTES: usize = 32;

/**
 * Begins a pair of sweeps over rows `low` to `high`; the second sweep has no rotations yet. Returns the address after
 * the pair.
 */
function openPair(at: usize, low: i32, high: i32): usize {
  i32.store(at, low);
  i32.store(at, high, 4);
  at += STEP_BYTES;
  const identity = f64x2.replace_lane(f64x2.splat(0), 0, 1);
  for (let i = high; i > low; i--) {
    v128.store(at, identity, 16);
    at += STEP_BYTES;
  }
  return at;
}

/** The value in `known` (n ascending values) that is nearest to x. */
function nearest(known: usize, n: i32, x: f64): f64 {
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (f64.load(known + ((<usize>middle) << 3)) < x) low = middle + 1;
    else high = middle;
  }
  const above = f64.load(known + ((<usize>low) << 3));
  if (low == 0) return above;
  const below = f64.load(known + ((<usize>(low - 1)) << 3));
  return Math.abs(above - x) < Math.abs(x - below) ? above : below;
}

/**
 * The implicit QL iteration with Wilkinson's shift (Golub and Van Loan, section 8.3; Dubrulle, Martin and Wilkinson
 * 1968). The diagonal d [n] is replaced by the eigenvalues, unordered, and the subdiagonal e (n values) is destroyed.
 * An entry of e up to `negligible`, or up to the rounding error of its two neighbours, counts as zero. The first two
 * shifts for an eigenvalue are moved to the nearest value in `known` [n], its ascending eigenvalues. This saves a
 * quarter of the rotations (Greenbaum and Dongarra 1989, LAPACK working note 17).
 *
 * The rotations are written to `record` for rotatePanel(), two sweeps side by side if both end in the same row: one
 * step with the rows (low, high) of the pair, then one step per pair of rows (i, i + 1), with i from high - 1 down to
 * low. `record` has room for `steps` >= n. If no more rotations fit, the next call continues. `state` is two int32,
 * zero before the first call. Returns the number of recorded pairs, 0 if everything is done, or -1 if an eigenvalue
 * takes more than 60 iterations.
 */
export function recordRotations(
  d: usize,
  e: usize,
  n: i32,
  known: usize,
  negligible: f64,
  state: usize,
  record: usize,
  steps: i32,
): i32 {
  const epsilon = 2.220446049250313e-16;
  const end = record + <usize>steps * STEP_BYTES;
  let at = record;
  let pairs = 0;
  // The pair whose second half is unused, or 0.
  let open: usize = 0;
  let iteration = i32.load(state, 4);
  for (let l = i32.load(state); l < n; l++) {
    for (; ; iteration++) {
      // The first subdiagonal entry that is negligible splits the matrix.
      let m = l;
      for (; m < n - 1; m++) {
        const pair = Math.abs(f64.load(d + ((<usize>m) << 3))) + Math.abs(f64.load(d + ((<usize>(m + 1)) << 3)));
        // Written so that NaN ends the sweep here.
        if (!(Math.abs(f64.load(e + ((<usize>m) << 3))) > 0.5 * epsilon * pair + negligible)) break;
      }
      if (m == l) break;
      if (iteration == 60) return -1;
      let step: usize;
      if (open != 0 && i32.load(open, 4) == m) {
        step = open + STEP_BYTES + 16;
        open = 0;
      } else {
        if (at + <usize>(m - l + 1) * STEP_BYTES > end) {
          i32.store(state, l);
          i32.store(state, iteration, 4);
          return pairs;
        }
        open = at;
        step = at + STEP_BYTES;
        at = openPair(at, l, m);
        pairs++;
      }
      const low = f64.load(d + ((<usize>l) << 3));
      const side = f64.load(e + ((<usize>l) << 3));
      const half = (f64.load(d + ((<usize>(l + 1)) << 3)) - low) / (2 * side);
      const root = Math.sqrt(half * half + 1);
      let shift = low - side / (half + (half >= 0 ? root : -root));
      if (iteration < 2) shift = nearest(known, n, shift);
      let g = f64.load(d + ((<usize>m) << 3)) - shift;
      let c: f64 = 1;
      let s: f64 = 1;
      let p: f64 = 0;
      for (let i = m - 1; i >= l; i--) {
        const atE = e + ((<usize>i) << 3);
        const atD = d + ((<usize>i) << 3);
        const f = s * f64.load(atE);
        const b = c * f64.load(atE);
        // (c, s) turns (g, f) into (r, 0). Use the form whose square cannot overflow.
        let r: f64;
        if (Math.abs(g) >= Math.abs(f)) {
          const ratio = g != 0 ? f / g : 0;
          const length = Math.sqrt(1 + ratio * ratio);
          c = 1 / length;
          s = ratio * c;
          r = g * length;
        } else {
          const ratio = g / f;
          const length = Math.sqrt(1 + ratio * ratio);
          s = 1 / length;
          c = ratio * s;
          r = f * length;
        }
        f64.store(atE, r, 8);
        f64.store(step, c);
        f64.store(step, s, 8);
        step += STEP_BYTES;
        const next = f64.load(atD, 8) - p;
        const t = (f64.load(atD) - next) * s + 2 * c * b;
        p = s * t;
        f64.store(atD, next + p, 8);
        g = c * t - b;
      }
      f64.store(d + ((<usize>l) << 3), f64.load(d + ((<usize>l) << 3)) - p);
      f64.store(e + ((<usize>l) << 3), g);
      f64.store(e + ((<usize>m) << 3), 0);
    }
    iteration = 0;
  }
  i32.store(state, n);
  i32.store(state, 0, 4);
  return pairs;
}
