/** Synthetic faces, their photos, lists and data sets. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError, RetryableError } from "../../src/errors.js";
import { CELEBA_ATTRIBUTES, presentAttributes } from "../../src/synth/attributes.js";
import type { SynthFace } from "../../src/synth/face.js";
import { faceToPhoto, photoLandmarks } from "../../src/synth/geometry.js";
import { attributeList, landmarkList, partitionList } from "../../src/synth/lists.js";
import { paintFace } from "../../src/synth/paint.js";
import { loadPainter, renderAligned, renderPhoto } from "../../src/synth/raster.js";
import { ATTRIBUTE_SHARES, sampleFace } from "../../src/synth/sample.js";
import { writeSynth } from "../../src/synth/write.js";
import type { RgbaImage } from "../../src/types.js";
import { resizeDisk, withSmallDisk } from "../support/disk.js";
import { withFolder } from "../support/folder.js";
import { treeOf } from "../support/tree.js";

const faces = Array.from({ length: 400 }, (_, i) => sampleFace(1, i));

/** Mean of the three channels, 0 to 255. */
function brightness(image: RgbaImage, x: number, y: number): number {
  const at = (Math.round(y) * image.width + Math.round(x)) * 4;
  return (image.data[at] + image.data[at + 1] + image.data[at + 2]) / 3;
}

describe("synthetic faces", () => {
  before(loadPainter);

  it("depend on nothing but the seed and their index", () => {
    assert.deepEqual(sampleFace(1, 7), faces[7]);
    assert.notDeepEqual(sampleFace(2, 7), faces[7]);
    assert.deepEqual(Buffer.from(renderPhoto(sampleFace(1, 7)).data), Buffer.from(renderPhoto(faces[7]).data));
  });

  it("are photos of many sizes, opaque, from 300 to 640 pixels a side", () => {
    for (const { pose } of faces) {
      assert.ok(Math.min(pose.width, pose.height) >= 300 && Math.max(pose.width, pose.height) <= 640);
      assert.ok(Math.abs(pose.rotation) <= (20 * Math.PI) / 180);
    }
    const image = renderPhoto(faces[0]);
    assert.deepEqual([image.width, image.height], [faces[0].pose.width, faces[0].pose.height]);
    assert.ok(image.data.every((value, i) => i % 4 !== 3 || value === 255));
  });

  it("show the attributes in about their shares", () => {
    const share = (holds: (face: SynthFace) => boolean): number => faces.filter(holds).length / faces.length;
    const near = (name: string, actual: number, expected: number): void =>
      assert.ok(Math.abs(actual - expected) < 0.08, `${name}: share ${actual}, expected ${expected} +- 0.08`);
    near(
      "Bangs",
      share((f) => f.styles.bangs !== null),
      ATTRIBUTE_SHARES.bangs,
    );
    near(
      "Eyeglasses",
      share((f) => f.styles.eyeglasses !== null),
      ATTRIBUTE_SHARES.eyeglasses,
    );
    near(
      "Smiling",
      share((f) => f.styles.smiling !== null),
      ATTRIBUTE_SHARES.smiling,
    );
    near(
      "Mustache",
      share((f) => f.styles.mustache !== null),
      ATTRIBUTE_SHARES.male * ATTRIBUTE_SHARES.mustacheOfMale,
    );
  });

  it("have attribute columns that say what is painted", () => {
    for (const face of faces) {
      const present = presentAttributes(face);
      assert.equal(present.has("Bangs"), face.styles.bangs !== null);
      assert.equal(present.has("Eyeglasses"), face.styles.eyeglasses !== null);
      assert.equal(present.has("Smiling"), face.styles.smiling !== null);
      assert.equal(present.has("Mustache"), face.styles.mustache !== null);
      assert.equal(present.has("Male"), face.styles.male.present);
      assert.ok(!present.has("Mustache") || present.has("Male"));
      const hair = (["Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair"] as const).filter((name) =>
        present.has(name),
      );
      assert.deepEqual(hair, [`${face.styles.hairColour.name}_Hair`]);
    }
  });

  it("have their pupils exactly on the eye landmarks", () => {
    const bare = faces.filter((face) => face.styles.eyeglasses === null).slice(0, 6);
    for (const face of bare) {
      const image = renderPhoto(face);
      const [left, right] = photoLandmarks(face);
      for (const [x, y] of [left, right]) {
        assert.ok(brightness(image, x, y) < 60, `pupil at ${x}, ${y} is dark`);
        const aside = 13 * face.pose.scale;
        assert.ok(brightness(image, x, y) + 25 < brightness(image, x, y + aside), "the cheek below is brighter");
      }
    }
  });

  it("draw the pupil around the landmark itself", () => {
    const face = faces.find((f) => f.styles.eyeglasses === null && f.pose.scale > 1.3);
    assert.ok(face);
    const [[x, y]] = photoLandmarks(face);
    const disc = paintFace(face).match(/<ellipse cx="([-\d.]+)" cy="([-\d.]+)" rx="4.3" ry="4.3"/);
    assert.ok(disc);
    const [a, b, tx, c, d, ty] = faceToPhoto(face.pose);
    const [u, v] = [Number(disc[1]), Number(disc[2])];
    assert.ok(Math.abs(a * u + b * v + tx - x) < 0.05 && Math.abs(c * u + d * v + ty - y) < 0.05);
  });

  it("look the same in the aligned crop as in the warped photo", () => {
    const face = faces[3];
    const image = renderPhoto(face);
    const matrix = [1, 0, -40, 0, 1, -30] as const;
    const crop = renderAligned(face, matrix, 96);
    let sum = 0;
    for (let y = 0; y < 96; y++) {
      for (let x = 0; x < 96; x++) sum += Math.abs(brightness(crop, x, y) - brightness(image, x + 40, y + 30));
    }
    assert.ok(sum / 96 ** 2 < 0.5, `mean difference ${sum / 96 ** 2}`);
  });

  it("are black outside the photo in the aligned crop", () => {
    const crop = renderAligned(faces[3], [1, 0, 20, 0, 1, 20], 64);
    for (let i = 0; i < 64; i++) {
      for (const at of [(5 * 64 + i) * 4, (i * 64 + 5) * 4]) {
        assert.deepEqual([...crop.data.subarray(at, at + 4)], [0, 0, 0, 255]);
      }
    }
  });
});

