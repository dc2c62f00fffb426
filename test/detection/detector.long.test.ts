/** The face detector on real photos with given landmarks. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { landmarksAt, readLandmarks } from "../../src/dataset/lists.js";
import { decodeImage } from "../../src/image/codec.js";
import { disagreement, FIND } from "../support/disagreement.js";
import { sharedPath } from "../support/shared.js";
import { useDetector } from "../support/use-detection.js";

describe("detection/detector", () => {
  const detector = useDetector();

  it("agrees with the given landmarks within 6 px at 256 on 62 of 69 photos", async function () {
    const folder = sharedPath("faces/in-the-wild");
    if (folder === null) return this.skip();
    const table = await readLandmarks(join(folder, "list_landmarks_celeba.txt"));
    const distances = new Map<string, number>();
    for (const [i, file] of table.files.entries()) {
      const photo = await decodeImage(await readFile(join(folder, "images", file)), file);
      const [largest] = await detector().detect(photo, FIND);
      if (largest !== undefined) distances.set(file, disagreement(landmarksAt(table, i), largest.points));
    }
    const within = [...distances.values()].filter((distance) => distance <= 6).length;
    const worst = [...distances].filter(([, distance]) => distance > 6);
    assert.equal(table.files.length, 69);
    assert.ok(within >= 62, `${within} of 69; ${worst.map(([file, d]) => `${file} ${d.toFixed(1)}`).join(", ")}`);
  });
});
