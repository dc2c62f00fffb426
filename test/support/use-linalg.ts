/** The linear algebra of the metrics and random features, for tests of Frechet distances. */
import assert from "node:assert/strict";
import type { KernelBuild } from "../../src/kernels/simd.js";
import { featureStatistics } from "../../src/metrics/frechet.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { asFeatures, type Features, type Statistics } from "../../src/metrics/sides.js";
import { Random } from "../../src/random.js";

/** Opens the linear algebra on two threads for the tests of the enclosing describe(), which must leave its heap empty. */
export function useLinalg(build: KernelBuild) {
  const random = Random.fromSeed(3, "metrics");
  let linalg: Linalg;

  before(async () => {
    linalg = await Linalg.open(2, build);
  });

  after(() => linalg.close());
  afterEach(() => assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated"));

  /** Normal rows whose columns have different scales and a shift. */
  const rows = (n: number, d: number, shift = 0, scale = 1): Features => {
    const data = Float32Array.from(
      { length: n * d },
      (_, at) => scale * (random.normal() / (1 + (at % d) / 8) + shift),
    );
    return asFeatures({ shape: [n, d], data }, `${n} rows`);
  };

  return {
    random,
    linalg: (): Linalg => linalg,
    rows,
    statistics: (side: Features): Statistics => featureStatistics(linalg, side),
  };
}
