/** Preprocessing photos without landmarks: crops of one or all faces, lists, filters, orientation, and a second run by the first one's list. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { readLandmarks } from "../../src/dataset/lists.js";
import { readNotes } from "../../src/dataset/notes.js";
import { encodePng } from "../../src/image/codec.js";
import { readAllRecords } from "../../src/preprocess/manifest.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { DETECT_ALL, detectWith, manyPhotos, paintedPhoto, writePhotos } from "../support/detectable.js";
import { exifBlock, pngWithExif } from "../support/exif.js";
import { withFolder } from "../support/folder.js";
import { treeOf } from "../support/tree.js";

/** The rows of quality.csv by the crop's name. */
async function qualityOf(out: string): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const [header, ...rows] = (await readFile(join(out, "quality.csv"), "utf8")).trimEnd().split("\n");
  const names = header.split(",");
  const read = rows.map((row) => Object.fromEntries(row.split(",").map((cell, i) => [names[i], cell])));
  return new Map(read.map((row) => [row.crop, row]));
}

const ATTRIBUTES = "3\nBangs\na.jpg 1\na-2.jpg -1\nb.jpg 1\n";

describe("preprocess with --detect", () => {
  it("crops all faces under names that do not meet, and lists them in pixels of crops and of photos", () =>
    withFolder(async (dir) => {
      const out = join(dir, "out");
      await writePhotos(join(dir, "src/images"), { "a.jpg": "two", "a-2.jpg": "one", "b.jpg": "one", "c.jpg": "none" });
      await writeFile(join(dir, "src/list_attr_celeba.txt"), ATTRIBUTES);
      const report = await preprocess(join(dir, "src"), out, DETECT_ALL);
      assert.deepEqual([report.done, report.failed, report.skipped], [4, 1, 0]);
      assert.match(
        report.failures[0].reason,
        /^c\.jpg: expected a face, received none of a score of 0\.3 or more\. Use /,
      );
      assert.ok(report.seconds.detect > 0);
      const crops = ["a-2-1.jpg", "a.jpg", "a-2.jpg", "b.jpg"];
      assert.deepEqual((await readdir(join(out, "images"))).sort(), [...crops].sort());
      const data = await openDataset(out);
      assert.deepEqual(data.files, ["a-2-1.jpg", "a.jpg", "b.jpg"], "labels belong to the largest face");
      assert.deepEqual([...data.attributes!.values], [0, 1, 1]);
      assert.deepEqual(data.landmarks?.files, crops);
      const photos = await readLandmarks(join(out, "photos/list_landmarks_celeba.txt"), true);
      assert.deepEqual(photos.files, ["a-2.jpg", "a.jpg", "a.jpg", "b.jpg"]);
      await assert.rejects(readLandmarks(join(out, "photos/list_landmarks_celeba.txt")), /a file that line/);
      const quality = await qualityOf(out);
      assert.deepEqual([...quality.keys()], crops);
      const { width, score, sharpness, exposure, clipped } = quality.get("a.jpg")!;
      assert.ok(Number(width) >= Number(quality.get("a-2.jpg")!.width), "the largest face comes first");
      assert.ok(Number(score) >= 0.3 && Number(score) <= 1 && Number(sharpness) > 0);
      assert.ok(Number(exposure) > 0 && Number(exposure) < 1 && Number(clipped) < 1);
      const records = await readAllRecords(out);
      assert.deepEqual(
        records.map(({ file, output, face }) => [file, output, face?.number, face?.of]),
        [
          ["a-2.jpg", "a-2-1.jpg", 1, 1],
          ["a.jpg", "a.jpg", 1, 2],
          ["a.jpg", "a-2.jpg", 2, 2],
          ["b.jpg", "b.jpg", 1, 1],
        ],
      );
    }));

  it("crops the largest face only, under the photo's name, unless all are asked for", () =>
    withFolder(async (dir) => {
      await writePhotos(join(dir, "src"), { "a.jpg": "two", "a-2.jpg": "one" });
      const report = await preprocess(join(dir, "src"), join(dir, "out"), detectWith({ faces: "largest" }));
      assert.deepEqual([report.done, report.failed], [2, 0]);
      assert.deepEqual(await readdir(join(dir, "out/images")), ["a-2.jpg", "a.jpg"]);
    }));

  it("drops faces that are too small or too blurred, says so, and says it again when it resumes", () =>
    withFolder(async (dir) => {
      const source = join(dir, "src");
      await writePhotos(source, { "a.jpg": "two", "b.jpg": "one" });
      await preprocess(source, join(dir, "all"), DETECT_ALL);
      const quality = await qualityOf(join(dir, "all"));
      const [first, second] = ["a.jpg", "a-2.jpg"].map((name) => quality.get(name)!);
      const between = (Number(first.width) + Number(second.width)) / 2;
      const out = join(dir, "large");
      const options = detectWith({ minFace: between });
      const report = await preprocess(source, out, options);
      const reasons = report.failures.filter(({ file }) => file === "a.jpg");
      assert.equal(reasons.length, 1);
      assert.match(
        reasons[0].reason,
        /^a\.jpg: face at -?\d+,-?\d+,\d+,\d+: expected a face of at least [\d.]+ pixels, received .*--min-face\.$/,
      );
      const failures = JSON.parse(await readFile(join(out, "failures.json"), "utf8"));
      assert.deepEqual(failures, report.failures);
      assert.deepEqual((await readNotes(out)).failures, report.failures);
      const before = await treeOf(out);
      const resumed = await preprocess(source, out, options);
      assert.deepEqual([resumed.done, resumed.failures], [0, report.failures]);
      assert.deepEqual(await treeOf(out), before);
      await assert.rejects(preprocess(source, out, detectWith({ minFace: between + 1 })), /option 'detect': expected/);

      const sharp = detectWith({ minSharpness: 1e6 });
      await assert.rejects(
        preprocess(source, join(dir, "none"), sharp),
        /None of the 2 photos could be used\. The first: a\.jpg: face at .*: expected a sharpness of at least 1000000, received [\d.]+\./,
      );
      assert.equal(existsSync(join(dir, "none")), false);
    }));

  it("makes a photo again if one of its crops is missing, and nothing else", () =>
    withFolder(async (dir) => {
      const [source, out] = [join(dir, "src"), join(dir, "out")];
      await writePhotos(source, manyPhotos(8));
      await preprocess(source, out, DETECT_ALL);
      const whole = await treeOf(out);
      await rm(join(out, "images/0001-2.jpg"));
      const report = await preprocess(source, out, DETECT_ALL);
      assert.deepEqual([report.done, report.failed], [2, 2]);
      assert.deepEqual(await treeOf(out), whole);
    }));

  it("finds faces in the photo as EXIF turns it", () =>
    withFolder(async (dir) => {
      const photo = await paintedPhoto("one");
      const { width, height, data } = photo;
      // Stored turned by a half, which orientation 3 undoes.
      const half = new Uint8Array(data.length);
      for (let i = 0; i < width * height; i++) half.set(data.subarray(i * 4, i * 4 + 4), (width * height - 1 - i) * 4);
      const stored = pngWithExif(await encodePng({ width, height, data: half }), exifBlock(3, true));
      for (const [name, bytes] of [
        ["turned", stored],
        ["plain", await encodePng(photo)],
      ] as const) {
        await mkdir(join(dir, name));
        await writeFile(join(dir, name, "a.png"), bytes);
        await preprocess(join(dir, name), join(dir, `${name}-out`), DETECT_ALL);
      }
      assert.deepEqual(await treeOf(join(dir, "turned-out/images")), await treeOf(join(dir, "plain-out/images")));
      const landmarks = join(dir, "turned-out/photos/list_landmarks_celeba.txt");
      const second = { ...DETECT_ALL, images: ".", detect: undefined, landmarks, landmarkFrame: "upright" } as const;
      await preprocess(join(dir, "turned"), join(dir, "again"), second);
      assert.deepEqual(await treeOf(join(dir, "again/images")), await treeOf(join(dir, "plain-out/images")));
    }));

  it("refuses options that exclude each other, and data without photos", () =>
    withFolder(async (dir) => {
      const source = join(dir, "src");
      await writePhotos(source, { "a.jpg": "one" });
      const refused = (expected: RegExp, changes: Partial<PreprocessOptions>): Promise<void> =>
        assert.rejects(preprocess(source, join(dir, "out"), { ...DETECT_ALL, ...changes }), expected);
      const crop = { x: 0, y: 0, width: 9, height: 9 };
      await refused(/--crop: expected one way to find the faces, received --crop and --detect\. Leave out/, { crop });
      await refused(/received --detect and --landmarks/, { landmarks: "x.txt" });
      await refused(/expected an image folder/, { detect: undefined });
      await rm(join(source, "a.jpg"));
      await refused(/expected an image folder/, {});
      assert.equal(existsSync(join(dir, "out")), false);
    }));
});
