/** Damaged photos through `elegant preprocess` and `elegant inspect`. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeJpeg } from "../../src/image/codec.js";
import { runHere } from "../support/in-process.js";
import { inserted, scanOf, without } from "../support/jpeg-samples.js";
import { checkReport, preprocess } from "../support/odd-files.js";
import { goldenPhoto, withFolder, writeSmallDataset } from "../support/pictures.js";

async function recordsOf(out: string): Promise<{ file: string; damaged?: string }[]> {
  const text = await readFile(join(out, "manifest.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("odd files through preprocess", () => {
  it("uses damaged photos with --tolerant alone, and notes what is wrong in the records", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const files = await writeSmallDataset(source, 6);
      for (const [i, cut] of [
        [0, 0.6],
        [1, 0.6],
        [2, 0.99],
      ] as const) {
        const path = join(source, "images", files[i]);
        const bytes = await readFile(path);
        await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * cut)));
      }
      const strict = checkReport(await preprocess(source, out), 6);
      assert.deepEqual(
        strict.failures.map(({ file }) => file),
        files.slice(0, 3),
      );
      assert.match(strict.failures[0].reason, /damaged or unsupported JPEG: Premature end of JPEG file/);
      assert.match(strict.failures[1].reason, /damaged or unsupported PNG: the file ends within its IDAT chunk/);
      // Running it again with --tolerant adds the photos that failed.
      const tolerant = await preprocess(source, out, "--tolerant");
      assert.equal(tolerant.code, 0, tolerant.stderr);
      assert.equal(JSON.parse(tolerant.stdout).done, 3);
      const records = await recordsOf(out);
      assert.equal(records.length, 6);
      for (const { file, damaged } of records) {
        assert.equal(damaged !== undefined, files.indexOf(file) < 3, `${file}: ${damaged}`);
      }
      assert.match(records.find(({ file }) => file === files[1])?.damaged ?? "", /the file ends within its IDAT chunk/);
    });
  });

  it("sees image data that were lost or doubled above the face, and so does inspect --check", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const files = await writeSmallDataset(source, 6);
      for (const [i, kind] of [
        [0, "lost"],
        [2, "doubled"],
      ] as const) {
        const path = join(source, "images", files[i]);
        const bytes = await readFile(path);
        const scan = scanOf(bytes);
        const at = scan + ((bytes.length - scan) >> 2);
        const mutant = kind === "lost" ? without(bytes, at, 100) : inserted(bytes, at, bytes.subarray(at - 100, at));
        await writeFile(path, mutant);
      }
      const strict = checkReport(await preprocess(source, out), 6);
      assert.deepEqual(
        strict.failures.map(({ file }) => file),
        [files[0], files[2]],
      );
      assert.equal(JSON.parse((await preprocess(source, out, "--tolerant")).stdout).done, 2);
      const damaged = (await recordsOf(out)).filter((record) => record.damaged !== undefined);
      assert.deepEqual(damaged.map(({ file }) => file).sort(), [files[0], files[2]]);
      const inspected = await runHere(["inspect", source, "--check", "--no-sheet", "--json"]);
      assert.equal(inspected.code, 3, inspected.stderr);
      const { problems } = JSON.parse(inspected.stdout) as { readonly problems: readonly { readonly file: string }[] };
      assert.deepEqual(problems.map(({ file }) => file).sort(), [files[0], files[2]]);
    });
  });

  it("limits pixels by --max-pixels and refuses a frame that does not exist", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const [file] = await writeSmallDataset(source, 3);
      await writeFile(join(source, "images", file), await encodeJpeg(goldenPhoto("large", 1, 300, 200), 90));
      const { failures } = checkReport(await preprocess(source, out, "--max-pixels", "20000"), 3);
      assert.match(failures[0].reason, /image too large: expected at most 0\.02 megapixels, received 200 x 300/);
      const wrong = await preprocess(source, out, "--landmark-frame", "sideways");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /auto, stored, upright/);
    });
  });
});
