/** Preprocessing photos inside tar files: the crops of unpacked photos, byte for byte. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mergeParts } from "../../src/preprocess/merge.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { DETECT_ALL, type PhotoKind, paintedFiles, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { type TarEntry, tarOf } from "../support/packed.js";
import { treeOf } from "../support/tree.js";

const PHOTOS: Readonly<Record<string, Readonly<Record<string, PhotoKind>>>> = {
  "00000": { "000000012.jpg": "two", "000000013.jpg": "one", "sub/a-2.jpg": "one", "000000014.jpg": "none" },
  "00001": { "000000012.jpg": "one", "000000020.jpg": "two" },
};

/** Writes the photos to `folder`/tars as img2dataset does, and to `folder`/plain in folders named like the tar files. */
async function writeBoth(folder: string): Promise<{ readonly tars: string; readonly plain: string }> {
  const [tars, plain] = [join(folder, "tars"), join(folder, "plain")];
  const files = await paintedFiles();
  await mkdir(tars);
  for (const [stem, photos] of Object.entries(PHOTOS)) {
    const entries = Object.entries(photos).flatMap(([name, kind]): TarEntry[] => [
      { name, bytes: files[kind] },
      { name: name.replace("jpg", "txt"), bytes: "a caption" },
      { name: name.replace("jpg", "json"), bytes: "{}" },
    ]);
    await writeFile(join(tars, `${stem}.tar`), await tarOf(entries));
    await writeFile(join(tars, `${stem}_stats.json`), "{}");
    await writePhotos(join(plain, stem), photos);
  }
  const labels = "2\nBangs\n00000/000000012.jpg 1\n00001/000000020.jpg -1\n";
  for (const dir of [tars, plain]) await writeFile(join(dir, "list_attr_celeba.txt"), labels);
  return { tars, plain };
}

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

  it("accepts a single tar file, and uses the list of landmarks of an earlier run on it", () =>
    withFolder(async (dir) => {
      const { tars } = await writeBoth(dir);
      const source = join(tars, "00000.tar");
      const report = await preprocess(source, join(dir, "out"), DETECT_ALL);
      assert.deepEqual([report.done, report.failed], [4, 1]);
      assert.match(report.failures[0].reason, /^00000\/000000014\.jpg: expected a face/);
      const landmarks = join(dir, "out/photos/list_landmarks_celeba.txt");
      assert.match(await readFile(landmarks, "utf8"), /\n00000\/000000012\.jpg [^\n]*\n00000\/000000012\.jpg /);
      const again = await preprocess(source, join(dir, "again"), { ...DETECT_ALL, detect: undefined, landmarks });
      assert.deepEqual([again.done, again.failed], [4, 0]);
      assert.deepEqual(await treeOf(join(dir, "again/images")), await treeOf(join(dir, "out/images")));
    }));

  it("refuses a tar file that is cut short or compressed, with nothing written", () =>
    withFolder(async (dir) => {
      const { tars } = await writeBoth(dir);
      const out = join(dir, "out");
      await truncate(join(tars, "00001.tar"), 3000);
      await assert.rejects(
        preprocess(tars, out, DETECT_ALL),
        /00001\.tar: byte 0: expected a header of a whole tar file, received an entry/,
      );
      await mkdir(join(dir, "packed"));
      await writeFile(join(dir, "packed/x.tar.gz"), "");
      await assert.rejects(
        preprocess(join(dir, "packed"), out, DETECT_ALL),
        /expected images or \*\.tar, received x\.tar\.gz/,
      );
      const single = preprocess(join(dir, "packed/x.tar.gz"), out, DETECT_ALL);
      await assert.rejects(single, /expected a folder or a \.tar file, received a compressed file/);
      assert.equal(existsSync(out), false);
    }));

  it("reports a photo within a tar file that is damaged, or far too large, and does the others", () =>
    withFolder(async (dir) => {
      const { one } = await paintedFiles();
      const entries = [
        { name: "a.jpg", bytes: one },
        { name: "b.jpg", bytes: one.subarray(0, 300) },
        { name: "c.jpg", bytes: "no picture" },
        { name: "d.jpg", bytes: "" },
      ];
      await writeFile(join(dir, "x.tar"), await tarOf(entries));
      const report = await preprocess(join(dir, "x.tar"), join(dir, "out"), DETECT_ALL);
      assert.deepEqual([report.done, report.failures.map(({ file }) => file)], [1, ["x/b.jpg", "x/c.jpg", "x/d.jpg"]]);
      for (const { file, reason } of report.failures) assert.ok(reason.startsWith(`${file}: `), reason);
    }));
});
