/** The trace of a matrix's square root, against known eigenvalues and the error that the paper states. */
import assert from "node:assert/strict";
import { LOWER, MIRROR } from "../../src/kernels/linalg.js";
import { eigenvalues } from "../../src/metrics/eigen.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { rootQuadrature, rootTrace } from "../../src/metrics/root-trace.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose } from "../support/close.js";

/** Around the lanes, the half-width of the band (32) and the panels of the reduction. */
const SIZES = [1, 2, 3, 4, 31, 32, 33, 34, 63, 64, 65, 66, 97, 128, 200, 257];

describeBuilds("metrics/root-trace", "linalg", (build) => {
  const random = Random.fromSeed(5, "root-trace");
  let teams: Linalg[];
  before(async () => {
    teams = await Promise.all([1, 2, 3].map((threads) => Linalg.open(threads, build)));
  });
  after(() => Promise.all(teams.map((team) => team.close())));

  /** X^T X of `rows` normal rows whose columns shrink to 10^-decades. */
  const gram = (n: number, rows: number, decades: number): Float64Array => {
    const [linalg] = teams;
    const values = Float64Array.from(
      { length: rows * n },
      (_, at) => random.normal() * 10 ** ((-decades * (at % n)) / n),
    );
    const [x, a] = [linalg.from(values, rows, n), linalg.allocate(n, n)];
    linalg.multiply({ matrix: x, transposed: true }, { matrix: x }, a, { flags: LOWER | MIRROR });
    const result = a.data.slice();
    linalg.release(x, a);
    return result;
  };
  const traceOn = (linalg: Linalg, values: Float64Array, n: number, rank: number): number => {
    const a = linalg.from(values, n, n);
    const { trace } = rootTrace(linalg, a, rank);
    linalg.release(a);
    assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated");
    return trace;
  };
  /** Checks that all teams give the same bits. */
  const traceOf = (values: Float64Array, n: number, rank = n): number => {
    const [first, ...others] = teams.map((linalg) => traceOn(linalg, values, n, rank));
    for (const other of others) assert.equal(other, first, "the same bits with any number of threads");
    return first;
  };
  const sumOfRoots = (values: Float64Array, n: number, rank = n): number => {
    const [linalg] = teams;
    const a = linalg.from(values, n, n);
    const sum = eigenvalues(linalg, a).slice(-rank);
    linalg.release(a);
    return sum.reduce((total, value) => total + Math.sqrt(Math.max(0, value)), 0);
  };

  it("has a quadrature that is the root over 16 decades, and its error falls as its paper says", () => {
    const k = Math.sqrt(Number.EPSILON);
    for (const [nodes, tolerance] of [
      [48, 1e-9],
      [64, 1e-13],
    ]) {
      const quadrature = rootQuadrature(k, nodes);
      for (let exponent = -52; exponent <= 0; exponent += 0.37) {
        const x = 2 ** exponent;
        const sum = quadrature.reduce((total, { shift, weight }) => total + (weight * x) / (x + shift), 0);
        assertClose([sum], [Math.sqrt(x)], { abs: 0, rel: tolerance }, () => `${nodes} nodes at 2^${exponent}`);
      }
      // Smaller eigenvalues never count for more than the root of the smallest valid one.
      for (const x of [0, 1e-20, 1e-17]) {
        const sum = quadrature.reduce((total, { shift, weight }) => total + (weight * x) / (x + shift), 0);
        assert.ok(sum >= 0 && sum <= k);
      }
    }
  });

  it("is the sum of the roots of the eigenvalues of positive definite matrices", () => {
    for (const n of SIZES) {
      for (const decades of [0, 2, 4]) {
        const a = gram(n, n + 20, decades);
        // An eigenvalue has a rounding error of eps times the largest; its root, eps / 2 over the smallest root: 1e-12
        // at four decades.
        const tolerance = { abs: 0, rel: decades === 4 ? 1e-11 : 1e-12 };
        assertClose([traceOf(a, n)], [sumOfRoots(a, n)], tolerance, () => `n ${n}, ${decades} decades`);
      }
    }
  });

  it("is exact for a diagonal whose roots are known, at any scale", () => {
    const n = 70;
    for (const scale of [1e-300, 1e-150, 1e-8, 1, 1e8, 1e150, 1e300]) {
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++) a[i * n + i] = scale * (1 + i) ** 2;
      assertClose([traceOf(a, n)], [(Math.sqrt(scale) * (n * (n + 1))) / 2], { abs: 0, rel: 1e-12 }, () => `${scale}`);
    }
  });

  it("counts what is negative by rounding as zero, and as many eigenvalues as there can be", () => {
    for (const [n, rank] of [
      [40, 10],
      [100, 1],
      [130, 129],
      [200, 60],
    ]) {
      const a = gram(n, rank, 1);
      const expected = sumOfRoots(a, n, rank);
      assertClose([traceOf(a, n, rank)], [expected], { abs: 0, rel: 1e-12 });
      // If the rank is unknown, the roots of rounding errors count: at most n roots of eps times the largest
      // eigenvalue.
      assertClose([traceOf(a, n)], [expected], { abs: 1e-8 * n * expected, rel: 0 });
    }
    assert.equal(traceOf(new Float64Array(50 * 50), 50), 0);
    assert.equal(traceOf(gram(5, 9, 0), 5, 0), 0);
  });
});