describe("synthetic lists", () => {
  const lines = (text: string): string[] => {
    assert.ok(text.endsWith("\r\n"));
    return text.split("\r\n").slice(0, -1);
  };

  it("read back as CelebA's attribute list", () => {
    const [count, names, ...rows] = lines(attributeList(faces.slice(0, 5)));
    assert.equal(count, "5");
    assert.deepEqual(names.trim().split(/\s+/), [...CELEBA_ATTRIBUTES]);
    assert.equal(CELEBA_ATTRIBUTES.length, 40);
    rows.forEach((row, i) => {
      const [file, ...values] = row.split(/\s+/);
      assert.equal(file, `00000${i + 1}.jpg`);
      assert.equal(values.length, 40);
      const present = presentAttributes(faces[i]);
      CELEBA_ATTRIBUTES.forEach((name, k) => {
        assert.equal(values[k], present.has(name) ? "1" : "-1", name);
      });
    });
  });

  it("hold the exact landmarks, rounded", () => {
    const [count, names, ...rows] = lines(landmarkList(faces.slice(0, 5)));
    assert.equal(count, "5");
    assert.equal(names.split(" ").length, 10);
    rows.forEach((row, i) => {
      const values = row.split(/\s+/).slice(1).map(Number);
      assert.deepEqual(values, photoLandmarks(faces[i]).flat().map(Math.round));
    });
  });

  it("part the photos 80 : 10 : 10", () => {
    const parts = lines(partitionList(50)).map((line) => line.split(" ")[1]);
    assert.deepEqual(
      ["0", "1", "2"].map((part) => parts.filter((p) => p === part).length),
      [40, 5, 5],
    );
  });
});

describe("writing a synthetic data set", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "elegant-synth-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("gives the same bytes for the same seed, and photo i whatever the count", async () => {
    const [one, two] = [join(root, "one"), join(root, "two")];
    await writeSynth({ directory: one, count: 2, seed: 5, workers: 1 });
    await writeSynth({ directory: two, count: 3, seed: 5, workers: 2 });
    for (const file of ["000001.jpg", "000002.jpg"]) {
      assert.deepEqual(await readFile(join(one, "images", file)), await readFile(join(two, "images", file)));
    }
    assert.deepEqual(await readdir(join(one, "images")), ["000001.jpg", "000002.jpg"]);
  });

  it("continues a data set of the same seed and keeps its photos", async () => {
    await writeSynth({ directory: root, count: 1, seed: 5, workers: 1 });
    const { painted } = await writeSynth({ directory: root, count: 3, seed: 5, workers: 1 });
    assert.equal(painted, 2);
    assert.match(await readFile(join(root, "list_attr_celeba.txt"), "utf8"), /^3\r\n/);
    const record = JSON.parse(await readFile(join(root, "synth.json"), "utf8"));
    assert.deepEqual([record.seed, record.count, Object.keys(record.files).length], [5, 3, 3]);
  });

  it("ends with an error worth retrying if the disk is full, and continues to the same bytes when there is room", async function () {
    await withFolder(async (folder) => {
      const options = { count: 12, seed: 7, workers: 2 };
      const whole = join(folder, "whole");
      await writeSynth({ ...options, directory: whole });
      const mounted = await withSmallDisk(folder, 120_000, async (disk) => {
        const directory = join(disk, "data");
        await assert.rejects(writeSynth({ ...options, directory }), (error) => {
          assert.ok(error instanceof RetryableError, String(error));
          assert.match(error.message, /ENOSPC.*Free some space/);
          return true;
        });
        resizeDisk(disk, 50_000_000);
        await writeSynth({ ...options, directory });
        assert.deepEqual(await treeOf(directory), await treeOf(whole));
      });
      if (!mounted) {
        console.log("        skipped: mounting a tmpfs is not permitted here");
        this.skip();
      }
    });
  });

  it("continues after it was killed while it wrote its first file, and removes what that left", () =>
    withFolder(async (directory) => {
      await writeFile(join(directory, ".synth.json.4711-0.tmp"), "{");
      await writeSynth({ directory, count: 2, seed: 7, workers: 1 });
      assert.deepEqual((await readdir(directory)).sort(), [
        "images",
        "list_attr_celeba.txt",
        "list_eval_partition.txt",
        "list_landmarks_celeba.txt",
        "synth.json",
      ]);
    }));

  it("refuses a directory that holds something else, and leaves it alone", async () => {
    await writeFile(join(root, "holiday.txt"), "mine");
    await assert.rejects(writeSynth({ directory: root, count: 1, seed: 5, workers: 1 }), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, /expected an empty directory.*received a directory with other files/);
      return true;
    });
    assert.deepEqual(await readdir(root), ["holiday.txt"]);
  });

  it("refuses a data set of another seed or with more photos", async () => {
    await writeSynth({ directory: root, count: 2, seed: 5, workers: 1 });
    await assert.rejects(writeSynth({ directory: root, count: 2, seed: 6, workers: 1 }), /received seed 5.*--seed 5/);
    await assert.rejects(
      writeSynth({ directory: root, count: 1, seed: 5, workers: 1 }),
      /received 2 photos.*--count 2/,
    );
  });
});
