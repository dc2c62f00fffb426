/** What a training refuses before it begins, and what it warns about. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { formatAttributes, formatLandmarks } from "../../src/dataset/lists.js";
import { checkTrainingPictures } from "../../src/dataset/training-pictures.js";
import { InputError } from "../../src/errors.js";
import { encodePng } from "../../src/image/codec.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Five points as x, y pairs. */
  readonly points?: readonly number[];
  readonly broken?: boolean;
}

async function check(pictures: readonly Picture[], size: number): Promise<readonly string[]> {
  let warnings: readonly string[] = [];
  await withFolder(async (dir) => {
    await mkdir(join(dir, "images"));
    const files = pictures.map((_, i) => `${String(i).padStart(3, "0")}.png`);
    for (const [i, { width, height, broken }] of pictures.entries()) {
      const bytes = broken === true ? "not a picture" : await encodePng(goldenPhoto("photo", i, height, width));
      await writeFile(join(dir, "images", files[i]), bytes);
    }
    const values = Int8Array.from(files, (_, i) => i % 2);
    await writeFile(join(dir, "list_attr_celeba.txt"), formatAttributes({ names: ["Bangs"], files, values }));
    if (pictures[0].points !== undefined) {
      const points = Float64Array.from(pictures.flatMap((picture) => [...picture.points!]));
      await writeFile(join(dir, "list_landmarks_celeba.txt"), formatLandmarks({ files, values: points }));
    }
    warnings = checkTrainingPictures(await openDataset(dir), size);
  });
  return warnings;
}

const many = (count: number, picture: (i: number) => Picture): Picture[] =>
  Array.from({ length: count }, (_, i) => picture(i));
const faceAt = (x: number, y: number): number[] => [x, y, x + 20, y, x + 10, y + 10, x + 2, y + 20, x + 18, y + 20];

describe("the check before a training", () => {
  it("accepts aligned faces of the training's size in silence", async () => {
    assert.deepEqual(
      await check(
        many(12, (i) => ({ width: 64, height: 64, points: faceAt(22 + (i % 2), 27) })),
        64,
      ),
      [],
    );
  });

  it("sends photos that are not square to preprocess", async () => {
    const photos = many(12, (i) => (i === 5 ? { width: 64, height: 48 } : { width: 64, height: 64 }));
    await assert.rejects(check(photos, 64), (error) => {
      assert.ok(error instanceof InputError);
      const words =
        /images: expected square pictures of aligned faces, received 1 of 12 that are not square \(005\.png: 64 x 48\)\. Run 'elegant preprocess' first: it aligns the faces and crops them\.$/;
      assert.match(error.message, words);
      return true;
    });
  });

  it("refuses pictures that cannot be read, beyond the few that a training leaves out", async () => {
    const picture = { width: 16, height: 16 };
    const broken = (count: number, of: number) =>
      check(
        many(of, (i) => (i < count ? { ...picture, broken: true } : picture)),
        16,
      );
    await assert.rejects(
      broken(2, 12),
      /images: expected pictures, received 2 of 12 that cannot be read \(000\.png\)\. Run 'elegant inspect --check' to see what is wrong/,
    );
    assert.deepEqual(await broken(1, 120), []);
  });

  it("leaves one odd picture of two hundred to the training", async () => {
    const photos = many(200, (i) => ({ width: 16, height: i === 50 ? 12 : 16 }));
    assert.deepEqual(await check(photos, 16), []);
  });

  it("sends square photos whose faces are in different places to preprocess", async () => {
    const photos = many(12, (i) => ({ width: 64, height: 64, points: faceAt(5 + (i % 4) * 10, 5 + (i % 3) * 12) }));
    await assert.rejects(
      check(photos, 64),
      /eyes that the landmarks place \d+ % of the side apart .* Run 'elegant preprocess' first/,
    );
  });

  it("warns of pictures that are smaller than the training's, or more than twice as large", async () => {
    const photos = many(9, (i) => ({ width: [32, 64, 129][i % 3], height: [32, 64, 129][i % 3] }));
    assert.deepEqual(await check(photos, 64), [
      "3 of 9 pictures are smaller than --size 64, and are enlarged (000.png: 32 x 32).",
      "3 of 9 pictures are more than twice as large as --size 64: reading them is slow. 'elegant preprocess --size' makes smaller ones (002.png: 129 x 129).",
    ]);
  });
});
