/** Reading and writing transforms.json. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AlignedFace, findTransform, formatTransforms, TRANSFORMS_FILE } from "../../src/detection/transforms.js";
import { InputError } from "../../src/errors.js";
import { withFolder } from "../support/folder.js";

const face: AlignedFace = {
  crop: "me.jpg",
  photo: "/photos/me and you.jpg",
  photoSize: [640, 480],
  size: 256,
  matrix: [1.5, 0.1, -20.25, -0.1, 1.5, 3],
  points: [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10.5],
  ],
  score: 0.75,
};

describe("image/transforms", () => {
  it("gives back what was written, and nothing for a picture that it does not know", async () => {
    await withFolder(async (dir) => {
      assert.equal(await findTransform(join(dir, "me.jpg")), null);
      await writeFile(join(dir, TRANSFORMS_FILE), formatTransforms([{ ...face, crop: "other.jpg" }, face]));
      assert.deepEqual(await findTransform(join(dir, "me.jpg")), face);
      assert.equal(await findTransform(join(dir, "you.jpg")), null);
    });
  });

  for (const [what, text, message] of [
    ["is no JSON", "{", /expected a file that elegant align wrote/],
    ["is something else", '{"format":"x","faces":[]}', /at format/],
    ["misses a number", formatTransforms([face]).replace("-20.25,", ""), /at faces\.0\.matrix/],
  ] as const) {
    it(`refuses a file that ${what}`, async () => {
      await withFolder(async (dir) => {
        await writeFile(join(dir, TRANSFORMS_FILE), text);
        const refused = (error: unknown): boolean => error instanceof InputError && message.test(error.message);
        await assert.rejects(findTransform(join(dir, "me.jpg")), refused);
      });
    });
  }
});
