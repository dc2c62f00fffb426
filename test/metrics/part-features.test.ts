/** Features from several machines must give the same bits as those from one. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AboutFeatures, encodeFeatures, readFeatures } from "../../src/metrics/feature-file.js";
import { SideGatherer } from "../../src/metrics/gather.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { featurePath, gatherFeatures, openFeatures, saveOrdered } from "../../src/metrics/part-features.js";
import { placesOf } from "../../src/part.js";
import { Random } from "../../src/random.js";
import { withFolder } from "../support/folder.js";

const D = 24;
const UNIT = 16;

const about = (index: number, count: number, total: number, changes: Partial<AboutFeatures> = {}): AboutFeatures => ({
  ...{ kind: "elegant-features", version: 1, shard: { index, count }, unit: UNIT, total },
  ...{ network: "test", comparable: false, digest: "d", failures: [] },
  ...changes,
});

/** Rows of all images; every seventh image could not be read. */
function pictures(total: number) {
  const random = Random.fromSeed(7, "features");
  const rows = Array.from({ length: total }, () => Float32Array.from({ length: D }, () => random.normal() * 3 + 1));
  return { rows, isRead: (at: number) => at % 7 !== 3 };
}

async function writePacked(folder: string, total: number, count: number, changes: Partial<AboutFeatures> = {}) {
  const { rows, isRead } = pictures(total);
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const places = placesOf(total, { index, count }, UNIT);
    const indices = places.filter(isRead);
    const features = Float32Array.from(indices.flatMap((at) => [...rows[at]]));
    const failures = places.filter((at) => !isRead(at)).map((at) => ({ file: `${1000 + at}.png`, reason: "damaged" }));
    const path = featurePath(join(folder, `${count}.npz`), count === 1 ? null : { index, count });
    paths.push(path);
    const told = about(index, count, total, { failures, ...changes });
    await writeFile(path, encodeFeatures({ about: told, dims: D, features, indices }));
  }
  return paths;
}

describe("metrics/part-features", () => {
  it("gives the bits of one machine for any number of machines, in any order of the files", () =>
    withFolder(async (folder) => {
      const linalg = await Linalg.open(2);
      try {
        // Fewer rows than dimensions stay features; 1300 rows are merged in more than one chunk.
        for (const total of [20, 300, 1300]) {
          const { rows, isRead } = pictures(total);
          const gatherer = new SideGatherer(linalg, { dims: D, most: total, rows: false });
          for (const [at, row] of rows.entries()) if (isRead(at)) gatherer.add(row);
          const expected = gatherer.finish("x");
          const whole = join(folder, "whole.npz");
          const [single] = await writePacked(folder, total, 1);
          for (const count of [1, 2, 3, 50]) {
            const paths = await writePacked(folder, total, count);
            const ordered = await openFeatures(paths.reverse());
            assert.deepEqual(gatherFeatures(linalg, ordered, "x", false), expected, `${total} of ${count} machines`);
            await saveOrdered(linalg, ordered, whole);
            assert.deepEqual(await readFile(whole), await readFile(single), `the file of ${total}, ${count}`);
          }
        }
      } finally {
        await linalg.close();
      }
    }));

  it("refuses files that are missing, twice, or of other pictures", () =>
    withFolder(async (folder) => {
      const paths = await writePacked(folder, 100, 3);
      await assert.rejects(openFeatures(paths.slice(1)), /expected those of all 3 parts, received none of part 0/);
      await assert.rejects(openFeatures([...paths, paths[1]]), /expected another part than .*, received part 1 twice/);
      const other = await writePacked(folder, 100, 2, { digest: "other" });
      await assert.rejects(openFeatures([paths[0], other[1]]), /2-part-1-of-2\.npz: expected 3 parts of 100 pictures/);
      const bytes = encodeFeatures({
        about: about(0, 1, 2),
        dims: 1,
        features: Float32Array.of(1, 2),
        indices: [1, 0],
      });
      await writeFile(join(folder, "wrong.npz"), bytes);
      await assert.rejects(readFeatures(join(folder, "wrong.npz")), /2 rows of features and 2 indices that do not fit/);
    }));
});
