/** The Frechet distance at Inception's full 2048 dimensions, against SciPy. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { featureStatistics, frechetDistance } from "../../src/metrics/frechet.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { asFeatures, encodeSide, type Features, readSide } from "../../src/metrics/sides.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { sharedPath } from "../support/shared.js";
import { hasScipy, runPython } from "../support/torch.js";

const D = 2048;

describe("the distance at Inception's 2048 dimensions", () => {
  let linalg: Linalg;
  before(async () => {
    linalg = await Linalg.open(2);
  });
  after(() => linalg.close());
  afterEach(() => assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated"));

  it("agrees with SciPy's sqrtm on full-rank statistics from files", function () {
    if (!hasScipy()) return this.skip();
    return withFolder(async (folder) => {
      const random = Random.fromSeed(6, "full rank");
      const paths = ["a", "b"].map((name) => join(folder, `${name}.npz`));
      for (const [i, path] of paths.entries()) {
        const n = D + 1000 + 500 * i;
        // Decaying scales, and columns that depend on their neighbours, as in features.
        const data = new Float32Array(n * D);
        for (let at = 0; at < data.length; at++) {
          const column = at % D;
          const own = random.normal() * Math.exp((-3 * column) / D) + 0.1 * i;
          data[at] = own + (column > 0 ? 0.5 * data[at - 1] : 0);
        }
        await writeFile(path, encodeSide(featureStatistics(linalg, asFeatures({ shape: [n, D], data }, path))));
      }
      const expected = Number(runPython("distances.py", ["distance", ...paths]));
      const [a, b] = await Promise.all(paths.map(readSide));
      const { fid, route } = frechetDistance(linalg, a, b);
      assert.equal(route, "cholesky");
      console.log(
        `        ${fid}, SciPy ${expected}, difference ${(Math.abs(fid - expected) / expected).toExponential(1)}`,
      );
      assertClose([fid], [expected], { abs: 0, rel: 1e-9 });
    });
  });

  it("is the same from files of 633 and 641 rows' statistics as from the rows, with n and without", async function () {
    const found = ["daisy", "roses"].map((name) => sharedPath(`features/inception-pool3-${name}.npy`));
    if (found.includes(null)) return this.skip();
    const features = (await Promise.all((found as string[]).map(readSide))) as Features[];
    const expected = frechetDistance(linalg, features[0], features[1]);
    assert.equal(expected.route, "features");
    await withFolder(async (folder) => {
      const statistics = features.map((side) => featureStatistics(linalg, side));
      for (const [what, encode] of [
        ["as saved", encodeSide],
        ["without n", (side: (typeof statistics)[number]) => encodeSide({ ...side, n: null })],
      ] as const) {
        const paths = statistics.map((_, i) => join(folder, `${what}-${i}.npz`));
        for (const [i, path] of paths.entries()) await writeFile(path, encode(statistics[i]));
        const [a, b] = await Promise.all(paths.map(readSide));
        const { fid, route } = frechetDistance(linalg, a, b);
        const error = Math.abs(fid - expected.fid) / expected.fid;
        console.log(`        ${what}: ${fid} by ${route}, difference ${error.toExponential(1)}`);
        assertClose([fid], [expected.fid], { abs: 0, rel: 1e-5 }, () => what);
      }
    });
  });
});
