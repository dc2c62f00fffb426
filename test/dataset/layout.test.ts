/** Folders as CelebA's downloads unpack them, and names in lists that differ from those of the files. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { inspectDataset } from "../../src/dataset/inspect.js";
import { InputError } from "../../src/errors.js";
import { encodeJpeg, encodePng } from "../../src/image/codec.js";
import { readSource } from "../../src/image/source.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import { goldenPhoto, SMALL_CROPS, withFolder } from "../support/pictures.js";

const OPTIONS: PreprocessOptions = { ...SMALL_CROPS, crop: { x: 0, y: 0, width: 32, height: 32 } };
const INSPECTION = { check: true, count: 10, workers: 1 };

async function write(path: string, [height, width]: readonly [number, number] = [32, 32]): Promise<void> {
  const photo = goldenPhoto("layout", 3, height, width);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, path.endsWith(".png") ? await encodePng(photo) : await encodeJpeg(photo, 90));
}

const refused = (promise: Promise<unknown>, words: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof InputError && words.test(error.message));

/** Approximately the landmarks that CelebA's own alignment gives. */
const ALIGNED = "69,110,108,111,88,135,73,153,105,153";
const LANDMARKS_HEADER =
  "image_id,lefteye_x,lefteye_y,righteye_x,righteye_y,nose_x,nose_y,leftmouth_x,leftmouth_y,rightmouth_x,rightmouth_y";

/** Writes the files that Kaggle's celeba-dataset unpacks to. */
async function writeKaggle(dir: string): Promise<void> {
  const files = ["000001.jpg", "000002.jpg", "000003.jpg"];
  for (const file of files) await write(join(dir, "img_align_celeba/img_align_celeba", file), [218, 178]);
  const list = (header: string, cells: (i: number) => string): string =>
    `${header}\n${files.map((file, i) => `${file},${cells(i)}\n`).join("")}`;
  const lists = {
    list_attr_celeba: list("image_id,Bangs,Male", (i) => (i === 0 ? "1,-1" : "-1,1")),
    list_eval_partition: list("image_id,partition", (i) => String(i % 3)),
    list_landmarks_align_celeba: list(LANDMARKS_HEADER, () => ALIGNED),
    list_bbox_celeba: list("image_id,x_1,y_1,width,height", () => "1,2,3,4"),
  };
  for (const [name, text] of Object.entries(lists)) await writeFile(join(dir, `${name}.csv`), text);
}

