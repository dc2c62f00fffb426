/** The list left_out.txt: its pictures are in no data set that a command opens, and in no folder that `fid` reads. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { inspectDataset } from "../../src/dataset/inspect.js";
import { addLeftOut, listUsedImages, readLeftOut } from "../../src/dataset/left-out.js";
import { labelRows, trainingFiles } from "../../src/dataset/split.js";
import { faceNames, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { writePacked } from "../support/packed.js";

const LIST = "left_out.txt";

describe("left_out.txt", () => {
  for (const format of ["images", "shard", "webdataset"] as const) {
    it(`takes pictures out of a data set, with their labels, until it is deleted: ${format}`, () =>
      withFolder(async (folder) => {
        const dir = join(folder, "faces");
        if (format === "images") await writeFaces(dir, 12);
        else await writePacked(dir, 12, format);
        const whole = await openDataset(dir);
        const gone = [0, 5, 6];
        await writeFile(join(dir, LIST), gone.map((i) => `${whole.files[i]}\r\n`).join(""));

        const lines: string[] = [];
        const used = await openDataset(dir, undefined, undefined, (line) => lines.push(line));
        const kept = whole.files.map((_, i) => i).filter((i) => !gone.includes(i));
        assert.deepEqual(
          used.files,
          kept.map((i) => whole.files[i]),
        );
        assert.deepEqual(lines, ["left_out.txt leaves out 3 of 12 pictures. Delete it to use all."]);
        for (const [now, before] of kept.entries()) {
          assert.deepEqual(used.picture(now), whole.picture(before));
          assert.deepEqual(
            labelRows(used, [now], ["Bangs", "Smiling"]),
            labelRows(whole, [before], ["Bangs", "Smiling"]),
          );
        }
        const names = (dataset: typeof whole): string[] => trainingFiles(dataset).map((i) => dataset.files[i]);
        assert.deepEqual(
          names(used),
          names(whole).filter((file) => !gone.some((i) => whole.files[i] === file)),
        );

        await rm(join(dir, LIST));
        assert.deepEqual((await openDataset(dir)).files, whole.files);
      }));
  }

  it("may name pictures that are missing, and pictures that the data do not have", () =>
    withFolder(async (dir) => {
      await writeFaces(dir, 6);
      await rm(join(dir, "images/000002.png"));
      await writeFile(join(dir, LIST), "000002.png\n\nother.png  \n");
      const lines: string[] = [];
      const { files } = await openDataset(dir, undefined, undefined, (line) => lines.push(line));
      assert.deepEqual(
        files,
        faceNames(6).filter((_, i) => i !== 1),
      );
      assert.match(lines[0], /^left_out\.txt leaves out 1 of 6 pictures; it names 1 more .* \(other\.png\)\. Delete/);
    }));

  it("is refused if it leaves nothing, or if a line is no name", () =>
    withFolder(async (dir) => {
      const { files } = await writeFaces(dir, 3);
      await writeFile(join(dir, LIST), files.join("\n"));
      const nothing = /left_out\.txt: expected pictures to use, received 3 that it leaves out\. Delete the file\./;
      await assert.rejects(openDataset(dir), nothing);
      await assert.rejects(inspectDataset(dir, { check: false, count: 2, workers: 1 }), nothing);
      await writeFile(join(dir, LIST), `${files[0]}\n../outside.png\n`);
      await assert.rejects(openDataset(dir), /left_out\.txt, line 2: expected the name of a picture, .*'\.\.' leaves/);
    }));

  it("grows by new names, keeps its own, and refuses names that no list can hold", () =>
    withFolder(async (dir) => {
      await writeFile(join(dir, LIST), "mine.jpg\n");
      const { path, refused } = await addLeftOut(dir, ["b, c.jpg", "line\nbreak.jpg", "mine.jpg", "d.jpg"]);
      assert.equal(path, join(dir, LIST));
      assert.deepEqual(refused, ["line\nbreak.jpg"]);
      assert.equal(await readFile(path, "utf8"), "mine.jpg\nb, c.jpg\nd.jpg\n");
      assert.deepEqual([...(await readLeftOut(dir))], ["mine.jpg", "b, c.jpg", "d.jpg"]);
      assert.deepEqual(await readdir(dir), [LIST]);
    }));

  it("makes an inspection count the other pictures alone", () =>
    withFolder(async (dir) => {
      const { files } = await writeFaces(dir, 10);
      await writeFile(join(dir, LIST), `${files[0]}\n${files[4]}\n`);
      const { inspection } = await inspectDataset(dir, { check: true, count: 4, workers: 1 });
      assert.deepEqual([inspection.pictures, inspection.looked, inspection.leftOut], [8, 8, 2]);
      assert.deepEqual(inspection.partition, { training: 7, validation: 0, test: 1 });
      const [bangs] = inspection.attributes;
      assert.deepEqual([bangs.positive, bangs.negative], [5, 3]);
      assert.deepEqual([inspection.unlisted, inspection.problems], [0, []]);
    }));
});

describe("the images of a folder that scores use", () => {
  const names = (paths: readonly string[]): string[] => paths.map((path) => basename(path));

  it("are those that the folder's data set does not leave out, whichever folder is named", () =>
    withFolder(async (dir) => {
      const { files } = await writeFaces(dir, 5);
      await writeFile(join(dir, LIST), `${files[1]}\n`);
      const kept = files.filter((_, i) => i !== 1);
      const lines: string[] = [];
      assert.deepEqual(names(await listUsedImages(join(dir, "images"), false, (line) => lines.push(line))), kept);
      assert.deepEqual(lines, ["left_out.txt leaves out 1 of 5 images of images"]);
      assert.deepEqual(names(await listUsedImages(dir, true)), kept);
      await rm(join(dir, LIST));
      assert.deepEqual(names(await listUsedImages(join(dir, "images"), false)), files);
    }));

  it("are found in deep layouts, in folders of any name, and next to a list of their own", () =>
    withFolder(async (folder) => {
      const layouts = [
        ["Img/img_align_celeba/img_align_celeba", 3],
        ["Img/img_celeba", 2],
        ["photos", 1],
        ["", 0],
      ] as const;
      for (const [i, [below, levels]] of layouts.entries()) {
        const dir = join(folder, String(i));
        const images = join(dir, below);
        await mkdir(images, { recursive: true });
        for (const name of ["a.png", "b.png"]) await writeFile(join(images, name), "");
        await writeFile(join(dir, LIST), "a.png\n");
        assert.deepEqual(names(await listUsedImages(images, false)), ["b.png"], `${levels} levels`);
      }
    }));

  it("ignore the list of a folder above that is another data set", () =>
    withFolder(async (folder) => {
      for (const below of ["images", "other/pictures"]) {
        await mkdir(join(folder, below), { recursive: true });
        await writeFile(join(folder, below, "a.png"), "");
      }
      await writeFile(join(folder, LIST), "a.png\n");
      assert.deepEqual(names(await listUsedImages(join(folder, "other/pictures"), false)), ["a.png"]);
    }));
});
