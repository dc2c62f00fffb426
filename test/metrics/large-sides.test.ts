/** Metrics with too little memory to hold all rows or products at the same time. */
import assert from "node:assert/strict";
import { RetryableError } from "../../src/errors.js";
import { eigenvalues, eigenvectors } from "../../src/metrics/eigen.js";
import { featureStatistics, frechetDistance } from "../../src/metrics/frechet.js";
import { SideGatherer } from "../../src/metrics/gather.js";
import { kernelDistance } from "../../src/metrics/kid.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { precisionRecall } from "../../src/metrics/precision-recall.js";
import { eachProduct } from "../../src/metrics/row-products.js";
import { semidefiniteFactor } from "../../src/metrics/semidefinite.js";
import type { Features } from "../../src/metrics/sides.js";
import { squareRoot } from "../../src/metrics/sqrtm.js";
import { openSmall, rows } from "../support/large-sides.js";

const D = 96;

describe("sides that are larger than the memory", () => {
  let whole: Linalg;

  before(async () => {
    whole = await Linalg.open(2);
  });

  after(() => whole.close());

  for (const Kind of [Float32Array, Float64Array]) {
    it(`have the scores that they have with enough of it (${Kind.name})`, async () => {
      // 23 MB as float64, with 90 rows on the other side: the route over features needs 35 MB.
      const [many, few] = [rows("many", 30_000, D, Kind), rows("few", 90, D, Kind)];
      const small = await openSmall(20);
      try {
        const [expected, found] = [whole, small].map((linalg) => frechetDistance(linalg, many, few));
        assert.equal(expected.route, "features");
        assert.ok(Math.abs(found.fid - expected.fid) < 1e-9 * expected.fid, `${found.fid} and ${expected.fid}`);
      } finally {
        await small.close();
      }
    });
  }

  it("are multiplied row by row, each pair once and in order", () => {
    for (const [n, m] of [
      [3, 16_400],
      [2100, 5],
      [1024, 8192],
    ]) {
      const [a, b] = [rows("a", n, 2, Float32Array), rows("b", m, 2, Float32Array)];
      let pairs = 0;
      eachProduct(whole, a, b, { alpha: 0.5 }, ({ data, rows: count, columns, firstRow, firstColumn }, carried) => {
        for (let i = 0; i < count; i++) {
          assert.equal(carried[i], firstColumn, "kept from block to block");
          carried[i] += columns;
          for (let j = 0; j < columns; j++, pairs++) {
            const [p, q] = [2 * (firstRow + i), 2 * (firstColumn + j)];
            const expected = 0.5 * (a.data[p] * b.data[q] + a.data[p + 1] * b.data[q + 1]);
            if (Math.abs(data[i * columns + j] - expected) > 1e-14)
              assert.fail(`pair ${firstRow + i} ${firstColumn + j}`);
          }
        }
      });
      assert.equal(pairs, n * m);
    }
  });

  it("agree with KID, precision and recall by their definitions", () => {
    const d = 5;
    const [a, b] = [rows("a", 1100, d, Float32Array), rows("b", 300, d, Float32Array)];
    const dot = (x: Features, i: number, y: Features, j: number): number => {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += x.data[i * d + k] * y.data[j * d + k];
      return sum;
    };
    const mean = (x: Features, y: Features, own: boolean): number => {
      let sum = 0;
      for (let i = 0; i < x.n; i++)
        for (let j = 0; j < y.n; j++) if (!own || i !== j) sum += (dot(x, i, y, j) / d + 1) ** 3;
      return sum / (own ? x.n * (x.n - 1) : x.n * y.n);
    };
    const expected = mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false);
    assert.ok(Math.abs(kernelDistance(whole, a, b, 1).kid - expected) < 1e-11);
    const far = (x: Features, i: number, y: Features, j: number) =>
      dot(x, i, x, i) + dot(y, j, y, j) - 2 * dot(x, i, y, j);
    const reach = (x: Features) =>
      Array.from({ length: x.n }, (_, i) => {
        const others = Float64Array.from({ length: x.n }, (_, j) =>
          i === j ? Number.POSITIVE_INFINITY : far(x, i, x, j),
        );
        return others.sort()[2];
      });
    const covered = (x: Features, y: Features): number => {
      const radii = reach(y);
      let inside = 0;
      for (let i = 0; i < x.n; i++) if (radii.some((radius, j) => far(x, i, y, j) <= radius)) inside++;
      return inside / x.n;
    };
    const { precision, recall } = precisionRecall(whole, a, b);
    // A row on the very edge of a ball may be on either side because of rounding.
    assert.ok(Math.abs(precision - covered(b, a)) <= 2 / b.n, `${precision}`);
    assert.ok(Math.abs(recall - covered(a, b)) <= 2 / a.n, `${recall}`);
  });
});

