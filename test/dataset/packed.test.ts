/** Data sets in packed files must contain the same as image files; damaged packed files are refused. */
import assert from "node:assert/strict";
import { readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { type PackedIndex, readPackedIndexes } from "../../src/dataset/packed.js";
import { InputError } from "../../src/errors.js";
import { decodeImage, encodeJpeg } from "../../src/image/codec.js";
import { readSource } from "../../src/image/source.js";
import { createPairSampler } from "../../src/training/pairs.js";
import { FACE_SIZE, faceNames, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { npyOf, packedName, rgbOf, writePacked } from "../support/packed.js";
import { goldenPhoto } from "../support/pictures.js";

async function changeIndex(dir: string, change: (index: PackedIndex) => unknown): Promise<void> {
  const path = join(dir, "shards/00000.json");
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, "utf8")) as PackedIndex)));
}

describe("packed files", () => {
  it("are read in the order of their numbers, which have gaps", () =>
    withFolder(async (dir) => {
      await writePacked(dir, 10, "shard", 4, [{ file: "x.png", reason: "x.png: damaged" }]);
      const indexes = await readPackedIndexes(dir);
      assert.deepEqual(
        indexes.map(({ data, items }) => [data, items.length]),
        [
          ["00000.npy", 4],
          ["00002.npy", 4],
          ["00004.npy", 2],
        ],
      );
      assert.deepEqual(indexes[0].failures, [{ file: "x.png", reason: "x.png: damaged" }]);
      assert.deepEqual(await readPackedIndexes(join(dir, "nowhere")), []);
    }));

  for (const format of ["shard", "webdataset"] as const) {
    it(`${format}: hold the pictures, attributes and pairs of the image files`, () =>
      withFolder(async (folder) => {
        const images = await writeFaces(join(folder, "images"), 20);
        await writePacked(join(folder, "shards"), 20, format);
        const dataset = await openDataset(join(folder, "shards"));
        assert.deepEqual([dataset.format, dataset.size], [format, FACE_SIZE]);
        assert.deepEqual(
          dataset.files,
          images.files.map((_, i) => packedName(i, format)),
        );
        assert.deepEqual(dataset.attributes?.values, images.attributes?.values);
        for (const i of [0, 7, 8, 19]) {
          const expected = goldenPhoto(faceNames(20)[i], i, FACE_SIZE, FACE_SIZE);
          const { data } = await readSource(dataset.picture(i));
          if (format === "shard") assert.deepEqual(rgbOf({ ...expected, data }), rgbOf(expected));
          else {
            const jpeg = await decodeImage(await encodeJpeg(expected, 95), "jpeg");
            assert.deepEqual(data, jpeg.data);
          }
        }
        const [own, other] = [dataset, images].map((set) =>
          createPairSampler(set, ["Bangs", "Smiling"], { batch: 2, seed: 5 }),
        );
        assert.equal(own.fingerprint, other.fingerprint);
        for (let step = 0; step < 20; step++) assert.deepEqual(own.pairs(step, 1), other.pairs(step, 1));
      }));
  }

  const DATA = "shards/00000.npy";
  const damages: readonly (readonly [string, (dir: string) => Promise<unknown>, RegExp])[] = [
    ["no JSON", (dir) => writeFile(join(dir, "shards/00000.json"), "{"), /00000\.json: expected an index .* no JSON/],
    [
      "of another version",
      (dir) => changeIndex(dir, (index) => ({ ...index, version: 2 })),
      /00000\.json: expected an index of a packed file, version 1, received version: /,
    ],
    [
      "that leaves the folder",
      (dir) => changeIndex(dir, (index) => ({ ...index, data: "../00000.npy" })),
      /received data: a file name without a folder/,
    ],
    [
      "of another size",
      (dir) => changeIndex(dir, (index) => ({ ...index, size: 32 })),
      /dimensions: expected \[at least 4, 32, 32, 3\] as its index says, received \[4, 64, 64, 3\]/,
    ],
    [
      "with an output twice",
      (dir) => changeIndex(dir, (index) => ({ ...index, items: [...index.items.slice(0, 3), index.items[0]] })),
      /expected each output once, received 000001\.rgb in 00000\.json and in 00000\.json/,
    ],
    [
      "between two pictures",
      (dir) =>
        changeIndex(dir, (index) => ({ ...index, items: index.items.map((i) => ({ ...i, offset: i.offset + 1 })) })),
      /000001\.rgb: expected 12288 bytes at 128 \+ a multiple of 12288, received 12288 at 129/,
    ],
    ["without its data", (dir) => rm(join(dir, DATA)), /Opening the packed file .*00000\.npy: ENOENT/],
    ["cut short", (dir) => truncate(join(dir, DATA), 40_000), /expected at least 49280 bytes, the end of 000004\.rgb/],
    [
      "of other bytes",
      (dir) => writeFile(join(dir, DATA), "no packed file of ours"),
      /magic: expected a \.npy file, .* else/,
    ],
    ["that is empty", (dir) => writeFile(join(dir, DATA), ""), /magic: expected a \.npy file, received an empty one/],
    [
      "of NPY 2.0",
      async (dir) => {
        const bytes = await readFile(join(dir, DATA));
        bytes[6] = 2;
        await writeFile(join(dir, DATA), bytes);
      },
      /version: expected NPY 1\.0, received 2\.0/,
    ],
    [
      "of floats",
      async (dir) => {
        const { bytes } = npyOf([goldenPhoto("a", 1, FACE_SIZE, FACE_SIZE)], FACE_SIZE);
        await writeFile(join(dir, DATA), bytes.toString("latin1").replace("|u1", "<f4"), "latin1");
      },
      /header: expected 8-bit numbers in C order, received descr <f4, fortran_order False/,
    ],
    [
      "that differ in format",
      (dir) =>
        writePacked(dir, 4, "webdataset", 4)
          .then(() => writePacked(`${dir}/x`, 8, "shard", 4))
          .then(() =>
            Promise.all(
              ["json", "npy"].map((end) => rename(`${dir}/x/shards/00002.${end}`, `${dir}/shards/00002.${end}`)),
            ),
          ),
      /00002\.json: expected webdataset of 64 px as in 00000\.tar, received raw of 64 px/,
    ],
  ];
  for (const [what, damage, message] of damages) {
    it(`are refused: ${what}`, () =>
      withFolder(async (dir) => {
        await writePacked(dir, 4, "shard", 4);
        await damage(dir);
        await assert.rejects(readPackedIndexes(dir), (error) => {
          assert.ok(error instanceof InputError);
          assert.match(error.message, message);
          return true;
        });
      }));
  }

  it("that lack a listed picture are refused", () =>
    withFolder(async (dir) => {
      await writePacked(dir, 8, "shard", 4);
      for (const end of ["json", "npy"]) await rm(join(dir, `shards/00002.${end}`));
      await assert.rejects(openDataset(dir), /expected the 8 images of .* 4 missing \(the first is 000005\.rgb\)/);
    }));
});
