/** `elegant inspect` on sound, damaged and incomplete data sets in every format. */
import assert from "node:assert/strict";
import { copyFile, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import type { Inspection } from "../../src/dataset/inspect.js";
import { formatAttributes, OPEN } from "../../src/dataset/lists.js";
import { groupFailures } from "../../src/dataset/notes.js";
import { decodeImage, encodeJpeg } from "../../src/image/codec.js";
import { writeSynth } from "../../src/synth/write.js";
import { faceAttributes, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { writePacked } from "../support/packed.js";
import type { Ended } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);
type Json = Inspection & { readonly sheet: string | null };

const FAILURES = [
  { file: "x.png", reason: "x.png: image: expected JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF, received an empty file." },
  { file: "y.png", reason: "y.png: image: expected JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF, received an empty file." },
];

describe("elegant inspect", () => {
  for (const format of ["images", "shard", "webdataset"] as const) {
    it(`counts, lists failures and draws a sheet: ${format}`, () =>
      withFolder(async (folder) => {
        const dir = join(folder, "faces");
        if (format === "images") await writeFaces(dir, 20);
        else await writePacked(dir, 20, format, 8, FAILURES);
        const { code, stdout, stderr } = await elegant("inspect", dir, "--json", "--count", "6");
        assert.equal(code, 0, stderr);
        const json = JSON.parse(stdout) as Json;
        assert.deepEqual([json.format, json.pictures, json.files], [format, 20, format === "images" ? 20 : 3]);
        assert.deepEqual(json.sizes, [{ width: 64, height: 64, count: 6 }]);
        assert.deepEqual(json.partition, { training: 16, validation: 0, test: 4 });
        assert.deepEqual(json.attributes[1], {
          name: "Smiling",
          positive: 7,
          negative: 13,
          open: 0,
          partition: { training: [6, 10], validation: [0, 0], test: [1, 3] },
        });
        assert.deepEqual([json.problems, json.unlisted], [[], 0]);
        assert.equal(json.failed, format === "images" ? 0 : 2);
        if (format !== "images") {
          assert.deepEqual(json.made, { from: "/photos", format });
          assert.deepEqual(
            json.failures.map(({ reason, count, files }) => [reason.slice(0, 11), count, files]),
            [["FILE: image", 2, ["x.png", "y.png"]]],
          );
        }
        assert.equal(json.sheet, join(folder, "faces-sheet.png"));
        const sheet = await decodeImage(await readFile(join(folder, "faces-sheet.png")), "sheet");
        assert.ok(sheet.width > 3 * 128 && sheet.width < 5 * 128 && sheet.height > 2 * 128, `${sheet.width}`);
      }));
  }

  it("counts open labels apart from those with and without an attribute", () =>
    withFolder(async (folder) => {
      const dir = join(folder, "faces");
      await writeFaces(dir, 20);
      const { values, ...table } = faceAttributes(20);
      values[1] = OPEN; // Smiling of the first image, which has it
      await writeFile(join(dir, "list_attr_celeba.txt"), formatAttributes({ ...table, values }));
      const { stdout } = await elegant("inspect", dir, "--no-sheet", "--json");
      const { attributes } = JSON.parse(stdout) as Json;
      assert.deepEqual(
        attributes.map(({ name, positive, negative, open }) => [name, positive, negative, open]),
        [
          ["Bangs", 10, 10, 0],
          ["Smiling", 6, 13, 1],
          ["Young", 20, 0, 0],
        ],
      );
      assert.deepEqual(attributes[1].partition?.training, [5, 10]);
      const printed = await elegant("inspect", dir, "--no-sheet");
      assert.match(printed.stdout, /attribute +with +without +open +share[\s\S]*Smiling +6 +13 +1 +31\.6 %/);
    }));

  it("says what the table shows, and where the sheet is", () =>
    withFolder(async (folder) => {
      await writePacked(join(folder, "faces"), 20, "shard", 8, FAILURES);
      const { code, stdout, stderr } = await elegant(
        "inspect",
        join(folder, "faces"),
        "--check",
        "--sheet",
        join(folder, "s.png"),
      );
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^faces: 20 pictures in 3 packed raw files, 246 kB \(12\.3 kB each\)\n/);
      assert.match(stdout, /\nmade by elegant preprocess --format raw from \/photos\n/);
      assert.match(stdout, /\nsize: 64 x 64, of all pictures\npartition: 16 training, 0 validation, 4 test\n/);
      assert.match(stdout, /\n {2}Smiling +7 +13 +35\.0 % +6 \/ 10 +0 \/ 0 +1 \/ 3\n/);
      assert.match(stdout, /\n2 photos failed:\n {2}2 x FILE: image: .*\n {4}x\.png, y\.png\n/);
      assert.match(
        stdout,
        /\nno problems: every picture is there and can be decoded\nsheet of 20 pictures: .*s\.png\n$/,
      );
    }));

  it("ends with code 3 and names what is missing or damaged; only --check decodes every picture", () =>
    withFolder(async (folder) => {
      const dir = join(folder, "faces");
      await writeFaces(dir, 20);
      await writeFile(join(dir, "images/000003.png"), "no picture");
      const quick = await elegant("inspect", dir, "--count", "2", "--no-sheet");
      assert.equal(quick.code, 0, quick.stderr);
      assert.match(quick.stdout, /no picture is missing\n$/);
      await assert.rejects(stat(join(folder, "faces-sheet.png")));

      await rm(join(dir, "images/000007.png"));
      const { code, stdout } = await elegant("inspect", dir, "--check", "--json");
      assert.equal(code, 3);
      const json = JSON.parse(stdout) as Json;
      assert.deepEqual([json.pictures, json.looked], [19, 19]);
      assert.deepEqual(
        json.problems.map(({ file }) => file),
        ["000007.png", "000003.png"],
      );
      assert.match(
        json.problems[0].reason,
        /^000007\.png: expected the picture that .* lists name, received none\. Run/,
      );
      assert.match(json.problems[1].reason, /000003\.png: image: expected JPEG, PNG/);
    }));

  it("looks at the packed files that are whole, and names the one that is not", () =>
    withFolder(async (folder) => {
      const dir = join(folder, "faces");
      await writePacked(dir, 20, "webdataset");
      await truncate(join(dir, "shards/00002.tar"), 5000);
      const { code, stdout } = await elegant("inspect", dir, "--json", "--no-sheet");
      assert.equal(code, 3);
      const { problems, pictures } = JSON.parse(stdout) as Json;
      assert.deepEqual([pictures, problems.length], [12, 9]);
      assert.match(
        problems[0].reason,
        /00002\.tar: expected at least \d+ bytes, the end of 0000\d\d\.jpg, received 5000/,
      );
    }));

  it("shows an attribute's sides, the most doubtful pictures first", () =>
    withFolder(async (folder) => {
      const dir = join(folder, "faces");
      const { files } = await writeFaces(dir, 12);
      const rows = files.map((file, i) => `${file},${i % 2 === 0 ? 0.3 : 0.8}\n`);
      await writeFile(join(dir, "attributes_confidence.csv"), `file,Bangs\n${rows.join("")}`);
      const { code, stdout, stderr } = await elegant("inspect", dir, "--by", "Bangs", "--count", "4");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /\nsheet of 4 pictures: .*faces-sheet\.png\n$/);
      const sheet = await decodeImage(await readFile(join(folder, "faces-sheet.png")), "sheet");
      // Two sections of two pictures of 128 pixels, under titles of several lines.
      assert.deepEqual([sheet.width, sheet.height > 2 * 128, sheet.height < 4 * 128], [3 * 6 + 2 * 128, true, true]);
    }));

  it("finds near-duplicates, lists them, draws them, and leaves them out until left_out.txt is deleted", () =>
    withFolder(async (folder) => {
      const dir = join(folder, "faces");
      await writeSynth({ directory: dir, count: 8, seed: 3, workers: 1 });
      const { files, imageDir } = await openDataset(dir);
      // Copies of two photos, and one of them in another form, with names that a CSV file must quote.
      const [first, , third] = files;
      const copies = [`copy, of ${first}`, `again ${first}`, `copy ${third}`];
      await copyFile(join(imageDir, first), join(imageDir, copies[0]));
      const photo = await decodeImage(await readFile(join(imageDir, first)), first);
      await writeFile(join(imageDir, copies[1]), await encodeJpeg(photo, 40));
      await copyFile(join(imageDir, third), join(imageDir, copies[2]));
      for (const list of ["list_attr_celeba.txt", "list_eval_partition.txt", "list_landmarks_celeba.txt"]) {
        await rm(join(dir, list), { force: true });
      }

      const found = await elegant("inspect", dir, "--duplicates", "--leave-out", "--json");
      assert.equal(found.code, 0, found.stderr);
      const { duplicates, looked, leftOut } = JSON.parse(found.stdout);
      const [csv, sheet] = ["csv", "png"].map((ending) => join(folder, `faces-duplicates.${ending}`));
      const list = join(dir, "left_out.txt");
      assert.deepEqual(duplicates, { groups: 2, repeated: 3, acrossParts: null, csv, sheet, leftOut: list });
      assert.deepEqual([looked, leftOut], [11, 0]);
      assert.ok((await decodeImage(await readFile(sheet), "sheet")).width > 4 * 256);
      const rows = (await readFile(csv, "utf8")).trim().split("\n");
      assert.deepEqual([rows.length, rows[0]], [6, "group,file,distance,correlation,mirrored"]);
      assert.ok(
        rows.some((row) => row.startsWith(`1,"${copies[0]}",0,1.000,0`)),
        rows.join("\n"),
      );

      assert.equal((await openDataset(dir)).files.length, 8);
      const again = await elegant("inspect", dir, "--duplicates", "--no-sheet");
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stderr, /left_out\.txt leaves out 3 of 11 pictures\. Delete it to use all\./);
      assert.match(again.stdout, /^faces: 8 pictures/);
      assert.match(again.stdout, /\nno near-duplicates: .*faces-duplicates\.csv\n$/);
      await rm(list);
      assert.equal((await openDataset(dir)).files.length, 11);
    }));

  it("refuses what is no data set, and a sheet that is none", () =>
    withFolder(async (folder) => {
      await writeFaces(join(folder, "faces"), 3);
      const wrong: readonly (readonly [readonly string[], RegExp])[] = [
        [[join(folder, "none")], /none: expected a folder, received none/],
        [[folder], /expected an image folder \(images, data, img_celeba\), received none of them/],
        [[join(folder, "faces"), "--sheet", join(folder, "sheet.jpg")], /--sheet: expected a file named \*\.png/],
        [[join(folder, "faces"), "--count", "0"], /--count: expected an integer from 1 to 1000, received '0'/],
        [[join(folder, "faces"), "--leave-out"], /--leave-out: expected --duplicates as well, received none/],
        [[join(folder, "faces"), "--by", "Bangs", "--no-sheet"], /--by: expected a sheet to draw, received --no-sheet/],
        [[join(folder, "faces"), "--by", "Bang"], /received 'Bang'\. Did you mean Bangs\?/],
      ];
      for (const [args, message] of wrong) {
        const { code, stderr } = await elegant("inspect", ...args);
        assert.equal(code, 2);
        assert.match(stderr, message);
      }
    }));
});

describe("failures by reason", () => {
  it("group equal reasons, whatever file and coordinates they name", () => {
    const gone = (file: string): string =>
      `${file}: reading: ENOENT: no such file, open '/a b/images/${file}'. Check it.`;
    const outside = (file: string, x: number): string =>
      `${file}: expected landmarks within 9 x 9, received [[${x},-2.5],[3,4]].`;
    const failures = [
      { file: "1.jpg", reason: gone("1.jpg") },
      ...[2, 3, 4, 5, 6, 7].map((i) => ({ file: `${i}.jpg`, reason: outside(`${i}.jpg`, i) })),
      { file: "(8).jpg", reason: gone("(8).jpg") },
    ];
    assert.deepEqual(groupFailures(failures), [
      {
        reason: "FILE: expected landmarks within 9 x 9, received [...].",
        count: 6,
        files: ["2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"],
      },
      {
        reason: "FILE: reading: ENOENT: no such file, open 'FILE'. Check it.",
        count: 2,
        files: ["1.jpg", "(8).jpg"],
      },
    ]);
  });
});
