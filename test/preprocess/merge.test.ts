/** Parts that cannot be merged are refused, and nothing changes; merge.kill.test.ts merges them. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { mergeParts } from "../../src/preprocess/merge.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { withFolder, writeSmallDataset } from "../support/pictures.js";
import { treeOf } from "../support/tree.js";

const COUNT = 3;
const OPTIONS: PreprocessOptions = {
  ...{ size: 16, images: undefined, format: "jpg", quality: 90, crop: null, limit: null, workers: 2 },
};

describe("dataset/merge", () => {
  it("refuses what is not all of one run, and then changes nothing", () =>
    withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      await writeSmallDataset(source, 300);
      const refused = async (words: RegExp): Promise<void> => {
        const before = await treeOf(out);
        await assert.rejects(mergeParts(out), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, words);
          return true;
        });
        assert.deepEqual(await treeOf(out), before);
      };
      await mkdir(out);
      await refused(/expected folders part-0-of-n to part-\(n-1\)-of-n, received none/);
      const partOf = (index: number, count = COUNT, changes: Partial<PreprocessOptions> = {}) =>
        preprocess(source, out, { ...OPTIONS, ...changes, part: { index, count } });
      await partOf(0);
      await refused(/expected 3 finished parts, received no part-1-of-3, no part-2-of-3\. Run those parts/);
      await assert.rejects(partOf(1, COUNT, { signal: AbortSignal.abort() }), /Interrupted after 0 of 44 images/);
      await partOf(2); // without photos
      await refused(/received part-1-of-3 unfinished/);
      await partOf(1, COUNT, { limit: 299 });
      await refused(/part-1-of-3: photos and lists: expected/);
      await rm(join(out, "part-1-of-3"), { recursive: true });
      await partOf(1, COUNT, { quality: 91 });
      await refused(/part-1-of-3: options: expected .*"quality":90.*received .*"quality":91/);
      await rm(join(out, "part-1-of-3"), { recursive: true });
      await partOf(1);
      await rename(join(out, "part-1-of-3", "images", "000257.jpg"), join(dir, "kept.jpg"));
      await refused(/part-1-of-3: expected images\/000257\.jpg, received none/);
      await partOf(1);
      await assert.rejects(partOf(0, 2), /--part: expected a part of 3, as .* has others, received 0\/2/);
      await mkdir(join(out, "part-0-of-2"));
      await refused(/expected parts of one run, received those of 2 and of 3 machines/);
      await rm(join(out, "part-0-of-2"), { recursive: true });
      // What a merge leaves that is killed while it writes the manifest.
      await writeFile(join(out, ".manifest.json.4711-6.tmp"), "{");
      assert.equal((await mergeParts(out)).done, 300);
      assert.ok(!existsSync(join(out, ".manifest.json.4711-6.tmp")));
      await mkdir(join(out, "part-0-of-3"));
      await refused(/expected parts alone, received a finished run next to 1 parts/);
    }));
});
