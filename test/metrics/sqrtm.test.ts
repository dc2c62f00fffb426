/** The matrix square root against SciPy, exact cases and its definition. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { chooseBuild } from "../../src/kernels/simd.js";
import { squareRoot, symmetricSquareRoot } from "../../src/metrics/sqrtm.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import {
  diagonalMatrix,
  largestOf,
  multiplyPlainly,
  SIZES,
  transpose,
  useTeams,
  withEigenvalues,
} from "../support/matrix.js";

describeBuilds("metrics/sqrtm", "linalg", (build) => {
  const random = Random.fromSeed(13, "sqrtm");
  const { all, onAll } = useTeams(build);
  const rootOnAll = (a: Float64Array, n: number): Float64Array => onAll((linalg) => squareRoot(linalg, a, n));

  /** X X^T of `rank` columns. */
  const gram = (n: number, rank: number): Float64Array => {
    const x = Float64Array.from({ length: n * rank }, () => random.between(-1, 1));
    return multiplyPlainly(x, transpose(x, n, rank), n, n, rank);
  };

  it("gives a symmetric root whose square is the matrix, at all sizes and ranks", () => {
    for (const n of SIZES) {
      for (const rank of new Set([0, 1, Math.ceil(n / 2), n, n + 5])) {
        const a = gram(n, rank);
        const root = rootOnAll(a, n);
        const where = (i: number): string => `n ${n}, rank ${rank} ${shapeIndex([n, n])(i)}`;
        assert.deepEqual(root, transpose(root, n, n), "exactly symmetric");
        // n eps of the norm, which is up to n times the largest value.
        assertClose(
          multiplyPlainly(root, root, n, n, n),
          a,
          { abs: 1e-14 * Math.max(5, n) * largestOf(a), rel: 0 },
          where,
        );
      }
    }
  });

  it("is the one root without negative eigenvalues, in matrices of low rank too", () => {
    for (const n of [1, 5, 24, 65, 128, 200]) {
      for (const least of [0, 1e-3]) {
        const values = Float64Array.from({ length: n }, (_, i) => (i % 3 === 1 ? least : 1 + (i % 4)));
        const expected = withEigenvalues(random, values);
        const a = multiplyPlainly(expected, expected, n, n, n);
        // Rounding errors of A grow by 1 / (2 sqrt(lambda)): five hundredfold.
        assertClose(rootOnAll(a, n), expected, { abs: 1e-14 * Math.max(5, n) * (least > 0 ? 500 : 1), rel: 0 });
      }
    }
    assertClose(rootOnAll(diagonalMatrix(Float64Array.of(4, 0, 9)), 3), diagonalMatrix(Float64Array.of(2, 0, 3)), {
      abs: 1e-15,
      rel: 1e-15,
    });
  });

  it("keeps very small and very large matrices", () => {
    const a = gram(50, 60);
    const plain = rootOnAll(a, 50);
    for (const power of [-1000, -500, 500, 1000]) {
      const root = rootOnAll(
        a.map((value) => value * 2 ** power),
        50,
      );
      const scaled = root.map((value) => value / 2 ** (power / 2));
      assertClose(scaled, plain, { abs: 1e-14 * largestOf(plain), rel: 0 }, (i) => `2^${power} [${i}]`);
    }
  });

  it("comes from one call on arrays, with the same bits on any number of threads", async () => {
    const a = gram(40, 44);
    const [one, two, many] = await Promise.all([
      symmetricSquareRoot(a, 40, { threads: 1 }),
      symmetricSquareRoot(a, 40, { threads: 2 }),
      symmetricSquareRoot(a, 40),
    ]);
    assert.deepEqual(two, one);
    assert.deepEqual(many, one);
    // The call takes this process's build of the kernels.
    if (build === chooseBuild()) assert.deepEqual(rootOnAll(a, 40), one);
    else assertClose(rootOnAll(a, 40), one, { abs: 1e-12, rel: 0 });
  });

  it("takes what rounding does: halves that differ by some eps, eigenvalues just below zero", () => {
    const a = gram(30, 35);
    const tilted = a.map((value, at) => (at % 30 > at / 30 ? value * (1 + 1e-15) : value));
    assertClose(rootOnAll(tilted, 30), rootOnAll(a, 30), { abs: 1e-12, rel: 0 });
    const below = withEigenvalues(random, Float64Array.of(-1e-9, 1e-10, 1, 4));
    const above = rootOnAll(below, 4);
    // Eigenvalues count as zero up to the size of the negative one, so the square is off by that much.
    assertClose(multiplyPlainly(above, above, 4, 4, 4), below, { abs: 2e-9, rel: 0 });
  });

  it("refuses other matrices, saying what is wrong with them", async () => {
    const identity = diagonalMatrix(Float64Array.of(1, 1, 1));
    const changed = (at: number, value: number): Float64Array => identity.map((old, i) => (i === at ? value : old));
    const indefinite = withEigenvalues(random, Float64Array.of(-0.5, 1, 2));
    const cases: [Float64Array, number, RegExp][] = [
      [identity, 2, /^matrix: expected 2 x 2 values, received 9 values\. Give all rows/],
      [identity, 2.5, /^d: expected a whole number from 1, received 2\.5\./],
      [new Float64Array(0), 0, /^d: expected a whole number from 1, received 0\./],
      [changed(5, Number.NaN), 3, /^matrix: expected finite values, received NaN at \[1, 2\]\./],
      [changed(0, Number.NEGATIVE_INFINITY), 3, /received -Infinity at \[0, 0\]\./],
      [
        changed(1, 1e-3),
        3,
        /expected a symmetric matrix, received 0 at \[1, 0\] and 0\.001 at \[0, 1\], 1\.00e-3 apart\./,
      ],
      [
        indefinite,
        3,
        /expected a positive semidefinite matrix, received one with an eigenvalue of -5\.00e-1 \(the largest is 2\.00e\+0\)/,
      ],
      [identity.map((value) => -value), 3, /an eigenvalue of -1\.00e\+0/],
    ];
    for (const [matrix, d, words] of cases) {
      for (const linalg of all) {
        assert.throws(
          () => squareRoot(linalg, matrix, d),
          (error) => error instanceof InputError && words.test(error.message),
          String(words),
        );
        assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated");
      }
      await assert.rejects(symmetricSquareRoot(matrix, d, { threads: 1 }), InputError);
    }
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(
        symmetricSquareRoot(identity, 3, { threads }),
        /^InputError: threads: expected a whole number/,
      );
    }
  });
});
