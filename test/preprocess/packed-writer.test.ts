/** Packed files of raw pixels, read by NumPy, and as WebDataset tar files. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import tar from "tar-stream";
import { readPackedIndexes } from "../../src/dataset/packed.js";
import { decodeImage } from "../../src/image/codec.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { withFolder } from "../support/folder.js";
import { writeSmallDataset } from "../support/pictures.js";
import { treeOf } from "../support/tree.js";

const OPTIONS: Omit<PreprocessOptions, "format"> = {
  size: 32,
  images: undefined,
  quality: 95,
  photosPerFile: 8,
  crop: null,
  limit: null,
  workers: 2,
};
const COUNT = 20;

/** Makes a data set in which one photo is missing, and PNG crops of it to compare with. */
async function makeSource(folder: string) {
  const [source, png] = [join(folder, "celeba"), join(folder, "png")];
  const files = await writeSmallDataset(source, COUNT);
  await rm(join(source, "images", files[9]));
  await preprocess(source, png, { ...OPTIONS, format: "png" });
  const crop = async (file: string) => {
    const path = join(png, "images", file.replace(/\.\w+$/, ".png"));
    const { data } = await decodeImage(await readFile(path), path);
    return Buffer.from(data.filter((_, i) => i % 4 !== 3));
  };
  return { source, png, files, crop };
}

describe("writing packed files", () => {
  it("hold the raw pixels of each photo in the order of the plan, and NumPy reads them", () =>
    withFolder(async (folder) => {
      const { source, files, crop } = await makeSource(folder);
      const out = join(folder, "out");
      const report = await preprocess(source, out, { ...OPTIONS, format: "raw" });
      assert.deepEqual([report.done, report.failed, report.skipped], [COUNT - 1, 1, 0]);
      const indexes = await readPackedIndexes(out);
      assert.deepEqual(
        indexes.map(({ items }) => items.length),
        [8, 7, 4],
      );
      assert.deepEqual(
        indexes.flatMap(({ items }) => items.map(({ file }) => file)),
        files.filter((_, i) => i !== 9),
      );
      assert.match(indexes[1].failures[0].reason, /000010\.png: reading the photo: ENOENT/);
      for (const { data, items, size } of indexes) {
        const bytes = await readFile(join(out, "shards", data));
        assert.equal(bytes.length, 128 + items.length * size * size * 3);
        for (const { file, offset, length } of items) {
          assert.deepEqual(bytes.subarray(offset, offset + length), await crop(file), file);
        }
      }
      const script = "import sys, numpy; a = numpy.load(sys.argv[1]); print(a.shape, a.dtype, int(a.sum()))";
      const { status, stdout } = spawnSync("/usr/bin/python3", ["-c", script, join(out, "shards", "00001.npy")], {
        encoding: "utf8",
      });
      if (status === null || status !== 0) return; // there is no NumPy here; the header is checked above
      let sum = 0;
      for (const { file } of indexes[1].items) for (const value of await crop(file)) sum += value;
      assert.equal(stdout.trim(), `(7, 32, 32, 3) uint8 ${sum}`);
    }));

  it("as WebDataset are tar files of the pictures with their facts, and the index says where each lies", () =>
    withFolder(async (folder) => {
      const { source } = await makeSource(folder);
      const [out, images] = [join(folder, "out"), join(folder, "jpg")];
      await preprocess(source, out, { ...OPTIONS, format: "webdataset" });
      await preprocess(source, images, { ...OPTIONS, format: "jpg" });
      const indexes = await readPackedIndexes(out);
      assert.equal(indexes.length, 3);
      for (const { data, items } of indexes) {
        const path = join(out, "shards", data);
        const bytes = await readFile(path);
        const entries = new Map<string, Buffer>();
        const extract = tar.extract();
        createReadStream(path).pipe(extract);
        for await (const entry of extract) {
          const chunks: Buffer[] = [];
          for await (const chunk of entry) chunks.push(chunk as Buffer);
          entries.set(entry.header.name, Buffer.concat(chunks));
        }
        assert.equal(entries.size, 2 * items.length);
        for (const { file, output, matrix, offset, length } of items) {
          const expected = await readFile(join(images, "images", output));
          assert.deepEqual(entries.get(output), expected, output);
          assert.deepEqual(bytes.subarray(offset, offset + length), expected, output);
          const facts: unknown = JSON.parse(`${entries.get(output.replace(".jpg", ".json"))}`);
          const i = Number.parseInt(file, 10) - 1;
          const attributes = { Bangs: i % 3 === 0 ? 1 : -1, Smiling: i % 2 === 0 ? 1 : -1 };
          assert.deepEqual(facts, { file, matrix: [...matrix], attributes });
        }
      }
    }));

  it("keep long and odd names apart and readable", () =>
    withFolder(async (folder) => {
      const source = join(folder, "celeba");
      const names = [`${"long-".repeat(24)}name.jpg`, "ünïcode.jpg", "two.dots.jpg", "deep/er/photo.jpg"];
      const [first] = await writeSmallDataset(source, 1);
      const photo = await readFile(join(source, "images", first));
      for (const list of ["list_attr_celeba.txt", "list_eval_partition.txt", "list_landmarks_celeba.txt"]) {
        await rm(join(source, list));
      }
      await rm(join(source, "images", first));
      await mkdir(join(source, "images", "deep", "er"), { recursive: true });
      for (const name of names) await writeFile(join(source, "images", name), photo);
      const crop = { x: 10, y: 10, width: 90, height: 90 };
      const out = join(folder, "out");
      await preprocess(source, out, { ...OPTIONS, format: "webdataset", crop });
      const [index] = await readPackedIndexes(out);
      const bytes = await readFile(join(out, "shards", index.data));
      for (const { output, offset, length } of index.items) {
        assert.deepEqual([...bytes.subarray(offset, offset + 3)], [0xff, 0xd8, 0xff], output);
        assert.deepEqual([...bytes.subarray(offset + length - 2, offset + length)], [0xff, 0xd9], output);
      }
      const { status, stdout } = spawnSync("tar", ["-tf", join(out, "shards", index.data)], { encoding: "utf8" });
      if (status !== 0) return;
      assert.ok(stdout.includes("two_dots.jpg") && stdout.includes("deep/er/photo.json"), stdout);
    }));

  it("are made again when the plan has other photos, and only then", () =>
    withFolder(async (folder) => {
      const { source } = await makeSource(folder);
      const [out, whole] = [join(folder, "out"), join(folder, "whole")];
      const format = "raw" as const;
      await preprocess(source, out, { ...OPTIONS, format, limit: 12 });
      const report = await preprocess(source, out, { ...OPTIONS, format });
      // The first file stays. The second had four of its eight photos.
      assert.deepEqual([report.done, report.skipped], [11, 8]);
      await preprocess(source, whole, { ...OPTIONS, format });
      assert.deepEqual(await treeOf(out), await treeOf(whole));
      await assert.rejects(preprocess(source, out, { ...OPTIONS, format, photosPerFile: 9 }), /option 'shardPhotos'/);
      assert.deepEqual((await readdir(join(out, "shards"))).length, 6);
    }));
});
