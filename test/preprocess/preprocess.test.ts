/** Preprocessing small data sets: crops, lists, failures, resuming and wrong inputs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { InputError, InterruptedError } from "../../src/errors.js";
import { similarityFromLandmarks } from "../../src/image/align.js";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { Pixels } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { changingFeeding } from "../support/feeding.js";
import { goldenPhoto, PHOTO_POINTS, SMALL_CROPS, withFolder, writeSmallDataset } from "../support/pictures.js";

const OPTIONS: PreprocessOptions = { ...SMALL_CROPS, workers: 2 };

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, "utf8"));
}

describe("dataset/preprocess", () => {
  it("writes the same files while the number of threads changes", async () => {
    await withFolder(async (dir) => {
      const source = join(dir, "celeba");
      await writeSmallDataset(source, 70);
      const filesOf = async (out: string): Promise<Buffer[]> => {
        const names = ["list_landmarks_celeba.txt", ...(await readdir(join(out, "images"))).map((n) => `images/${n}`)];
        return Promise.all(names.sort().map((name) => readFile(join(out, name))));
      };
      await preprocess(source, join(dir, "plain"), OPTIONS);
      const { feeding, items, units } = changingFeeding(3);
      const out = join(dir, "fed");
      await preprocess(source, out, {
        ...OPTIONS,
        feeding: async ({ imageDir }, photos) => {
          assert.deepEqual([imageDir, photos], [join(source, "images"), 70]);
          return feeding;
        },
      });
      assert.deepEqual(await filesOf(out), await filesOf(join(dir, "plain")));
      assert.deepEqual([items.get("align"), units()], [70, 70]);
    });
  });

  it("aligns photos, keeps the lists of what succeeded, reports the rest and resumes", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const files = await writeSmallDataset(source, 20);
      const damaged = await readFile(join(source, "images", files[2]));
      await writeFile(join(source, "images", files[2]), damaged.subarray(0, damaged.length - 60));
      await rm(join(source, "images", files[5]));

      const report = await preprocess(source, out, OPTIONS);
      assert.deepEqual([report.done, report.failed, report.skipped], [18, 2, 0]);
      assert.deepEqual(
        report.failures.map(({ file }) => file),
        [files[2], files[5]],
      );
      assert.match(report.failures[0].reason, /000003\.jpg: damaged/);
      assert.match(report.failures[1].reason, /000006\.png: reading the photo: ENOENT/);
      assert.deepEqual(await readJson(join(out, "failures.json")), report.failures);
      for (const stage of ["read", "decode", "warp", "encode", "write", "wall"] as const) {
        assert.ok(report.seconds[stage] > 0, stage);
      }

      const data = await openDataset(out);
      assert.equal(data.files.length, 18);
      assert.ok(data.files.every((file) => file.endsWith(".png")));
      assert.deepEqual(data.attributes?.names, ["Bangs", "Smiling"]);
      assert.deepEqual([...data.attributes.values.subarray(0, 6)], [1, 1, 0, 0, 1, 0]); // photos 1, 2, 4
      assert.deepEqual([...data.partition!.values.subarray(0, 4)], [0, 1, 0, 1]);
      const points = PHOTO_POINTS.flatMap((v, i) => (i % 2 === 0 ? [[v, PHOTO_POINTS[i + 1]] as const] : []));
      const matrix = similarityFromLandmarks(points, 32);
      assertClose(data.landmarks!.values.subarray(0, 2), [92.75 / 8, 105.78 / 8], { abs: 1.1, rel: 0 });
      const second = await decodeImage(await readFile(data.picture(1).path), data.files[1]);
      const expected = new Pixels(await loadModule("image")).warp(goldenPhoto(files[1], 3, 130, 120), matrix, 32);
      assertClose(second.data, expected.data, { abs: 0, rel: 0 }, shapeIndex([32, 32, 4]));
      assert.deepEqual(
        (await readdir(join(out, "images"))).filter((name) => name.includes("tmp")),
        [],
      );

      await writeFile(join(source, "images", files[2]), damaged);
      const before = (await stat(data.picture(0).path)).mtimeMs;
      const again = await preprocess(source, out, OPTIONS);
      assert.deepEqual([again.done, again.failed, again.skipped], [1, 1, 18]);
      assert.equal((await stat(data.picture(0).path)).mtimeMs, before, "a finished image is not made again");
      assert.equal((await openDataset(out)).files.length, 19);

      await assert.rejects(
        preprocess(source, out, { ...OPTIONS, size: 64 }),
        /option 'size': expected 32 .*received 64/,
      );
      assert.equal((await openDataset(out)).files.length, 19);
    });
  });

  it("cuts a square out of aligned photos without landmarks", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "aligned"), join(dir, "out")];
      await writeSmallDataset(source, 4);
      await rm(join(source, "list_landmarks_celeba.txt"));
      const crop = { x: 10, y: 20, width: 64, height: 64 };
      const report = await preprocess(source, out, { ...OPTIONS, crop, format: "jpg", limit: 3 });
      assert.deepEqual([report.done, report.failed], [3, 0]);
      const image = await decodeImage(await readFile(join(out, "images", "000002.jpg")), "000002.jpg");
      assert.deepEqual([image.width, image.height], [32, 32]);
      await assert.rejects(
        preprocess(source, join(dir, "none"), { ...OPTIONS, crop: { ...crop, width: 200, height: 200 } }),
        /None of the 4 photos could be used\. The first: 000001\.jpg: expected a crop within 120 x 130 pixels/,
      );
      assert.equal(existsSync(join(dir, "none")), false);
    });
  });

  it("changes nothing when the input is bad", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const refused = (words: RegExp, options: Partial<PreprocessOptions> = {}, from = source): Promise<void> =>
        assert.rejects(preprocess(from, out, { ...OPTIONS, ...options }), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, words);
          assert.equal(existsSync(out), false);
          return true;
        });
      await refused(/expected a folder, received none/);
      await writeSmallDataset(source, 3);
      await refused(/expected an image folder \(photos\).*--images DIR/, { images: "photos" });
      await refused(/--crop: expected a square, received 5 x 6/, { crop: { x: 0, y: 0, width: 5, height: 6 } });
      await rm(join(source, "list_landmarks_celeba.txt"));
      await refused(/expected list_landmarks_celeba\.txt, received none.*--crop/);
      await writeFile(join(source, "list_landmarks_celeba.txt"), "<html>");
      await refused(/download page/);
      await mkdir(out);
      await writeFile(join(out, "mine.txt"), "keep");
      await rm(join(source, "list_landmarks_celeba.txt"));
      await writeSmallDataset(source, 3);
      await assert.rejects(preprocess(source, out, OPTIONS), /expected an empty folder or one with a manifest\.json/);
      assert.deepEqual(await readdir(out), ["mine.txt"]);
    });
  });

  it("distinguishes the aligned CelebA from the one in the wild", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      await mkdir(join(source, "img_celeba"), { recursive: true });
      const png = await encodePng(goldenPhoto("aligned", 1, 218, 178));
      const files = ["000001.png", "000002.png", "000003.png"];
      for (const file of files) await writeFile(join(source, "img_celeba", file), png);
      const rows = files.map((file) => `${file} 165 184 244 176 196 249 194 271 266 260\n`).join("");
      await writeFile(join(source, "list_landmarks_celeba.txt"), rows);
      await assert.rejects(preprocess(source, out, OPTIONS), /received CelebA's aligned 178 x 218 pictures/);
      assert.equal(existsSync(out), false);

      // Photos whose landmarks happen to fit may come first. The hundredth photo is still examined.
      const many = Array.from({ length: 120 }, (_, i) => `${String(i + 1).padStart(6, "0")}.png`);
      for (const file of many) await writeFile(join(source, "img_celeba", file), png);
      const points = (i: number): string =>
        i < 80 ? "60 90 110 92 85 120 65 150 108 152" : rows.slice(11).split("\n")[0];
      const list = many.map((file, i) => `${file} ${points(i)}\n`).join("");
      await writeFile(join(source, "list_landmarks_celeba.txt"), list);
      await assert.rejects(preprocess(source, out, OPTIONS), /the landmarks of 20 of the first 100 photos lie outside/);
      assert.equal(existsSync(out), false);
    });
  });

  it("saves its state when it is interrupted", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      await writeSmallDataset(source, 6);
      const options = { ...OPTIONS, workers: 1, signal: AbortSignal.abort() };
      await assert.rejects(preprocess(source, out, options), (error) => error instanceof InterruptedError);
      const report = await preprocess(source, out, OPTIONS);
      assert.equal(report.done, 6);
    });
  });
});

describe("dataset/dataset", () => {
  it("opens a folder by its lists, and says what is missing", async () => {
    await withFolder(async (dir) => {
      const files = await writeSmallDataset(dir, 3);
      const data = await openDataset(dir);
      assert.deepEqual(data.files, files);
      assert.equal(data.picture(1).path, join(dir, "images", files[1]));
      assert.equal(data.landmarks?.files.length, 3);
      await rm(join(dir, "images", files[1]));
      await assert.rejects(openDataset(dir), /received 1 missing \(the first is 000002\.png\)/);
      await assert.rejects(openDataset(join(dir, "nowhere")), /expected a folder, received none/);
    });
  });
});