describe("CelebA's downloads", () => {
  it("of Kaggle are preprocessed as they are unpacked", () =>
    withFolder(async (folder) => {
      const [data, out] = [join(folder, "celeba"), join(folder, "out")];
      await writeKaggle(data);
      const report = await preprocess(data, out, { ...OPTIONS, size: 64, crop: null });
      assert.deepEqual([report.done, report.failed], [3, 0]);
      const dataset = await openDataset(out);
      assert.deepEqual(dataset.files, ["000001.png", "000002.png", "000003.png"]);
      assert.deepEqual(dataset.attributes?.names, ["Bangs", "Male"]);
      assert.deepEqual([...(dataset.partition?.values ?? [])], [0, 1, 2]);
      // The eyes are where the mean face has them: at 92.75 and 162.75 of 256 pixels.
      const [x, , right] = dataset.landmarks?.values ?? [];
      assert.ok(Math.abs(x - 23.2) < 2 && Math.abs(right - 40.7) < 2, `eyes at ${x} and ${right}`);
      const { inspection } = await inspectDataset(data, INSPECTION);
      assert.deepEqual([inspection.pictures, inspection.problems], [3, []]);
    }));

  it("choose the list of landmarks that belongs to the pictures, and refuse the other one", () =>
    withFolder(async (folder) => {
      const data = join(folder, "celeba");
      await writeKaggle(data);
      const wild = `${LANDMARKS_HEADER}\n000001.jpg,300,300,400,300,350,350,310,400,390,400\n`;
      await writeFile(join(data, "list_landmarks_celeba.csv"), wild);
      assert.equal((await preprocess(data, join(folder, "out"), { ...OPTIONS, crop: null })).done, 3);
      for (const name of await readdir(join(data, "img_align_celeba/img_align_celeba"))) {
        await write(join(data, "img_celeba", name), [500, 600]);
      }
      assert.equal((await preprocess(data, join(folder, "wild"), { ...OPTIONS, crop: null })).done, 1);
      await rm(join(data, "list_landmarks_celeba.csv"));
      await refused(
        preprocess(data, join(folder, "none"), { ...OPTIONS, crop: null }),
        /expected CelebA's aligned 178 x 218 pictures.* received other sizes for 3 of the first 3 photos\. Use list_landmarks_celeba/,
      );
    }));

  it("of the authors are read from Img, Anno and Eval", () =>
    withFolder(async (folder) => {
      const data = join(folder, "CelebA");
      await writeKaggle(data);
      await mkdir(join(data, "Img"));
      await rename(join(data, "img_align_celeba/img_align_celeba"), join(data, "Img/img_align_celeba"));
      await rm(join(data, "img_align_celeba"), { recursive: true });
      for (const [name, place] of [
        ["list_attr_celeba", "Anno"],
        ["list_landmarks_align_celeba", "Anno"],
        ["list_eval_partition", "Eval"],
      ]) {
        await mkdir(join(data, place), { recursive: true });
        await rename(join(data, `${name}.csv`), join(data, place, `${name}.csv`));
      }
      assert.equal((await preprocess(data, join(folder, "out"), { ...OPTIONS, crop: null })).done, 3);
      const lists = (await readdir(join(folder, "out"))).filter((name) => name.startsWith("list_")).sort();
      assert.deepEqual(lists, ["list_attr_celeba.txt", "list_eval_partition.txt", "list_landmarks_celeba.txt"]);
    }));
});

