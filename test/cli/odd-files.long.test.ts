/** Mutants of every format and odd files through `elegant preprocess`. */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatLandmarks } from "../../src/dataset/lists.js";
import { Random } from "../../src/random.js";
import { imageSamples, mutate } from "../support/mutants.js";
import { checkReport, preprocess } from "../support/odd-files.js";
import { PHOTO_POINTS, withFolder } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";

describe("odd files through preprocess", () => {
  it("gets through mutants of every format", async () => {
    await withFolder(async (dir) => {
      const images = join(dir, "mutants", "images");
      await mkdir(images, { recursive: true });
      const random = Random.fromSeed(5, "odd-files");
      const samples = await imageSamples(130);
      const files: string[] = [];
      for (let i = 0; i < 60; i++) {
        const { name, bytes } = samples[i % samples.length];
        files.push(`${String(i).padStart(3, "0")}-${name}`);
        await writeFile(join(images, files[i]), i < 10 ? bytes : mutate(bytes, random));
      }
      const values = Float64Array.from(files.flatMap(() => PHOTO_POINTS));
      await writeFile(join(dir, "mutants", "list_landmarks_celeba.txt"), formatLandmarks({ files, values }));
      const strict = checkReport(await preprocess(join(dir, "mutants"), join(dir, "strict")), 60);
      assert.ok(strict.done >= 10, `${strict.done} done`);
      const tolerant = checkReport(await preprocess(join(dir, "mutants"), join(dir, "tolerant"), "--tolerant"), 60);
      assert.ok(tolerant.done > strict.done, `${tolerant.done} done`);
    });
  });

  it("gets through the odd files, by a crop and by landmarks, strictly and tolerantly", async function () {
    const odd = sharedPath("faces/odd");
    if (odd === null) this.skip();
    const files = await readdir(odd);
    await withFolder(async (dir) => {
      const [cropped, listed] = [join(dir, "cropped"), join(dir, "listed")];
      for (const source of [cropped, listed]) await mkdir(source);
      await symlink(odd, join(cropped, "images"));
      await cp(odd, join(listed, "images"), { recursive: true });
      const values = Float64Array.from(files.flatMap(() => [10, 10, 22, 10, 16, 16, 11, 22, 21, 22]));
      await writeFile(join(listed, "list_landmarks_celeba.txt"), formatLandmarks({ files, values }));
      const done: number[] = [];
      for (const [i, flags] of [[], ["--tolerant"]].entries()) {
        const crop = await preprocess(cropped, join(dir, `crop${i}`), "--crop", "0,0,16,16", ...flags);
        done.push(checkReport(crop, files.length).done);
        checkReport(await preprocess(listed, join(dir, `points${i}`), ...flags), files.length);
      }
      assert.ok(done[0] >= 10 && done[1] > done[0], `${done.join(" and then ")} done`);
      console.log(`        ${files.length} odd files: ${done[0]} used strictly, ${done[1]} tolerantly`);
    });
  });
});
