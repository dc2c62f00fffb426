/** Damaged and odd photos through `elegant preprocess` and `elegant inspect`. */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatLandmarks } from "../../src/dataset/lists.js";
import { encodeJpeg } from "../../src/image/codec.js";
import { Random } from "../../src/random.js";
import { runHere } from "../support/in-process.js";
import { inserted, scanOf, without } from "../support/jpeg-samples.js";
import { imageSamples, mutate } from "../support/mutants.js";
import { goldenPhoto, PHOTO_POINTS, withFolder, writeSmallDataset } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";
import type { Ended } from "../support/spawn.js";

const COMMON = ["--size", "32", "--workers", "2", "--json"];

function preprocess(...args: readonly string[]): Promise<Ended> {
  return runHere(["preprocess", ...args, ...COMMON]);
}

interface Report {
  readonly done: number;
  readonly failed: number;
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Checks that a run over odd files is partly done, and that each failure names its file and describes the problem in
 * our own words.
 */
function checkReport({ code, stdout, stderr }: Ended, count: number): Report {
  assert.equal(code, 3, stderr);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.done + report.failed, count);
  for (const { file, reason } of report.failures) {
    assert.ok(reason.startsWith(`${file}: `), reason);
    assert.doesNotMatch(reason, /(Type|Range|Reference|Runtime)Error|Invalid typed array|undefined/, reason);
  }
  return report;
}

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
