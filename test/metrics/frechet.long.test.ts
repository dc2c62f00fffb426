/** Frechet distances against the published tools' and SciPy's. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpz } from "../../src/interop/npz.js";
import { frechetDistance } from "../../src/metrics/frechet.js";
import { kernelDistance } from "../../src/metrics/kid.js";
import { precisionRecall } from "../../src/metrics/precision-recall.js";
import { type Features, readSide } from "../../src/metrics/sides.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { sharedPath } from "../support/shared.js";
import { hasScipy, runPython } from "../support/torch.js";
import { useLinalg } from "../support/use-linalg.js";

const DAISY = sharedPath("features/inception-pool3-daisy.npy");

const ROSES = sharedPath("features/inception-pool3-roses.npy");

describeBuilds("metrics", "linalg", (build) => {
  const { linalg, rows, statistics } = useLinalg(build);

  it("agree with the published tools on real Inception features", async function () {
    if (DAISY === null || ROSES === null) return this.skip();
    const [daisy, roses] = (await Promise.all([DAISY, ROSES].map((path) => readSide(path)))) as [Features, Features];
    const result = frechetDistance(linalg(), daisy, roses);
    assert.equal(result.route, "features");
    assertClose([result.fid], [299.1373787255], { abs: 0, rel: 1e-9 });
    assertClose(
      [result.meanTerm, ...result.traces, result.traceOfRoot],
      [171.5601397746, 95.220191108, 196.4160905731, 82.0295213651],
      { abs: 0, rel: 1e-9 },
    );
    const [a, b] = [daisy, roses].map(statistics);
    for (const n of [a.n, null]) {
      const route = frechetDistance(linalg(), { ...a, n }, { ...b, n: n === null ? null : b.n });
      assert.equal(route.route, "semidefinite");
      assertClose([route.fid], [result.fid], { abs: 0, rel: 1e-9 });
    }
    assertClose([kernelDistance(linalg(), daisy, roses, 1).kid], [0.3059541039], { abs: 1e-10, rel: 0 });
    const { precision, recall } = precisionRecall(linalg(), daisy, roses);
    assertClose([precision, recall], [0.124805, 0.810427], { abs: 5e-7, rel: 0 });
  });

  it("agree with SciPy's sqrtm on full-rank statistics", function () {
    if (!hasScipy()) return this.skip();
    return withFolder(async (folder) => {
      for (const d of [1, 7, 64, 300]) {
        const paths: string[] = [];
        const sides = [rows(3 * d + 10, d), rows(4 * d + 9, d, 0.3, 1.5)].map(statistics);
        for (const [i, { mean, covariance }] of sides.entries()) {
          paths.push(join(folder, `${d}-${i}.npz`));
          await writeFile(
            paths[i],
            encodeNpz({ mu: { shape: [d], data: mean }, sigma: { shape: [d, d], data: covariance } }),
          );
        }
        const expected = Number(runPython("distances.py", ["distance", ...paths]));
        const { fid, route } = frechetDistance(linalg(), sides[0], sides[1]);
        assert.equal(route, "cholesky");
        assertClose([fid], [expected], { abs: 0, rel: 1e-9 });
        const [a, b] = await Promise.all(paths.map((path) => readSide(path)));
        assert.equal(frechetDistance(linalg(), a, b).fid, fid, "from the files too");
      }
    });
  });
});
