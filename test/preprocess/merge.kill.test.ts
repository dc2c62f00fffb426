/** Merged parts equal the output of one machine, even after kills at any moment. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mergeParts } from "../../src/preprocess/merge.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { withFolder, writeSmallDataset } from "../support/pictures.js";
import { fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const COUNT = 3;
const PHOTOS = 900;
const OPTIONS: PreprocessOptions = {
  ...{ size: 16, images: undefined, format: "jpg", quality: 90, crop: null, limit: null, workers: 2 },
};

/** Merges and kills itself after `files` files. */
const KILLED_MERGE = `
import { mergeParts } from ${JSON.stringify(fromRoot("dist/src/preprocess/merge.js"))};
const [out, files] = process.argv.slice(2);
await mergeParts(out, ({ done }) => { if (done === Number(files)) process.kill(process.pid, "SIGKILL"); });
`;

describe("dataset/merge", () => {
  it("makes the bytes of one machine, whenever it was killed before", () =>
    withFolder(async (dir) => {
      const [source, whole, parts] = [join(dir, "celeba"), join(dir, "whole"), join(dir, "parts")];
      const files = await writeSmallDataset(source, PHOTOS);
      // A damaged photo and a missing one, in different parts, and a whole unit that fails.
      await truncate(join(source, "images", files[700]), 40);
      await rm(join(source, "images", files[3]));
      for (const file of files.slice(256, 512)) await rm(join(source, "images", file));
      const report = await preprocess(source, whole, OPTIONS);
      assert.deepEqual([report.done, report.failed], [PHOTOS - 258, 258]);
      const expected = await treeOf(whole);

      const counts: number[] = [];
      for (let index = COUNT - 1; index >= 0; index--) {
        const part = await preprocess(source, parts, { ...OPTIONS, part: { index, count: COUNT } });
        counts.push(part.done + part.failed);
        const again = await preprocess(source, parts, { ...OPTIONS, part: { index, count: COUNT } });
        assert.deepEqual([again.done, again.skipped], [0, part.done], "a part that is done again does nothing");
      }
      assert.deepEqual(counts, [256, 256, 388]);

      const [simple, killed] = [join(dir, "simple"), join(dir, "killed")];
      await cp(parts, simple, { recursive: true });
      const merged = await mergeParts(simple);
      assert.deepEqual([merged.parts, merged.done, merged.failed], [COUNT, PHOTOS - 258, 258]);
      assert.deepEqual(merged.failures, report.failures);
      assert.deepEqual(await treeOf(simple), expected);
      assert.equal((await mergeParts(simple)).parts, 0);
      assert.deepEqual(await treeOf(simple), expected, "merging again changes nothing");
      const late = await preprocess(source, simple, { ...OPTIONS, part: { index: 0, count: COUNT } });
      assert.deepEqual([late.done, late.failed], [0, 0]);
      assert.deepEqual(await treeOf(simple), expected, "a part that comes late changes nothing");

      const script = join(dir, "kill.mjs");
      await writeFile(script, KILLED_MERGE);
      for (const files of [1, 200, 386, 641]) {
        await rm(killed, { recursive: true, force: true });
        await cp(parts, killed, { recursive: true });
        const { code, stderr } = await runNode(script, [killed, String(files)]);
        assert.equal(code, null, stderr);
        assert.ok(existsSync(join(killed, ".merging.json")), `killed after ${files} files`);
        assert.equal(existsSync(join(killed, "manifest.json")), false, "the manifest comes last");
        await mergeParts(killed);
        assert.deepEqual(await treeOf(killed), expected, `killed after ${files} files`);
      }

      // Killed while the parts were removed: one is gone, one is half there.
      await mkdir(join(killed, "part-1-of-3", "images"), { recursive: true });
      await writeFile(join(killed, ".merging.json"), '{"parts":3,"state":"removing"}\n');
      assert.equal((await mergeParts(killed)).parts, COUNT);
      assert.deepEqual(await treeOf(killed), expected);
      // Killed after the manifest was written, before this was recorded.
      await cp(parts, killed, { recursive: true });
      await writeFile(join(killed, ".merging.json"), '{"parts":3,"state":"moving"}\n');
      await mergeParts(killed);
      assert.deepEqual(await treeOf(killed), expected);
    }));

  for (const format of ["raw", "webdataset"] as const) {
    it(`keeps the files of many photos whole, and gives them to one machine each: ${format}`, () =>
      withFolder(async (dir) => {
        const [source, whole, parts] = [join(dir, "celeba"), join(dir, "whole"), join(dir, "parts")];
        const files = await writeSmallDataset(source, 230);
        await rm(join(source, "images", files[45]));
        const options = { ...OPTIONS, format, photosPerFile: 40 };
        await preprocess(source, whole, options);
        for (let index = 0; index < COUNT; index++) {
          await preprocess(source, parts, { ...options, part: { index, count: COUNT } });
        }
        const lost = join(parts, "part-1-of-3", "shards", "00004.json");
        await rename(lost, join(dir, "kept.json"));
        await assert.rejects(mergeParts(parts), /part-1-of-3: expected shards\/00004\.json, received none/);
        await rename(join(dir, "kept.json"), lost);
        const script = join(dir, "kill.mjs");
        await writeFile(script, KILLED_MERGE);
        assert.equal((await runNode(script, [parts, "7"])).code, null);
        const merged = await mergeParts(parts);
        assert.deepEqual([merged.done, merged.failed], [229, 1]);
        assert.deepEqual(await treeOf(parts), await treeOf(whole));
      }));
  }
});
