/** Which landmarks can be a face: turned ones, real ones, and the errors of lists. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { landmarksAt, readLandmarks } from "../../src/dataset/lists.js";
import { MEAN_FACE } from "../../src/image/align.js";
import { landmarkProblem } from "../../src/image/landmarks.js";
import type { FivePoints } from "../../src/types.js";
import { sharedPath } from "../support/shared.js";

const FACE: FivePoints = [
  [20, 25],
  [42, 25],
  [31, 34],
  [23, 44],
  [40, 44],
];

function turned(points: FivePoints, degrees: number, scale = 1): FivePoints {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180) * scale, Math.sin((degrees * Math.PI) / 180) * scale];
  return points.map(([x, y]) => [cos * x - sin * y + 100, sin * x + cos * y + 50] as const);
}

const mirrored = (points: FivePoints): FivePoints => points.map(([x, y]) => [63 - x, y] as const);

describe("landmarks of a list", () => {
  it("are a face however it is turned, upside down too, and mirrored at no angle", () => {
    for (const face of [FACE, MEAN_FACE]) {
      for (let degrees = 0; degrees < 360; degrees += 15) {
        assert.equal(landmarkProblem(turned(face, degrees)), null, `${degrees} degrees`);
        assert.match(landmarkProblem(turned(mirrored(face), degrees)) ?? "a face", /^a mirrored face/, `${degrees}`);
      }
      assert.equal(landmarkProblem(turned(face, 10, 0.2)), null, "a small face");
      const exchanged = face.map(([x, y]) => [y, x] as const);
      assert.match(landmarkProblem(exchanged) ?? "a face", /x and y, are exchanged/);
    }
  });

  it("are a face in profile, and seen from above", () => {
    const squeezed = (across: number, along: number): FivePoints =>
      FACE.map(([x, y], i) => [31 + (x - 31) * across - (i === 2 ? 10 : 0), 34 + (y - 34) * along] as const);
    for (const across of [0.5, 0.2, 0.05, 0, -0.05]) assert.equal(landmarkProblem(squeezed(across, 1)), null);
    for (const along of [0.7, 0.5, 0.3]) {
      const seen = FACE.map(([x, y]) => [x, 34 + (y - 34) * along] as const);
      assert.equal(landmarkProblem(seen), null, `${along}`);
    }
  });

  it("are no face with the reason: zeros, one point, exchanged names, a line, a missing point", () => {
    const rows: readonly (readonly [string, RegExp])[] = [
      ["0 0 0 0 0 0 0 0 0 0", /the same point five times/],
      ["30 30 30 30 30 30 30 30 30 30", /the same point five times/],
      ["30 30 31 30 30 30 30 31 31 31", /within 3 pixels/],
      ["0.2 0.3 0.6 0.3 0.4 0.5 0.3 0.7 0.6 0.7", /within 3 pixels/],
      ["42 25 20 25 31 34 40 44 23 44", /a mirrored face/],
      ["42 25 20 25 31 34 23 44 40 44", /left and right eye exchanged/],
      ["20 25 42 25 31 34 40 44 23 44", /left and right corner of the mouth exchanged/],
      ["10 10 20 20 30 30 40 40 50 50", /one line/],
      ["20 25 42 25 31 25 23 25 40 25", /the mouth at the eyes/],
      ["20 25 42 25 0 0 23 44 40 44", /not arranged like a face/],
      ["200 250 420 250 310 340 230 440 0 0", /not arranged like a face|exchanged/],
      ["NaN 25 42 25 31 34 23 44 40 44", /no numbers/],
    ];
    for (const [row, reason] of rows) {
      const numbers = row.split(" ").map(Number);
      const points = Array.from({ length: 5 }, (_, i) => [numbers[i * 2], numbers[i * 2 + 1]] as const);
      assert.match(landmarkProblem(points) ?? "a face", reason, row);
    }
  });

  it("of real faces are faces", async function () {
    const dir = sharedPath("faces");
    if (dir === null) this.skip();
    for (const [set, count] of [
      ["celeba-landmarks", 113],
      ["in-the-wild", 69],
    ] as const) {
      const table = await readLandmarks(join(dir, set, "list_landmarks_celeba.txt"));
      assert.equal(table.files.length, count);
      for (const [i, file] of table.files.entries()) assert.equal(landmarkProblem(landmarksAt(table, i)), null, file);
    }
  });
});
