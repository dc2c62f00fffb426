/** EXIF orientation in JPEG, PNG and TIFF, against Pillow's exif_transpose. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { composeAffine } from "../../src/image/align.js";
import { decodeImage, encodeJpeg, encodePng } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import {
  isOrientation,
  type Orientation,
  orientImage,
  parseExif,
  uprightMatrix,
  uprightPoints,
  uprightSize,
} from "../../src/image/orientation.js";
import { Random } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";
import { exifBlock, jpegWithExif, pngWithExif, tiffFile } from "../support/exif.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";
import { comparePillow } from "../support/pillow.js";
import { hasPillow } from "../support/torch.js";

const ALL = [1, 2, 3, 4, 5, 6, 7, 8] as const satisfies readonly Orientation[];

/** Red levels of the image whose upright form is 1 2 3 / 4 5 6, as stored in the file for each orientation. */
const STORED: Readonly<Record<Orientation, readonly (readonly number[])[]>> = {
  1: [[1, 2, 3], [4, 5, 6]],
  2: [[3, 2, 1], [6, 5, 4]],
  3: [[6, 5, 4], [3, 2, 1]],
  4: [[4, 5, 6], [1, 2, 3]],
  5: [[1, 4], [2, 5], [3, 6]],
  6: [[3, 6], [2, 5], [1, 4]],
  7: [[6, 3], [5, 2], [4, 1]],
  8: [[4, 1], [5, 2], [6, 3]],
}; // biome-ignore format: rows as they lie

function imageOf(rows: readonly (readonly number[])[]): RgbaImage {
  const data = Uint8Array.from(rows.flatMap((row) => row.flatMap((level) => [level, 10 * level, 0, 255])));
  return { width: rows[0].length, height: rows.length, data };
}

describe("image/orientation", () => {
  it("turns all eight orientations upright, from PNG and TIFF in both byte orders", async () => {
    const upright = imageOf(STORED[1]);
    for (const orientation of ALL) {
      const stored = imageOf(STORED[orientation]);
      for (const little of [true, false]) {
        const png = pngWithExif(await encodePng(stored), exifBlock(orientation, little));
        for (const bytes of [png, tiffFile(stored, orientation, little)]) {
          const image = await decodeImage(bytes, `orientation ${orientation}`);
          assert.equal(image.orientation, orientation);
          assert.deepEqual([image.width, image.height], [3, 2]);
          assert.deepEqual([...image.data], [...upright.data], `orientation ${orientation}, little ${little}`);
          const asStored = await decodeImage(bytes, "stored", { frame: "stored" });
          assert.deepEqual([...asStored.data], [...stored.data]);
        }
      }
    }
  });

  it("turns JPEG as PNG, and points with the pixels", async () => {
    const photo = goldenPhoto("orientation", 5, 24, 40);
    const jpeg = await encodeJpeg(photo, 95);
    const plain = await decodeImage(jpeg, "plain");
    const random = Random.fromSeed(7);
    for (const orientation of ALL) {
      for (const little of [true, false]) {
        const bytes = jpegWithExif(jpeg, exifBlock(orientation, little));
        assert.equal(readImageHeader(bytes)?.orientation, orientation);
        const turned = await decodeImage(bytes, "turned");
        assert.deepEqual(new Uint8Array(turned.data), new Uint8Array(orientImage(plain, orientation).data));
      }
      const turned = orientImage(plain, orientation);
      assert.deepEqual({ width: turned.width, height: turned.height }, uprightSize(plain, orientation));
      const matrix = uprightMatrix(plain, orientation);
      for (let i = 0; i < 20; i++) {
        const [x, y] = [random.below(plain.width), random.below(plain.height)];
        const [[u, v]] = uprightPoints([[x, y]], matrix);
        assert.equal(turned.data[(v * turned.width + u) * 4], plain.data[(y * plain.width + x) * 4], `${orientation}`);
      }
      assert.deepEqual(composeAffine(matrix, [1, 0, 0, 0, 1, 0]), matrix);
    }
  });

  it("takes malformed EXIF for upright", async () => {
    const good = exifBlock(6, true);
    assert.equal(parseExif(good), 6);
    const changed = (at: number, ...bytes: number[]): Uint8Array => {
      const copy = good.slice();
      copy.set(bytes, at);
      return copy;
    };
    const malformed = [
      good.subarray(0, 7),
      good.subarray(0, 20),
      changed(0, 0x50),
      changed(2, 43),
      changed(4, 0xff, 0xff, 0xff, 0xff),
      changed(4, 0, 0, 0, 0),
      changed(8, 0, 0),
      changed(12, 2),
      changed(14, 2),
      changed(18, 0),
      changed(18, 9),
      changed(18, 6, 1),
    ];
    const jpeg = await encodeJpeg(goldenPhoto("orientation", 5, 24, 40), 95);
    for (const block of malformed) {
      assert.equal(parseExif(block), 1, Buffer.from(block).toString("hex"));
      assert.equal((await decodeImage(jpegWithExif(jpeg, block), "malformed")).width, 40);
    }
    const random = Random.fromSeed(3);
    for (let i = 0; i < 2000; i++) {
      assert.ok(isOrientation(parseExif(good.map((byte) => (random.chance(0.1) ? random.below(256) : byte)))));
    }
  });

  it("agrees with Pillow's exif_transpose", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (dir) => {
      const folder = join(dir, "files");
      await mkdir(folder);
      const photo = goldenPhoto("orientation", 5, 24, 40);
      const [jpeg, png] = [await encodeJpeg(photo, 95), await encodePng(photo)];
      for (const orientation of ALL) {
        for (const little of [true, false]) {
          const name = `${orientation}-${little}`;
          const block = exifBlock(orientation, little);
          await writeFile(join(folder, `${name}.jpg`), jpegWithExif(jpeg, block));
          await writeFile(join(folder, `${name}.png`), pngWithExif(png, block));
        }
      }
      const differences = await comparePillow(folder, join(dir, "out"));
      assert.equal(differences.size, 32);
      for (const [file, { most }] of differences)
        assert.ok(most <= (file.endsWith(".png") ? 0 : 2), `${file}: ${most}`);
    });
  });
});
