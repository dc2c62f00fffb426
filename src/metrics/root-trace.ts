/** The trace of the square root of a symmetric matrix that is positive semidefinite up to rounding. */
import { bandTraceScratch } from "../kernels/linalg.js";
import { type Band, toBand } from "./band.js";
import { bandEigenvalues } from "./eigen.js";
import type { Linalg, Matrix } from "./linalg.js";

/** Half-width of the band for the quadrature. Products with 32 rows run faster than with 24, and the traces cost b^2. */
const BAND = 32;
/** Number of nodes of the quadrature. Its relative error is exp(-2 pi N K / K') = 8e-15. */
const NODES = 64;

/** Complete elliptic integral of the first kind for the complementary modulus k', by the arithmetic-geometric mean. */
function ellipticK(complementary: number): number {
  let [a, b] = [1, complementary];
  while (Math.abs(a - b) > 1e-15 * a) [a, b] = [(a + b) / 2, Math.sqrt(a * b)];
  return Math.PI / (a + b);
}

interface Node {
  /** p >= 0, in units of the largest eigenvalue. */
  readonly shift: number;
  readonly weight: number;
}

/**
 * Shifts p and weights w with sqrt(x) = sum of w x / (x + p) for x from k^2 to 1: the third method of Hale, Higham and
 * Trefethen (2008, Computing A^alpha, log(A), and related matrix functions by contour integrals, section 4). Below k^2
 * the sum decreases to 0 at x = 0 and never exceeds the root of k^2.
 */
export function rootQuadrature(k: number, nodes: number): readonly Node[] {
  const [K, KPrime] = [ellipticK(Math.sqrt(1 - k * k)), ellipticK(k)];
  const nome = Math.exp((-Math.PI * KPrime) / K);
  // sc(u) with the modulus k', from theta functions of the modulus k, which is small. From the middle on, sc(K' - u) =
  // 1 / (k sc(u)).
  const lower = (u: number): number => {
    const y = (Math.PI * u) / (2 * K);
    let [theta1, theta2, theta3, theta4] = [0, 0, 1, 1];
    for (let n = 0; n < 6; n++) {
      const sign = n % 2 === 0 ? 1 : -1;
      // The factor nome^(1/4) of both cancels.
      theta1 += 2 * sign * nome ** (n * (n + 1)) * Math.sinh((2 * n + 1) * y);
      theta2 += 2 * nome ** (n * (n + 1));
      theta3 += 2 * nome ** ((n + 1) ** 2);
      theta4 -= 2 * sign * nome ** ((n + 1) ** 2) * Math.cosh(2 * (n + 1) * y);
    }
    return (theta3 / theta2) * (theta1 / theta4);
  };
  return Array.from({ length: nodes }, (_, j) => {
    const u = ((j + 0.5) * KPrime) / nodes;
    const sc = u <= KPrime / 2 ? lower(u) : 1 / (k * lower(KPrime - u));
    const slope = Math.sqrt((1 + k * k * sc * sc) * (1 + sc * sc));
    return { shift: (k * sc) ** 2, weight: ((2 * KPrime * k) / (Math.PI * nodes)) * slope };
  });
}

/** From the smallest shift to the largest. Eigenvalues below the rounding error of the largest one count as rounding errors. */
const QUADRATURE = rootQuadrature(Math.sqrt(Number.EPSILON), NODES);

/** An upper bound of all eigenvalues (Gershgorin). */
function largestRowSum({ matrix, n, b }: Band): number {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, i - b); j <= i; j++) {
      const size = Math.abs(matrix.data[2 * b + i * 2 * b + j]);
      sums[i] += size;
      if (j !== i) sums[j] += size;
    }
  }
  return sums.reduce((largest, sum) => Math.max(largest, sum), 0);
}

/** The trace of the root of a positive definite band; null if the band is not positive definite beyond rounding. */
function byQuadrature(linalg: Linalg, band: Band): number | null {
  const { n, b, pointer } = band;
  const scale = largestRowSum(band);
  if (!(scale > 0 && Number.isFinite(scale))) return null;
  const [shifts, traces] = [linalg.allocate(NODES, 1), linalg.allocate(NODES, 1)];
  for (const [j, { shift }] of QUADRATURE.entries()) shifts.data[j] = shift * scale;
  const values = [pointer, n, b, shifts.pointer, traces.pointer];
  // The first two shifts show whether the others are useful.
  linalg.team.run("bandInverseTraces", values, 1, bandTraceScratch(b));
  let sum: number | null = null;
  if (!Number.isNaN(traces.data[0])) {
    linalg.team.run("bandInverseTraces", values, NODES / 2, bandTraceScratch(b));
    // Tr B (B + p)^-1 = n - p Tr (B + p)^-1
    sum = 0;
    for (const [j, { weight }] of QUADRATURE.entries()) sum += weight * (n - shifts.data[j] * traces.data[j]);
    sum *= Math.sqrt(scale);
  }
  linalg.release(shifts, traces);
  return sum;
}

export interface RootTrace {
  readonly trace: number;
  /** The lowest eigenvalue as a share of the largest, if it is below zero; otherwise 0. */
  readonly lowest: number;
}

/**
 * The sum of the roots of the `rank` largest eigenvalues of a symmetric matrix [n, n]. Negative ones count as zero. The
 * lower triangle is read.
 *
 * The matrix is reduced to a band. A positive definite band needs no eigenvalues: the trace of its root is a sum of
 * traces of inverses of shifted bands. This costs n b^2 for each of 64 shifts and runs on all threads, whereas reducing
 * the band to three diagonals and iterating runs on one thread. Accuracy: 1e-13 of the sum plus the rounding error of
 * the largest eigenvalue.
 */
export function rootTrace(linalg: Linalg, matrix: Matrix, rank: number): RootTrace {
  if (rank <= 0 || matrix.rows === 0) return { trace: 0, lowest: 0 };
  return linalg.scope(() => {
    const band = toBand(linalg, matrix, BAND);
    const quadrature = rank >= matrix.rows ? byQuadrature(linalg, band) : null;
    if (quadrature !== null) return { trace: quadrature / Math.sqrt(band.scale), lowest: 0 };
    const values = bandEigenvalues(linalg, band);
    const trace = values.slice(-rank).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
    const [lowest, largest] = [values[0], Math.max(Math.abs(values[0]), values[values.length - 1])];
    return { trace, lowest: lowest < 0 ? lowest / largest : 0 };
  });
}
