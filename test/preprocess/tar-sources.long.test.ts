/** Faces that are found in the photos of tar files give the files of the unpacked photos. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { mergeParts } from "../../src/preprocess/merge.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { DETECT_ALL } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { writeBoth } from "../support/tar-sources.js";
import { treeOf } from "../support/tree.js";

/** The files of a run without the manifest, which names the source. */
async function filesOf(out: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map(await treeOf(out));
  assert.ok(files.delete("manifest.json"));
  return files;
}

describe("preprocess of tar files", () => {
  const crop = { x: 4, y: 6, width: 60, height: 60 };

  const cases: readonly (readonly [string, Partial<PreprocessOptions>])[] = [
    ["--detect to images", {}],
    ["--detect to WebDataset", { format: "webdataset", photosPerFile: 4 }],
    ["--crop", { detect: undefined, crop }],
  ];

  for (const [name, changes] of cases) {
    it(`gives what the unpacked photos give: ${name}`, () =>
      withFolder(async (dir) => {
        const { tars, plain } = await writeBoth(dir);
        const options = { ...DETECT_ALL, ...changes };
        // Without --detect, the folder of the photos must be named.
        const report = await preprocess(plain, join(dir, "a"), { ...options, images: changes.crop ? "." : undefined });
        const fromTars = await preprocess(tars, join(dir, "b"), options);
        assert.deepEqual([fromTars.done, fromTars.failed], [report.done, report.failed]);
        const files = await filesOf(join(dir, "b"));
        assert.deepEqual(files, await filesOf(join(dir, "a")));
        if (options.format === "jpg")
          assert.ok(files.has(join("images", "00001", "000000020.jpg")), [...files.keys()].join());
        for (const index of [0, 1]) {
          await preprocess(tars, join(dir, "parts"), { ...options, part: { index, count: 2 } });
        }
        await mergeParts(join(dir, "parts"));
        assert.deepEqual(await treeOf(join(dir, "parts")), await treeOf(join(dir, "b")));
      }));
  }
});
