/** Traces of inverses of a shifted band matrix. A quadrature computes the trace of the matrix's square root from them. */
import { multiplyAdd, subtractProduct } from "../multiply-add";

/**
 * Computes Tr (B + p I)^-1 for two shifts p, one per lane, as the derivative of log det (B + p I) by p: the sum of d'_j
 * / d_j over the pivots of B + p I = L D L^T, differentiated row by row as they are computed. The derivative of a Schur
 * complement is positive definite, so nothing cancels.
 *
 * `band` contains element (i, j), i - b <= j <= i, at i * 2b + j, as for bandToTridiagonal(). `shifts` and `traces`
 * have two values per block. A trace is NaN if a pivot is not positive: then B + p I is not positive definite.
 *
 * Scratch: (2 (b + 1) (b + 2) + 4 (b + 1)) * 16 bytes. For each of the last b + 1 rows of L, it contains the row, its
 * derivative, 1 / d and d'; then the current row times D, and its derivative.
 */
export function bandInverseTraces(
  band: usize,
  n: i32,
  b: i32,
  shifts: usize,
  traces: usize,
  scratch: usize,
  block: i32,
): void {
  const shift = v128.load(shifts + ((<usize>block) << 4));
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const slots = b + 1;
  /** Bytes from a row's values to those of its derivative, and from a row to the next. */
  const apart = (<usize>(b + 1)) << 4;
  const rowBytes = (apart << 1) + 32;
  const u = scratch + <usize>slots * rowBytes;
  let trace = zero;
  let positive = i64x2.splat(-1);
  for (let i = 0; i < n; i++) {
    const first = max(0, i - b);
    const width = i - first;
    const own = scratch + <usize>(i % slots) * rowBytes;
    const entries = band + ((<usize>i * (2 * <usize>b) + <usize>first) << 3);
    let pivot = f64x2.add(f64x2.splat(f64.load(entries + ((<usize>width) << 3))), shift);
    let pivotSlope = one;
    for (let j = 0; j < width; j++) {
      // Row first + j of L, from its entry in column `first` on.
      const at = first + j;
      const row = scratch + <usize>(at % slots) * rowBytes;
      let l = row + ((<usize>(first - max(0, at - b))) << 4);
      let v = u;
      let sum = zero;
      let slopeA = zero;
      let slopeB = zero;
      const end = u + ((<usize>j) << 4);
      while (v < end) {
        const left = v128.load(v);
        const right = v128.load(l);
        sum = multiplyAdd<f64>(left, right, sum);
        slopeA = multiplyAdd<f64>(v128.load(v + apart), right, slopeA);
        slopeB = multiplyAdd<f64>(left, v128.load(l + apart), slopeB);
        v += 16;
        l += 16;
      }
      const inverse = v128.load(row + 2 * apart);
      const slope = v128.load(row + 2 * apart, 16);
      const uj = f64x2.sub(f64x2.splat(f64.load(entries + ((<usize>j) << 3))), sum);
      const ujSlope = f64x2.neg(f64x2.add(slopeA, slopeB));
      const lj = f64x2.mul(uj, inverse);
      const ljSlope = f64x2.mul(subtractProduct<f64>(lj, slope, ujSlope), inverse);
      v128.store(v, uj);
      v128.store(v + apart, ujSlope);
      const to = own + ((<usize>j) << 4);
      v128.store(to, lj);
      v128.store(to + apart, ljSlope);
      pivot = subtractProduct<f64>(uj, lj, pivot);
      pivotSlope = f64x2.sub(pivotSlope, multiplyAdd<f64>(uj, ljSlope, f64x2.mul(ujSlope, lj)));
    }
    // This is false for NaN, too.
    positive = v128.and(positive, f64x2.gt(pivot, zero));
    const inverse = f64x2.div(one, pivot);
    v128.store(own + 2 * apart, inverse);
    v128.store(own + 2 * apart, pivotSlope, 16);
    trace = multiplyAdd<f64>(pivotSlope, inverse, trace);
  }
  v128.store(traces + ((<usize>block) << 4), v128.bitselect(trace, f64x2.splat(NaN), positive));
}
