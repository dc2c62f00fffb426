/** Eigenvectors of matrices with known structure: residuals and orthogonality at all sizes. */
import assert from "node:assert/strict";
import { eigenvalues, eigenvectors } from "../../src/metrics/eigen.js";
import type { Linalg } from "../../src/metrics/linalg.js";
import { symmetricEigenvectors } from "../../src/metrics/symmetric.js";
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

describeBuilds("metrics/eigen", "linalg", (build) => {
  const random = Random.fromSeed(12, "eigen");
  const { all, onAll } = useTeams(build);

  const decompose = (linalg: Linalg, a: Float64Array, n: number) => {
    const matrix = linalg.from(a, n, n);
    const { values, vectors } = eigenvectors(linalg, matrix);
    const result = { values, vectors: vectors.data.slice(), alone: eigenvalues(linalg, matrix) };
    linalg.release(matrix, vectors);
    return result;
  };

  /** Checks A V^T = V^T diag(values), V V^T = 1 and the order, and compares the values with those computed without vectors. */
  function check(a: Float64Array, n: number, what: string): Float64Array {
    const { values, vectors, alone } = onAll((linalg) => decompose(linalg, a, n));
    const scale = largestOf(values);
    const where = (i: number): string => `${what}, n ${n} ${shapeIndex([n, n])(i)}`;
    // The same matrix in other steps: n eps, with room for the constants of its 200 rows and columns.
    assertClose(values, alone, { abs: 1e-13 * n * scale, rel: 0 }, where);
    for (let i = 1; i < n; i++) assert.ok(values[i - 1] <= values[i], `${what}: ascending`);
    const image = multiplyPlainly(vectors, a, n, n, n);
    const expected = vectors.map((value, at) => value * values[Math.floor(at / n)]);
    assertClose(image, expected, { abs: 1e-14 * Math.max(5, n) * scale, rel: 0 }, where);
    const gram = multiplyPlainly(vectors, transpose(vectors, n, n), n, n, n);
    const identity = diagonalMatrix(new Float64Array(n).fill(1));
    assertClose(gram, identity, { abs: 1e-14 * Math.max(5, n), rel: 0 }, where);
    return values;
  }

  const spectrum = (n: number, of: (i: number) => number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => of(i));

  it("are orthogonal and leave no residual, at all sizes: multiple values, zeros, diagonals, decades", () => {
    for (const n of SIZES) {
      const spectra = {
        mixed: spectrum(n, (i) => (i % 3 === 0 ? 0 : i % 5 === 0 ? 2 : (i - n / 3) / 7)),
        twofold: spectrum(n, (i) => (i % 2 === 0 ? 1 : -3)),
        decades: spectrum(n, (i) => 10 ** ((-16 * i) / n)),
      };
      for (const [what, known] of Object.entries(spectra)) {
        const ascending = known.slice().sort();
        for (const a of [diagonalMatrix(known), withEigenvalues(random, known)]) {
          const values = check(a, n, what);
          assertClose(
            values,
            ascending,
            { abs: 1e-14 * Math.max(5, n) * largestOf(known), rel: 0 },
            (i) => `${what} [${i}]`,
          );
        }
      }
      const noise = spectrum(n * n, () => random.between(-1, 1));
      check(
        noise.map((value, at) => value + noise[(at % n) * n + Math.floor(at / n)]),
        n,
        "random",
      );
    }
  });

  it("are found for matrices of low rank, of zeros, and of ones", () => {
    for (const n of [1, 30, 63, 100, 200]) {
      check(new Float64Array(n * n), n, "zeros");
      check(new Float64Array(n * n).fill(1), n, "ones");
      for (const rank of [1, 7, Math.ceil(n / 2)]) {
        const x = spectrum(n * rank, (i) => (rank === 1 ? i - n / 3 : random.between(-1, 1)));
        check(multiplyPlainly(x, transpose(x, n, rank), n, n, rank), n, `rank ${rank}`);
      }
    }
  });

  it("are found where the matrix is tridiagonal or falls apart into blocks", () => {
    for (const n of [2, 25, 26, 64, 129]) {
      const laplace = diagonalMatrix(new Float64Array(n).fill(2));
      for (let i = 1; i < n; i++) laplace[i * n + i - 1] = laplace[(i - 1) * n + i] = -1;
      const values = check(laplace, n, "second differences");
      const expected = spectrum(n, (k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
      assertClose(values, expected, { abs: 1e-13, rel: 0 });
      // Blocks of five by five ones.
      const blocks = spectrum(n * n, (at) => (Math.floor(at / n / 5) === Math.floor((at % n) / 5) ? 1 : 0));
      check(blocks, n, "blocks");
    }
  });

  it("do not depend on the scale: powers of two change no bit of them", () => {
    const n = 70;
    const x = spectrum(n * n, (at) => random.between(-1, 1) * 10 ** (-2 * ((at % n) / n)));
    const a = multiplyPlainly(transpose(x, n, n), x, n, n, n);
    const [linalg] = all;
    const plain = decompose(linalg, a, n);
    for (const power of [-900, -500, -40, 3, 500, 900]) {
      const scaled = decompose(
        linalg,
        a.map((value) => value * 2 ** power),
        n,
      );
      assert.deepEqual(scaled.vectors, plain.vectors, `2^${power}`);
      assert.deepEqual(
        scaled.values,
        plain.values.map((value) => value * 2 ** power),
        `2^${power}`,
      );
    }
    for (const scale of [1e-150, 1e-8, 1e8, 1e150])
      check(
        a.map((value) => value * scale),
        n,
        String(scale),
      );
  });

  it("are refused for values that are not numbers, and the team keeps working", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const a = diagonalMatrix(new Float64Array(40).fill(1));
      a[7 * 40 + 3] = a[3 * 40 + 7] = bad;
      for (const linalg of all) {
        const matrix = linalg.from(a, 40, 40);
        assert.throws(() => eigenvectors(linalg, matrix), /did not converge/);
        assert.throws(() => eigenvalues(linalg, matrix), /did not converge/);
        linalg.release(matrix);
        assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated");
      }
    }
    check(Float64Array.of(2, 1, 1, 2), 2, "after that");
  });

  it("come from one call on arrays too", async () => {
    const { values, vectors } = await symmetricEigenvectors(Float64Array.of(2, 1, 1, 2), 2, { threads: 1 });
    // The exact result: 1 and 3, with (1, -1) and (1, 1) divided by the root of 2.
    assertClose(values, [1, 3], { abs: 1e-15, rel: 1e-15 });
    assertClose(vectors.map(Math.abs), new Float64Array(4).fill(Math.SQRT1_2), { abs: 1e-15, rel: 0 });
    assert.equal(Math.sign(vectors[0]), -Math.sign(vectors[1]));
  });
});