describe("names in lists", () => {
  const LIST = "3\nBangs Male\nJos\u00e9_1.png 1 1\n\u00fcber_2.png -1 1\nplain_3.png 1 1\n";

  it("match files in another Unicode normalisation, in either direction", () =>
    withFolder(async (folder) => {
      for (const [form, listed] of [
        ["NFD", "NFC"],
        ["NFC", "NFD"],
      ] as const) {
        const data = join(folder, form);
        for (const name of ["Jos\u00e9_1.png", "\u00fcber_2.png", "plain_3.png"]) {
          await write(join(data, "images", name.normalize(form)));
        }
        await writeFile(join(data, "list_attr_celeba.txt"), LIST.normalize(listed));
        const report = await preprocess(data, join(folder, `${form}-out`), OPTIONS);
        assert.deepEqual([report.done, report.failed], [3, 0], form);
        const dataset = await openDataset(data);
        for (const i of dataset.files.keys()) assert.equal((await readSource(dataset.picture(i))).width, 32);
        const { inspection } = await inspectDataset(data, INSPECTION);
        assert.deepEqual([inspection.pictures, inspection.unlisted, inspection.problems], [3, 0, []], form);
      }
    }));

  it("with another ending than the files are refused with both", () =>
    withFolder(async (folder) => {
      for (const [listed, there] of [
        ["a.jpg", "a.png"],
        ["a.jpg", "a.JPG"],
        ["sub/a.png", "sub/a.jpeg"],
      ]) {
        const data = join(folder, there.replaceAll("/", "-"));
        await write(join(data, "images", there));
        await writeFile(join(data, "list_attr_celeba.txt"), `1\nBangs\n${listed} 1\n`);
        const words = (text: string): RegExp =>
          new RegExp(`${text.replaceAll(".", "\\.")}.*Correct the endings in the list`);
        await refused(
          preprocess(data, join(folder, "out"), OPTIONS),
          words(`the first is ${listed}), received none of them, but ${there}`.replace(")", "\\)")),
        );
        await refused(openDataset(data), words(`the list says ${listed}, and the file is ${there}`));
        await refused(inspectDataset(data, INSPECTION), words(`received none, but ${there}`));
      }
    }));

  it("may lead to hidden files and links; a link to nothing is named", () =>
    withFolder(async (folder) => {
      await write(join(folder, "images/a.png"));
      await write(join(folder, "images/.hidden/b.png"));
      await symlink("a.png", join(folder, "images/c.png"));
      await writeFile(join(folder, "list_attr_celeba.txt"), "3\nBangs\na.png 1\n.hidden/b.png -1\nc.png 1\n");
      assert.deepEqual((await openDataset(folder)).files, ["a.png", ".hidden/b.png", "c.png"]);
      assert.deepEqual((await inspectDataset(folder, INSPECTION)).inspection.problems, []);
      await rm(join(folder, "images/a.png"));
      await refused(openDataset(folder), /received 2 missing \(the first is a\.png\)/);
      await writeFile(join(folder, "list_attr_celeba.txt"), "1\nBangs\nc.png 1\n");
      await refused(openDataset(folder), /1 missing \(the first is c\.png, a link that leads nowhere\)/);
      await write(join(folder, "images/d.png"));
      await rm(join(folder, "list_attr_celeba.txt"));
      const { inspection } = await inspectDataset(folder, INSPECTION);
      assert.equal(inspection.pictures, 1);
      assert.deepEqual(
        inspection.problems.map(({ file }) => file),
        ["c.png"],
      );
      assert.match(inspection.problems[0].reason, /^c\.png: expected a picture, received a link that leads nowhere/);
    }));

  it("with spaces come back from the lists that preprocess writes", () =>
    withFolder(async (folder) => {
      for (const name of ["my photo 1.png", "my photo 2.png"]) await write(join(folder, "images", name));
      await writeFile(
        join(folder, "list_attr_celeba.csv"),
        "image_id,Wearing Hat\nmy photo 1.png,True\nmy photo 2.png,False\n",
      );
      for (const format of ["png", "raw"] as const) {
        const out = join(folder, format);
        assert.equal((await preprocess(folder, out, { ...OPTIONS, format })).done, 2);
        const ending = format === "png" ? "png" : "rgb";
        const { files, attributes } = await openDataset(out);
        assert.deepEqual(files, [`my photo 1.${ending}`, `my photo 2.${ending}`]);
        assert.deepEqual([attributes?.names, [...(attributes?.values ?? [])]], [["Wearing_Hat"], [1, 0]]);
        assert.match(await readFile(join(out, "list_attr_celeba.txt"), "utf8"), /^2\r\nWearing_Hat\r\nmy photo 1/);
      }
    }));

  it("are needed by none where pictures are cut out; what is left out is said once", () =>
    withFolder(async (folder) => {
      await write(join(folder, "images/a.jfif"));
      await write(join(folder, "images/.ipynb_checkpoints/a-checkpoint.png"));
      await writeFile(join(folder, "images/b.heic"), "x");
      await symlink("..", join(folder, "images/up"));
      await symlink(".", join(folder, "images/self"));
      const warnings: string[] = [];
      const onWarning = (line: string): void => void warnings.push(line);
      const report = await preprocess(folder, join(folder, "out"), { ...OPTIONS, onWarning });
      assert.deepEqual([report.done, report.failed], [1, 0]);
      assert.deepEqual(await readdir(join(folder, "out/images")), ["a.png"]);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /1 file is left out because elegant-faces does not read HEIC \(1\): b\.heic/);
      const { inspection } = await inspectDataset(folder, { ...INSPECTION, onWarning });
      assert.deepEqual([inspection.pictures, warnings.length], [1, 2]);
      assert.equal((await openDataset(folder, undefined, undefined, onWarning)).files.length, 1);
      assert.equal(warnings.length, 3);
    }));
});
