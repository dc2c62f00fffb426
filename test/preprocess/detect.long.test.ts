/** Preprocessing photos without landmarks: every format by the list of another run, large photos, parts, and mutants. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { Pixels, wholeOf } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { readAllRecords } from "../../src/preprocess/manifest.js";
import { mergeParts } from "../../src/preprocess/merge.js";
import { preprocess } from "../../src/preprocess/preprocess.js";
import { Random } from "../../src/random.js";
import { DETECT_ALL, detectWith, manyPhotos, paintedPhoto, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { imageSamples, mutate } from "../support/mutants.js";
import { sharedPath } from "../support/shared.js";
import { treeOf } from "../support/tree.js";

describe("preprocess with --detect", () => {
  for (const format of ["jpg", "png", "raw", "webdataset"] as const) {
    it(`makes the same crops by the list that it wrote, without detection: ${format}`, () =>
      withFolder(async (dir) => {
        const [source, out, again] = [join(dir, "src"), join(dir, "out"), join(dir, "again")];
        await writePhotos(source, { "a.jpg": "two", "a-2.jpg": "one", "d/b.jpg": "one", "c.jpg": "none" });
        const options = { ...DETECT_ALL, format, photosPerFile: 2 };
        await preprocess(source, out, options);
        const landmarks = join(out, "photos/list_landmarks_celeba.txt");
        const second = { ...options, images: ".", detect: undefined, landmarks };
        const report = await preprocess(source, again, second);
        assert.deepEqual([report.done, report.failed, report.seconds.detect], [4, 0, 0]);
        assert.equal(existsSync(join(again, "quality.csv")), false);
        const [first, by] = await Promise.all([openDataset(out), openDataset(again)]);
        assert.deepEqual(by.landmarks, first.landmarks);
        const bytesOf = async (root: string): Promise<unknown> => {
          if (format === "jpg" || format === "png") return treeOf(join(root, "images"));
          // Packed files do not begin a new file for a photo that failed.
          const records = await readAllRecords(root);
          return records.map(({ file, output, matrix }) => ({ file, output, matrix }));
        };
        assert.deepEqual(await bytesOf(again), await bytesOf(out));
        const largest = await preprocess(source, join(dir, "largest"), { ...second, faces: "largest" });
        assert.equal(largest.done, 3);
      }));
  }

  it("makes the same crops by its list of a large photo, of which it decoded only a part", () =>
    withFolder(async (dir) => {
      const [source, out, again] = [join(dir, "src"), join(dir, "out"), join(dir, "again")];
      const [pixels, face] = [new Pixels(await loadModule("image")), await paintedPhoto("one")];
      const photo = pixels.warp(face, [2, 0, 300, 0, 2, 200], 2800, 2600);
      await mkdir(source);
      await writeFile(join(source, "large.jpg"), pixels.encodeJpeg(photo, 90));
      const options = detectWith({ faces: "largest" });
      const report = await preprocess(source, out, options);
      assert.deepEqual([report.done, report.seconds.decode], [1, 0], "the whole photo is not decoded");
      const landmarks = join(out, "photos/list_landmarks_celeba.txt");
      await preprocess(source, again, { ...options, images: ".", detect: undefined, landmarks });
      assert.deepEqual(await treeOf(join(again, "images")), await treeOf(join(out, "images")));
    }));

  for (const format of ["jpg", "webdataset"] as const) {
    it(`is divided into parts that merge to the bytes of one run: ${format}`, () =>
      withFolder(async (dir) => {
        const [source, whole, parts] = [join(dir, "src"), join(dir, "whole"), join(dir, "parts")];
        const photos = format === "jpg" ? 270 : 40;
        await writePhotos(source, manyPhotos(photos));
        const rows = Object.keys(manyPhotos(photos)).map((name, i) => `${name} ${i % 2 === 0 ? 1 : -1}\n`);
        await writeFile(join(source, "list_attr_celeba.txt"), `${photos}\nBangs\n${rows.join("")}`);
        const options = { ...DETECT_ALL, format, photosPerFile: 8, workers: 2 };
        const report = await preprocess(source, whole, options);
        for (const index of [1, 0]) await preprocess(source, parts, { ...options, part: { index, count: 2 } });
        const merged = await mergeParts(parts);
        assert.deepEqual([merged.done, merged.failed], [report.done, report.failed]);
        assert.deepEqual(await treeOf(parts), await treeOf(whole));
      }));
  }

  it("gets through mutants of every format", () =>
    withFolder(async (dir) => {
      const source = join(dir, "src");
      await mkdir(source);
      const random = Random.fromSeed(9, "detect mutants");
      const [pixels, photo] = [new Pixels(await loadModule("image")), await paintedPhoto("one")];
      const samples = await imageSamples(130, pixels.resize(photo, wholeOf(photo), 133, 125));
      for (let i = 0; i < 60; i++) {
        const { name, bytes } = samples[i % samples.length];
        await writeFile(join(source, `${i}_${name}`), i < 10 ? bytes : mutate(bytes, random));
      }
      for (const tolerant of [false, true]) {
        const out = join(dir, `${tolerant}`);
        const report = await preprocess(source, out, { ...detectWith({ minScore: 0 }), tolerant, workers: 2 });
        const files = new Set([...report.failures, ...(await readAllRecords(out))].map(({ file }) => file));
        assert.equal(files.size, 60);
      }
    }));

  it("gets through the odd files", async function () {
    const odd = sharedPath("faces/odd");
    if (odd === null) return this.skip();
    await withFolder(async (dir) => {
      const names = await readdir(odd);
      for (const tolerant of [false, true]) {
        const out = join(dir, `${tolerant}`);
        const report = await preprocess(odd, out, { ...DETECT_ALL, tolerant, workers: 2 });
        const files = new Set([...report.failures, ...(await readAllRecords(out))].map(({ file }) => file));
        assert.equal(files.size, names.length, "every photo has a crop or a reason");
      }
    });
  });
});
