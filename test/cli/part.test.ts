/** `--part` of preprocess, synth and swap: the parts of all machines together equal the work of one. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { withEnvironment } from "../support/environment.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { goldenPhoto, writeSmallDataset } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);

/** A machine that works at the same time as others. */
const machine = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);

describe("cli/part", () => {
  it("preprocesses a part, says where the part was set, and merges", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      await writeSmallDataset(at("src"), 520);
      const words = ["--size", "16", "--json"];
      assert.equal((await elegant("preprocess", at("src"), at("whole"), ...words)).code, 0);
      const first = await elegant("preprocess", at("src"), at("out"), ...words, "--part", "1/2");
      assert.match(first.stderr, /^part 1\/2, from --part$/m);
      assert.equal(JSON.parse(first.stdout).done, 256);
      const early = await elegant("merge", at("out"));
      assert.equal(early.code, 2);
      assert.match(early.stderr, /^elegant: .*expected 2 finished parts, received no part-0-of-2/);
      const array = { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "2" };
      const second = await withEnvironment(array, () => elegant("preprocess", at("src"), at("out"), ...words));
      assert.match(second.stderr, /^part 0\/2, from SLURM_ARRAY_TASK_ID$/m);
      const other = await elegant("preprocess", at("src"), at("out"), ...words, "--part", "1/3");
      assert.equal(other.code, 2);
      assert.match(other.stderr, /--part: expected a part of 2, as .*out has others, received 1\/3\. Give --part i\/n/);
      const merged = await elegant("merge", at("out"), "--json");
      assert.deepEqual(JSON.parse(merged.stdout), { out: at("out"), parts: 2, done: 520, failed: 0, failures: [] });
      assert.deepEqual(await treeOf(at("out")), await treeOf(at("whole")));
      const wrong = await elegant("preprocess", at("src"), at("x"), "--part", "2/2");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /--part.*expected i\/n with i from 0 to n - 1, received '2\/2'/);
    }));

  it("paints the photos of a part into a folder that machines share", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      const words = ["--count", "258", "--seed", "3", "--json"];
      // The second of any number of machines has two of 258 photos, and the third has none.
      const ended = await Promise.all([
        machine("synth", at("shared"), ...words, "--part", "1/3"),
        machine("synth", at("shared"), ...words, "--part", "2/3"),
        machine("synth", at("other"), ...words, "--part", "1/2"),
      ]);
      for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
      assert.deepEqual(
        ended.map(({ stdout }) => JSON.parse(stdout).painted),
        [2, 0, 2],
      );
      assert.deepEqual(await readdir(at("shared/images")), ["000257.jpg", "000258.jpg"]);
      assert.deepEqual(await treeOf(at("shared")), await treeOf(at("other")));
    }));

  it("edits the inputs of a part, under the names that they have among all", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      await writeFile(at("face.png"), await encodePng(goldenPhoto("face", 3, 64, 64)));
      // Machines get 16 at a time, so the second has two of 18.
      const inputs = Array.from({ length: 18 }, () => at("face.png"));
      const model = fromRoot("assets/painted-64.safetensors");
      const words = ["--model", model, "--attribute", "Eyeglasses", "--reference", at("face.png"), "--out", at("out")];
      const ended = await elegant("swap", ...words, "--part", "1/2", "--json", "--input", ...inputs);
      assert.equal(ended.code, 0, ended.stderr);
      const names = ["face-17-Eyeglasses.png", "face-18-Eyeglasses.png", "sheet-part-1-of-2.png"];
      assert.deepEqual(await readdir(at("out")), names);
      const none = await elegant("swap", ...words, "--part", "2/3", "--json", "--input", ...inputs);
      assert.deepEqual(JSON.parse(none.stdout).outputs, []);
    }));
});