describe("metrics that run out of memory", () => {
  const [a, b, wide] = [
    rows("a", 200, 40, Float32Array),
    rows("b", 60, 40, Float32Array),
    rows("w", 30, 40, Float64Array),
  ];

  const works: Readonly<Record<string, (linalg: Linalg) => unknown>> = {
    "distance of features": (linalg) => frechetDistance(linalg, b, wide),
    "distance of statistics": (linalg) => frechetDistance(linalg, a, b),
    "distance of statistics without full rank": (linalg) => {
      const [x, y] = [wide, { ...wide, data: wide.data.map((value) => value + 0.1 * value ** 2) }];
      return frechetDistance(linalg, featureStatistics(linalg, x), featureStatistics(linalg, y));
    },
    "kernel distance": (linalg) => kernelDistance(linalg, wide, b, 1),
    "precision and recall": (linalg) => precisionRecall(linalg, a, b),
    "square root": (linalg) => squareRoot(linalg, featureStatistics(linalg, a).covariance, 40),
    "eigenvalues and eigenvectors": (linalg) =>
      linalg.scope(() => {
        const matrix = linalg.from(featureStatistics(linalg, a).covariance, 40, 40);
        eigenvalues(linalg, matrix);
        linalg.release(eigenvectors(linalg, matrix).vectors);
        linalg.release(semidefiniteFactor(linalg, matrix, { source: "a" }));
      }),
    "gathering of rows": (linalg) => {
      const gatherer = new SideGatherer(linalg, { dims: 40, most: 200, rows: false });
      try {
        gatherer.add(a.data as Float32Array);
        gatherer.finish("a");
      } finally {
        gatherer.dispose();
      }
    },
  };

  for (const [name, work] of Object.entries(works)) {
    it(`give back what they have taken, wherever they fail: ${name}`, async () => {
      const linalg = await openSmall(64);
      const { heap } = linalg.team;
      const { allocate } = heap;
      let failures = 0;
      try {
        for (let nth = 0, failed = true; failed; nth += 1 + Math.floor(nth / 40)) {
          let left = nth;
          failed = false;
          heap.allocate = (bytes) => {
            if (left-- === 0) throw new RetryableError("memory: full");
            return allocate.call(heap, bytes);
          };
          try {
            work(linalg);
          } catch (error) {
            assert.match(String(error), /memory: full/);
            failed = true;
            failures++;
          }
          assert.equal(heap.statistics.usedBytes, 0, `bytes in use after failure ${nth}`);
        }
      } finally {
        await linalg.close();
      }
      assert.ok(failures > 3, `only ${failures} allocations`);
    });
  }

  it("name no option that their command does not have", async () => {
    const linalg = await openSmall(1);
    try {
      assert.throws(
        () => linalg.allocate(1000, 1000),
        /received none\. Use fewer dimensions \(fid: --dims\) or fewer rows of features\.$/,
      );
    } finally {
      await linalg.close();
    }
  });
});
