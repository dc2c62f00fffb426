/** Products, factorisations and eigenvalues against plain implementations and known matrices. */
import assert from "node:assert/strict";
import { FROM_COLUMN, FROM_ROW, LOWER, MIRROR, SYMMETRIC, TO_ROW } from "../../src/kernels/linalg.js";
import { eigenvalues } from "../../src/metrics/eigen.js";
import type { Matrix } from "../../src/metrics/linalg.js";
import { pivotedCholesky } from "../../src/metrics/semidefinite.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { diagonalMatrix, multiplyPlainly, SIZES, transpose, useTeams, withEigenvalues } from "../support/matrix.js";

const SEED = 11;
describeBuilds("metrics/linalg", "linalg", (build) => {
  const random = Random.fromSeed(SEED, "linalg");
  const values = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.between(-1, 1));
  const { all, onAll } = useTeams(build);

  it("multiplies matrices of any shape, transposed or not, as its plain twin does", () => {
    const shapes = SIZES.map((m, i) => [m, SIZES[(i * 5 + 3) % SIZES.length], SIZES[(i * 7 + 1) % SIZES.length]]);
    for (const [m, n, k] of shapes) {
      const [a, b, c] = [values(m * k), values(k * n), values(m * n)];
      const expected = multiplyPlainly(a, b, m, n, k).map((value, i) => 0.5 * c[i] - 2 * value);
      for (const [ta, tb] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        const received = onAll((linalg) => {
          const left = ta ? linalg.from(transpose(a, m, k), k, m) : linalg.from(a, m, k);
          const right = tb ? linalg.from(transpose(b, k, n), n, k) : linalg.from(b, k, n);
          const out = linalg.from(c, m, n);
          linalg.multiply({ matrix: left, transposed: ta }, { matrix: right, transposed: tb }, out, {
            alpha: -2,
            beta: 0.5,
          });
          const result = out.data.slice();
          linalg.release(left, right, out);
          return result;
        });
        const where = shapeIndex([m, n]);
        assertClose(
          received,
          expected,
          { abs: 1e-13 * Math.max(1, k), rel: 0 },
          (i) => `[${m}, ${k}, ${n}] ${where(i)}`,
        );
      }
    }
  });

  it("computes one triangle, mirrors it, and leaves out what is zero", () => {
    for (const n of SIZES) {
      const a = values(n * n);
      const l = a.map((value, at) => (at % n > Math.floor(at / n) ? 0 : value));
      const s = multiplyPlainly(a, transpose(a, n, n), n, n, n);
      const full = multiplyPlainly(transpose(l, n, n), multiplyPlainly(s, l, n, n, n), n, n, n);
      const received = onAll((linalg) => {
        const [ml, ms, right, both] = [
          linalg.from(l, n, n),
          linalg.from(s, n, n),
          linalg.allocate(n, n),
          linalg.allocate(n, n),
        ];
        both.data.fill(Number.NaN);
        linalg.multiply({ matrix: ms }, { matrix: ml }, right, { flags: FROM_COLUMN });
        linalg.multiply({ matrix: ml, transposed: true }, { matrix: right }, both, {
          flags: LOWER | MIRROR | FROM_ROW,
        });
        const result = both.data.slice();
        linalg.release(ml, ms, right, both);
        return result;
      });
      assertClose(received, full, { abs: 1e-12 * n * n, rel: 0 }, (i) => `n ${n}, ${shapeIndex([n, n])(i)}`);
    }
  });

  it("multiplies triangles into a triangle, of which it reads no more than that", () => {
    for (const n of SIZES) {
      const [a, b] = [0, 1].map(() => values(n * n).map((value, at) => (at % n > Math.floor(at / n) ? 0 : value)));
      const received = onAll((linalg) => {
        const [left, right, out] = [linalg.from(a, n, n), linalg.from(b, n, n), linalg.allocate(n, n)];
        out.data.fill(0);
        linalg.multiply({ matrix: left }, { matrix: right }, out, { flags: LOWER | FROM_COLUMN | TO_ROW });
        const result = out.data.slice();
        linalg.release(left, right, out);
        return result;
      });
      const expected = multiplyPlainly(a, b, n, n, n);
      assertClose(received, expected, { abs: 1e-13 * n, rel: 0 }, (i) => `n ${n}, ${shapeIndex([n, n])(i)}`);
    }
  });

  it("multiplies by a symmetric matrix of which it reads the lower triangle", () => {
    for (const n of [...SIZES, 257]) {
      const m = SIZES[(n * 3) % SIZES.length];
      const [a, s] = [values(m * n), values(n * n)];
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) s[j * n + i] = s[i * n + j];
      const lower = s.map((value, at) => (at % n > Math.floor(at / n) ? Number.NaN : value));
      const received = onAll((linalg) => {
        const [left, right, out] = [linalg.from(a, m, n), linalg.from(lower, n, n), linalg.allocate(m, n)];
        linalg.multiply({ matrix: left }, { matrix: right, transposed: true }, out, { flags: SYMMETRIC });
        const result = out.data.slice();
        linalg.release(left, right, out);
        return result;
      });
      const expected = multiplyPlainly(a, s, m, n, n);
      assertClose(received, expected, { abs: 1e-13 * n, rel: 0 }, (i) => `[${m}, ${n}] ${shapeIndex([m, n])(i)}`);
    }
  });

  /** X^T X with singular values over several decades. */
  const covariance = (n: number, rows: number): Float64Array => {
    const x = values(rows * n).map((value, at) => value * 10 ** (-2 * ((at % n) / n)));
    return multiplyPlainly(transpose(x, rows, n), x, n, n, rows);
  };

  it("factors positive definite matrices, and says when one is not", () => {
    for (const n of SIZES) {
      const a = covariance(n, n + 5);
      const l = onAll((linalg) => {
        const matrix = linalg.from(a, n, n);
        assert.ok(linalg.cholesky(matrix), `n ${n}`);
        const result = matrix.data.slice();
        linalg.release(matrix);
        return result;
      });
      assert.ok(l.every((value, at) => at % n <= Math.floor(at / n) || value === 0));
      const scale = Math.max(...a.map(Math.abs));
      assertClose(multiplyPlainly(l, transpose(l, n, n), n, n, n), a, { abs: 1e-14 * n * scale, rel: 0 });
    }
    const [linalg] = all;
    for (const bad of [
      covariance(40, 30),
      new Float64Array(1600),
      covariance(40, 60).map((v, at) => (at === 820 ? -1 : v)),
      covariance(40, 60).fill(Number.NaN),
    ]) {
      const matrix = linalg.from(bad, 40, 40);
      assert.ok(!linalg.cholesky(matrix));
      linalg.release(matrix);
    }
  });

  it("factors semidefinite matrices at their rank", () => {
    for (const [n, rank] of [
      [1, 1],
      [5, 2],
      [64, 20],
      [130, 129],
      [200, 7],
      [40, 0],
    ]) {
      const a = rank === 0 ? new Float64Array(n * n) : covariance(n, rank);
      let columns = -1;
      const f = onAll((linalg) => {
        const matrix = linalg.from(a, n, n);
        const factor = pivotedCholesky(linalg, matrix);
        columns = factor.columns;
        const result = factor.data.slice();
        linalg.release(matrix, factor);
        return result;
      });
      assert.equal(columns, rank);
      const scale = Math.max(1e-300, ...a.map(Math.abs));
      assertClose(multiplyPlainly(f, transpose(f, n, rank), n, n, rank), a, { abs: 1e-13 * n * scale, rel: 0 });
    }
  });

  it("finds eigenvalues that are known: Q D Q^T by reflections, multiple ones, zeros, a diagonal", () => {
    for (const n of SIZES) {
      const known = Float64Array.from({ length: n }, (_, i) =>
        i % 3 === 0 ? 0 : i % 5 === 0 ? 2 : (i - n / 3) / 7,
      ).sort();
      const check = (matrix: Float64Array, what: string): void => {
        const found = onAll((linalg) => {
          const m: Matrix = linalg.from(matrix, n, n);
          const result = eigenvalues(linalg, m);
          linalg.release(m);
          return result;
        });
        assertClose(
          found,
          known,
          { abs: 1e-14 * n * Math.max(1, Math.abs(known[0]), known[n - 1]), rel: 0 },
          (i) => `${what}, n ${n} [${i}]`,
        );
      };
      check(diagonalMatrix(known), "diagonal");
      check(withEigenvalues(random, known), "rotated");
    }
  });

  it("finds eigenvalues of matrices of low rank, whose columns vanish as they are reduced", () => {
    for (const n of [30, 63, 100]) {
      const v = Float64Array.from({ length: n }, (_, i) => i - n / 3);
      const squares = v.reduce((sum, x) => sum + x * x, 0);
      const a = Float64Array.from({ length: n * n }, (_, at) => v[Math.floor(at / n)] * v[at % n]);
      const found = onAll((linalg) => {
        const m = linalg.from(a, n, n);
        const result = eigenvalues(linalg, m);
        linalg.release(m);
        return result;
      });
      const expected = Float64Array.from({ length: n }, (_, i) => (i === n - 1 ? squares : 0));
      assertClose(found, expected, { abs: 1e-13 * squares, rel: 0 }, (i) => `n ${n} [${i}]`);
    }
  });

  it("keeps eigenvalues of very small and very large matrices", () => {
    for (const scale of [1e-150, 1e-8, 1e8, 1e150]) {
      const a = covariance(50, 60);
      const [plain, scaled] = [a, a.map((value) => value * scale)].map((matrix) =>
        onAll((linalg) => {
          const m = linalg.from(matrix, 50, 50);
          const result = eigenvalues(linalg, m);
          linalg.release(m);
          return result;
        }),
      );
      assertClose(
        scaled.map((value) => value / scale),
        plain,
        { abs: 1e-13 * plain[49], rel: 0 },
        (i) => `${scale} [${i}]`,
      );
    }
  });
});
