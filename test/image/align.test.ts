/** The alignment against the published code's matrices and OpenCV's pixels. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import {
  invertAffine,
  MEAN_FACE,
  similarityFromEyes,
  similarityFromLandmarks,
  transformPoint,
} from "../../src/image/align.js";
import { Pixels } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import type { FivePoints } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { goldenPhoto } from "../support/pictures.js";
import { fromRoot } from "../support/spawn.js";

interface GoldenCase {
  readonly photo: string;
  readonly height: number;
  readonly width: number;
  readonly size: number;
  readonly landmarks: FivePoints;
  readonly matrix: readonly (readonly number[])[];
  readonly mean: number;
  readonly zeros: number;
  readonly at: readonly (readonly [index: number, value: number])[];
}

describe("image/align", () => {
  // The published alignment of one photo, by OpenCV in float64 (golden/align.json, case 3 and the matrix of its
  // pixels).
  const POINTS: FivePoints = [
    [706, 410],
    [964, 460],
    [811, 587],
    [680, 700],
    [892, 723],
  ];
  const MATRIX = [
    0.28386583619682904, 0.04904613239029721, -130.57242670229232, -0.04904613239029721, 0.28386583619682904,
    25.333618154884086,
  ];

  it("gives the published matrix", () => {
    assertClose(similarityFromLandmarks(POINTS, 256), MATRIX, { abs: 1e-9, rel: 1e-11 });
    assertClose(
      similarityFromLandmarks(POINTS, 128),
      MATRIX.map((value) => value / 2),
      { abs: 1e-9, rel: 1e-11 },
    );
  });

  it("takes the mean face to itself and two eyes exactly to the mean eyes, 70 px apart", () => {
    assertClose(similarityFromLandmarks(MEAN_FACE, 256), [1, 0, 0, 0, 1, 0], { abs: 1e-12, rel: 0 });
    const matrix = similarityFromEyes(
      [
        [10, 20],
        [50, 60],
      ],
      256,
    );
    const left = transformPoint(matrix, 10, 20);
    const right = transformPoint(matrix, 50, 60);
    assertClose([...left, ...right], [...MEAN_FACE[0], ...MEAN_FACE[1]], { abs: 1e-10, rel: 0 });
    assertClose([Math.hypot(right[0] - left[0], right[1] - left[1]), left[1]], [70, 256 / 2.42], { abs: 1e-3, rel: 0 });
  });

  it("inverts, and refuses points that coincide or are no numbers", () => {
    const matrix = similarityFromLandmarks(POINTS, 256);
    const [x, y] = transformPoint(invertAffine(matrix), ...transformPoint(matrix, 12.5, 700));
    assertClose([x, y], [12.5, 700], { abs: 1e-9, rel: 0 });
    const same: FivePoints = [
      [3, 3],
      [3, 3],
      [3, 3],
      [3, 3],
      [3, 3],
    ];
    assert.throws(() => similarityFromLandmarks(same, 256), /Landmarks: expected 5 distinct points/);
    assert.throws(
      () =>
        similarityFromEyes(
          [
            [1, Number.NaN],
            [3, 4],
          ],
          256,
        ),
      /expected 2 distinct points/,
    );
    assert.throws(() => invertAffine([1, 2, 0, 2, 4, 0]), /expected an invertible one, received determinant 0/);
  });

  it("warps as OpenCV does, for each golden case", async () => {
    const path = fromRoot("test/fixtures/align.json");
    const { seed, cases } = JSON.parse(await readFile(path, "utf8")) as { seed: number; cases: GoldenCase[] };
    const pixels = new Pixels(await loadModule("image"));
    for (const { photo, height, width, size, landmarks, matrix, mean, zeros, at } of cases) {
      const found = similarityFromLandmarks(landmarks, size);
      assertClose(found, matrix.flat(), { abs: 1e-9, rel: 1e-10 }, (index) => `matrix entry ${index} of ${photo}`);
      const { data } = pixels.warp(goldenPhoto(photo, seed, height, width), found, size);
      const rgb = Array.from(data).filter((_, i) => i % 4 !== 3);
      const name = shapeIndex([size, size, 3]);
      const indices = at.map(([index]) => index);
      const describeIndex = (i: number): string => `${photo} ${name(indices[i])}`;
      assertClose(
        indices.map((i) => rgb[i]),
        at.map(([, value]) => value),
        { abs: 3, rel: 0 },
        describeIndex,
      );
      assertClose(
        [rgb.reduce((sum, v) => sum + v, 0) / rgb.length],
        [mean],
        { abs: 0.1, rel: 0 },
        () => `mean of ${photo}`,
      );
      const outside = Array.from({ length: size * size }, (_, i) => rgb[i * 3] + rgb[i * 3 + 1] + rgb[i * 3 + 2] === 0);
      const black = outside.filter(Boolean).length;
      assertClose([black], [zeros], { abs: 10, rel: 0.02 }, () => `zeros of ${photo}`);
    }
  });
});
