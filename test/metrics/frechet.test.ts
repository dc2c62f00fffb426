/** FID, KID, precision and recall against closed forms, SciPy and the published tools, and on hostile inputs. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { frechetDistance } from "../../src/metrics/frechet.js";
import { kernelDistance } from "../../src/metrics/kid.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { MomentsAccumulator, mergeMoments, statisticsOf } from "../../src/metrics/moments.js";
import { precisionRecall } from "../../src/metrics/precision-recall.js";
import { asFeatures, asStatistics, type Features, type Statistics } from "../../src/metrics/sides.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose } from "../support/close.js";
import { useLinalg } from "../support/use-linalg.js";

describeBuilds("metrics", "linalg", (build) => {
  const { random, linalg, rows, statistics } = useLinalg(build);

  it("give the closed form for diagonal covariances, by each route", () => {
    const d = 30;
    const diagonal = (of: (i: number) => number, n: number | null): Statistics => {
      const sigma = new Float64Array(d * d);
      for (let i = 0; i < d; i++) sigma[i * d + i] = of(i);
      const mu = { shape: [d], data: Float64Array.from({ length: d }, (_, i) => i / 10) };
      return asStatistics(mu, { shape: [d, d], data: sigma }, n, "diagonal");
    };
    const expected = (f: (i: number) => number, g: (i: number) => number): number =>
      Array.from({ length: d }, (_, i) => (Math.sqrt(f(i)) - Math.sqrt(g(i))) ** 2).reduce((x, y) => x + y, 0);
    const [f, g] = [(i: number) => 1 + i, (i: number) => 3 / (1 + i)];
    const flat = (i: number) => (i < 20 ? 1 + i : 0);
    const shorter = (i: number) => (i >= 10 ? 2 : 0);
    for (const [a, b, route] of [
      [f, g, "cholesky"],
      [flat, g, "cholesky"],
      [g, flat, "cholesky"],
      [flat, shorter, "semidefinite"],
    ] as const) {
      const result = frechetDistance(linalg(), diagonal(a, null), diagonal(b, null));
      assert.equal(result.route, route);
      assertClose([result.fid], [expected(a, b)], { abs: 1e-6, rel: 1e-12 });
    }
  });

  it("give the same by statistics as by features where there are fewer rows than dimensions", () => {
    const [a, b] = [rows(300, 512), rows(310, 512, 0.2, 1.1)];
    const expected = frechetDistance(linalg(), a, b);
    assert.equal(expected.route, "features");
    const [x, y] = [a, b].map(statistics);
    for (const [p, q] of [
      [x, y],
      [
        { ...x, n: null },
        { ...y, n: null },
      ],
      [a, y],
      [x, b],
    ]) {
      assertClose([frechetDistance(linalg(), p, q).fid], [expected.fid], { abs: 0, rel: 1e-5 });
    }
  });

  it("take statistics that were rounded to float32, which leaves eigenvalues below zero", () => {
    const sides = [rows(60, 128), rows(70, 128, 0.2, 1.1), rows(400, 128, 0.1)];
    const rounded = sides.map((side) => {
      const kept = statistics(side);
      return { ...kept, n: null, covariance: Float64Array.from(Float32Array.from(kept.covariance)) };
    });
    for (const [i, j] of [
      [0, 1],
      [1, 0],
      [0, 2],
      [2, 1],
    ]) {
      const expected = frechetDistance(linalg(), sides[i], sides[j]);
      const { fid } = frechetDistance(linalg(), rounded[i], rounded[j]);
      // Eigenvalues that are rounding errors, 1e-7 of the largest, count with their roots.
      assertClose([fid], [expected.fid], { abs: 3e-5 * expected.traces[0], rel: 0 }, () => `sides ${i} and ${j}`);
    }
  });

  it("do not depend on the pieces in which rows arrive, nor on threads, and merge", async () => {
    const d = 37;
    const side = rows(2500, d, 3);
    const data = side.data as Float32Array;
    const take = (team: Linalg, pieces: readonly number[]) => {
      const accumulator = new MomentsAccumulator(team, d);
      let at = 0;
      for (const piece of pieces) {
        accumulator.add(data.subarray(at * d, (at + piece) * d));
        at += piece;
      }
      return accumulator.finish();
    };
    const whole = take(linalg(), [2500]);
    const one = await Linalg.open(1, build);
    assert.deepEqual(take(linalg(), [1, 999, 1000, 24, 476]), whole);
    assert.deepEqual(take(one, [2500]), whole);
    await one.close();
    const { mean, covariance } = statisticsOf(whole, "whole");
    const exact = (i: number, j: number): number => {
      const column = (k: number) => Array.from({ length: 2500 }, (_, row) => data[row * d + k]);
      const [x, y] = [column(i), column(j)];
      const [mx, my] = [x, y].map((values) => values.reduce((p, q) => p + q, 0) / 2500);
      return x.reduce((sum, value, row) => sum + (value - mx) * (y[row] - my), 0) / 2499;
    };
    for (const [i, j] of [
      [0, 0],
      [36, 0],
      [5, 36],
      [20, 20],
    ]) {
      assertClose([covariance[i * d + j]], [exact(i, j)], { abs: 1e-12, rel: 0 });
    }
    const accumulators = [data.subarray(0, 1300 * d), data.subarray(1300 * d)].map((part) => {
      const accumulator = new MomentsAccumulator(linalg(), d);
      accumulator.add(part);
      return accumulator.finish();
    });
    const merged = statisticsOf(mergeMoments(accumulators[0], accumulators[1]), "merged");
    assertClose(merged.mean, mean, { abs: 1e-12, rel: 0 });
    assertClose(merged.covariance, covariance, { abs: 1e-12, rel: 0 });
  });

  it("are 0 exactly for the same numbers, and symmetric", () => {
    const [a, b] = [rows(50, 20), rows(60, 20, 1)];
    assert.deepEqual(
      [frechetDistance(linalg(), a, { ...a, data: a.data.slice() }).fid, frechetDistance(linalg(), a, a).route],
      [0, "same"],
    );
    assertClose([frechetDistance(linalg(), b, a).fid], [frechetDistance(linalg(), a, b).fid], { abs: 0, rel: 1e-12 });
  });

  it("return a finite number from 0, or a clear error, for 200 hostile inputs", () => {
    const shapes = ["point", "doubled", "rank one", "tiny", "huge", "plain", "constant column"] as const;
    const make = (kind: (typeof shapes)[number], n: number, d: number): Features => {
      const base = rows(n, d, random.between(-1, 1));
      const data = base.data as Float32Array;
      if (kind === "point") for (let i = 0; i < n; i++) data.copyWithin(i * d, 0, d);
      if (kind === "doubled") for (let i = 1; i < n; i += 2) data.copyWithin(i * d, (i - 1) * d, i * d);
      if (kind === "rank one") for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) data[i * d + j] = i * (j + 1);
      if (kind === "tiny") for (let i = 0; i < data.length; i++) data[i] *= 1e-8;
      if (kind === "huge") for (let i = 0; i < data.length; i++) data[i] *= 1e8;
      if (kind === "constant column") for (let i = 0; i < n; i++) data[i * d] = 5;
      return asFeatures({ shape: [n, d], data }, kind);
    };
    for (let trial = 0; trial < 200; trial++) {
      const d = random.pick([1, 2, 3, 17, 40]);
      const [p, q] = [0, 1].map(() => make(random.pick(shapes), random.pick([2, 3, 10, 60]), d));
      const [a, b] = trial % 2 === 0 ? [p, q] : [statistics(p), trial % 4 === 1 ? { ...statistics(q), n: null } : q];
      const found = frechetDistance(linalg(), a, b);
      const { fid } = found;
      assert.ok(Number.isFinite(fid) && fid >= 0, `trial ${trial}: ${a.source} and ${b.source}, d ${d}: ${fid}`);
      // Compared with the result from features, within the precision that float64 has for numbers of this size.
      const expected = frechetDistance(linalg(), p, q);
      // With the same numbers on both sides, only the statistics have traces.
      const [scale] = [expected, found]
        .map(({ traces, meanTerm }) => traces[0] + traces[1] + meanTerm)
        .sort((x, y) => y - x);
      assert.ok(
        Math.abs(fid - expected.fid) <= 1e-5 * scale,
        `trial ${trial}, ${p.source} and ${q.source}, n ${p.n} ${q.n}, d ${d}: ${fid}, by features ${expected.fid} (${expected.route}), traces ${expected.traces}`,
      );
    }
  });

  it("refuse what is no covariance and what does not fit, by name and by how much", () => {
    const refuses = (body: () => unknown, message: RegExp): void => {
      assert.throws(body, (error) => error instanceof InputError && message.test(error.message), String(message));
    };
    const sigma = (values: readonly number[]) => ({ shape: [2, 2], data: Float64Array.from(values) });
    const mu = { shape: [2], data: new Float64Array(2) };
    refuses(
      () => asStatistics(mu, sigma([1, 2, 0, 1]), null, "a.npz"),
      /a\.npz: sigma: expected a symmetric matrix, received one that differs from its transpose by 2\.0e\+0/,
    );
    refuses(() => asStatistics(mu, sigma([1, 0, 0, -1]), null, "a.npz"), /variances from 0, received -1 at \[1, 1\]/);
    refuses(
      () => asStatistics(mu, { shape: [3, 2], data: new Float64Array(6) }, null, "a.npz"),
      /\[2, 2\], as mu has 2, received \[3,2\]/,
    );
    refuses(
      () => asStatistics({ shape: [2], data: Float64Array.of(0, Number.NaN) }, sigma([1, 0, 0, 1]), null, "a.npz"),
      /mu: expected finite numbers, received NaN at 1/,
    );
    refuses(
      () => asFeatures({ shape: [2, 2], data: Float32Array.of(0, 1, Number.POSITIVE_INFINITY, 2) }, "f.npy"),
      /received Infinity in row 1, column 0/,
    );
    refuses(
      () => asFeatures({ shape: [1, 2], data: new Float32Array(2) }, "f.npy"),
      /at least two rows of features, received 1/,
    );
    refuses(() => asFeatures({ shape: [4], data: new Float32Array(4) }, "f.npy"), /features as \[rows, dims\]/);
    const indefinite = asStatistics(mu, sigma([1, 3, 3, 1]), null, "bad.npz");
    refuses(
      () => frechetDistance(linalg(), indefinite, { ...indefinite, covariance: Float64Array.of(1, 2, 2, 1) }),
      /bad\.npz: sigma: expected a positive semidefinite matrix, received one with an eigenvalue of -2/,
    );
    const definite = asStatistics(mu, sigma([2, 0, 0, 1]), null, "good.npz");
    for (const [a, b] of [
      [definite, indefinite],
      [indefinite, definite],
    ]) {
      refuses(() => frechetDistance(linalg(), a, b), /bad\.npz: sigma: expected a positive semidefinite matrix/);
    }
    refuses(
      () => frechetDistance(linalg(), rows(5, 3), rows(5, 4)),
      /expected 3 dimensions, as 5 rows has, received 4/,
    );
    refuses(() => precisionRecall(linalg(), rows(3, 2), rows(9, 2)), /at least 4 rows for --prc, received 3/);
  });

  it("compute KID as its definition says, and precision and recall of sets that are known", () => {
    const [a, b] = [rows(6, 3), rows(7, 3, 0.5)];
    const kernel = (x: Features, i: number, y: Features, j: number): number => {
      let dot = 0;
      for (let k = 0; k < 3; k++) dot += x.data[i * 3 + k] * y.data[j * 3 + k];
      return (dot / 3 + 1) ** 3;
    };
    const mean = (x: Features, y: Features, own: boolean): number => {
      let [sum, count] = [0, 0];
      for (let i = 0; i < x.n; i++)
        for (let j = 0; j < y.n; j++)
          if (!own || i !== j) {
            sum += kernel(x, i, y, j);
            count++;
          }
      return sum / count;
    };
    const { kid, kidStd, subsetRows } = kernelDistance(linalg(), a, b, 1);
    assertClose([kid], [mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false)], { abs: 1e-12, rel: 0 });
    assert.ok(kidStd > 0 && subsetRows === 6);
    assert.equal(kernelDistance(linalg(), a, b, 1).kidStd, kidStd);
    assert.notEqual(kernelDistance(linalg(), a, b, 2).kidStd, kidStd);

    const grid = (values: readonly number[], source: string) =>
      asFeatures({ shape: [values.length, 1], data: Float32Array.from(values) }, source);
    const real = grid([0, 1, 2, 3, 4, 5, 6, 7], "real");
    // Half of the generated rows are among the real ones, and half are far away, where their balls do not reach the
    // real ones.
    const half = grid([0.5, 1.5, 2.5, 3.5, 100, 100.1, 100.2, 100.3], "generated");
    assert.deepEqual(precisionRecall(linalg(), real, half), { precision: 0.5, recall: 7 / 8 });
  });
});
