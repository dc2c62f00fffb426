/** Square roots of matrices against SciPy's. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy } from "../../src/interop/npy.js";
import { squareRoot } from "../../src/metrics/sqrtm.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { largestOf, multiplyPlainly, transpose, useTeams } from "../support/matrix.js";
import { hasScipy, runPython } from "../support/torch.js";

describeBuilds("metrics/sqrtm", "linalg", (build) => {
  const random = Random.fromSeed(13, "sqrtm");
  const { onAll } = useTeams(build);
  const rootOnAll = (a: Float64Array, n: number): Float64Array => onAll((linalg) => squareRoot(linalg, a, n));

  it("agrees with SciPy's sqrtm", function () {
    if (!hasScipy()) return this.skip();
    return withFolder(async (folder) => {
      for (const n of [1, 2, 17, 64, 129]) {
        for (const rank of [n + 20, Math.ceil(n / 2)]) {
          // Multiples of 1/32, so that X X^T is exact in both programs and has exactly this rank.
          const x = Float64Array.from({ length: n * rank }, () => Math.round(random.between(-32, 32)) / 32);
          const path = join(folder, "x.npy");
          await writeFile(path, encodeNpy({ shape: [n, rank], data: x }));
          const roots = JSON.parse(runPython("distances.py", ["sqrtm", path])) as { direct: number[]; thin?: number[] };
          const received = rootOnAll(multiplyPlainly(x, transpose(x, n, rank), n, n, rank), n);
          const scale = largestOf(received);
          const where = (i: number): string => `n ${n}, rank ${rank} ${shapeIndex([n, n])(i)}`;
          assertClose(received, roots.thin ?? roots.direct, { abs: 1e-9 * scale, rel: 0 }, where);
          // Without full rank, SciPy's own root contains noise: the roots of eigenvalues near eps.
          if (roots.thin) {
            assertClose(received, roots.direct, { abs: Math.sqrt(n * Number.EPSILON) * scale, rel: 0 }, where);
          }
        }
      }
    });
  });
});
