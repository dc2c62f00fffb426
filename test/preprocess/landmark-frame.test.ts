/** Finding out whether a list's landmarks refer to the stored or to the upright photo. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { formatLandmarks } from "../../src/dataset/lists.js";
import { InputError } from "../../src/errors.js";
import { invertAffine, similarityFromLandmarks } from "../../src/image/align.js";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import {
  type Orientation,
  orientImage,
  uprightMatrix,
  uprightPoints,
  uprightSize,
} from "../../src/image/orientation.js";
import { Pixels } from "../../src/image/pixels.js";
import type { LandmarkFrame } from "../../src/image/tasks.js";
import { loadModule } from "../../src/kernels/module.js";
import { isUprightFace } from "../../src/preprocess/landmark-frame.js";
import { type PreprocessOptions, preprocess } from "../../src/preprocess/preprocess.js";
import type { FivePoints } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { exifBlock, pngWithExif } from "../support/exif.js";
import { goldenPhoto, SMALL_CROPS, withFolder } from "../support/pictures.js";

const OPTIONS: PreprocessOptions = SMALL_CROPS;
const SIZE = { width: 120, height: 130 };
const FACE: FivePoints = [
  [40, 50],
  [70, 52],
  [56, 68],
  [43, 82],
  [68, 84],
];

/** Upright -> stored pixels: the inverse of the map that turns the stored photo upright. */
function stored(points: FivePoints, orientation: Orientation): FivePoints {
  return uprightPoints(points, invertAffine(uprightMatrix(uprightSize(SIZE, orientation), orientation)));
}

/** The orientation that turns the upright photo into the stored one: a quarter turn left is undone by one right. */
const UNDONE: Readonly<Record<Orientation, Orientation>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6 };

/** Writes `count` photos in all orientations, with landmarks in `frame`. Returns their names. */
async function writeTurned(dir: string, frame: LandmarkFrame, count: number, face = FACE): Promise<string[]> {
  await mkdir(join(dir, "images"), { recursive: true });
  const files: string[] = [];
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const orientation = ((i % 8) + 1) as Orientation;
    const photo = goldenPhoto("turned", 3, SIZE.height, SIZE.width);
    const png = await encodePng(orientImage(photo, UNDONE[orientation]));
    const file = `${String(i + 1).padStart(6, "0")}.png`;
    await writeFile(join(dir, "images", file), pngWithExif(png, exifBlock(orientation, i % 3 === 0)));
    files.push(file);
    values.push(...(frame === "upright" ? face : stored(face, orientation)).flat());
  }
  await writeFile(
    join(dir, "list_landmarks_celeba.txt"),
    formatLandmarks({ files, values: Float64Array.from(values) }),
  );
  return files;
}

describe("dataset/landmark-frame", () => {
  it("knows an upright face", () => {
    assert.ok(isUprightFace(FACE, SIZE));
    const upsideDown = FACE.map(([x, y]) => [x, 129 - y] as const);
    const mirrored = FACE.map(([x, y]) => [119 - x, y] as const);
    for (const face of [upsideDown, mirrored]) assert.equal(isUprightFace(face, SIZE), false);
    assert.equal(isUprightFace(FACE, { width: 60, height: 130 }), false);
  });

  it("finds the frame, says so, and makes the same upright crops from either", async () => {
    const pixels = new Pixels(await loadModule("image"));
    const photo = goldenPhoto("turned", 3, SIZE.height, SIZE.width);
    const expected = pixels.warp(photo, similarityFromLandmarks(FACE, 32), 32);
    for (const frame of ["stored", "upright"] as const) {
      await withFolder(async (dir) => {
        const [source, out] = [join(dir, "celeba"), join(dir, "out")];
        await writeTurned(source, frame, 16);
        const notices: string[] = [];
        const report = await preprocess(source, out, { ...OPTIONS, onNotice: (line) => notices.push(line) });
        assert.equal(report.done, 16);
        assert.equal(notices.length, 1);
        assert.match(notices[0], new RegExp(`^landmark frame: ${frame} \\(of 14 photos with an EXIF orientation`));
        const data = await openDataset(out);
        for (let i = 0; i < data.files.length; i++) {
          const crop = await decodeImage(await readFile(data.picture(i).path), data.files[i]);
          // Rounding differs a little if the matrix is composed with a turn.
          assertClose(crop.data, expected.data, { abs: 1, rel: 0 }, shapeIndex([32, 32, 4]));
          const moved = [...data.landmarks!.values.subarray(i * 10, i * 10 + 10)];
          assertClose(moved, [...data.landmarks!.values.subarray(0, 10)], { abs: 0, rel: 0 });
        }
        const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
        assert.equal(manifest.options.landmarkFrame, frame);
        // The other frame makes it another run.
        const other = frame === "stored" ? "upright" : "stored";
        await assert.rejects(preprocess(source, out, { ...OPTIONS, landmarkFrame: other }), /option 'landmarkFrame'/);
        assert.equal((await preprocess(source, out, { ...OPTIONS, landmarkFrame: frame })).skipped, 16);
      });
    }
  });

  it("refuses landmarks that fit neither frame, and only warns of a few", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const upsideDown = FACE.map(([x, y]) => [x, 129 - y] as const);
      await writeTurned(
        source,
        "upright",
        24,
        upsideDown.map(([x, y]) => [119 - x, 0.4 * y + x] as const),
      );
      await assert.rejects(preprocess(source, out, OPTIONS), (error: Error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /--landmark-frame auto: expected a frame that fits, received of 21 photos/);
        return true;
      });
      assert.equal(existsSync(out), false);
      const notices: string[] = [];
      await preprocess(source, out, { ...OPTIONS, limit: 5, onNotice: (line) => notices.push(line) });
      assert.match(notices.join(), /neither landmark frame fits well: of 4 photos/);
      assert.equal(existsSync(out), true);
    });
  });

  it("says nothing where no photo is turned", async () => {
    await withFolder(async (dir) => {
      await writeTurned(dir, "upright", 1);
      const notices: string[] = [];
      await preprocess(dir, join(dir, "out"), { ...OPTIONS, onNotice: (line) => notices.push(line) });
      assert.deepEqual(notices, []);
    });
  });
});
