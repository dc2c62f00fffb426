import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto, writeSmallDataset } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const elegant = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);

/** Runs `body` with variables of the environment. */
async function withEnvironment<T>(values: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  try {
    return await body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

describe("cli/shard", function () {
  this.timeout(240_000);

  it("preprocesses a part, says where it was told, and merges", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      await writeSmallDataset(at("src"), 520);
      const words = ["--size", "16", "--json"];
      assert.equal((await elegant("preprocess", at("src"), at("whole"), ...words)).code, 0);
      const first = await elegant("preprocess", at("src"), at("out"), ...words, "--shard", "1/2");
      assert.match(first.stderr, /^shard 1\/2, from --shard$/m);
      assert.equal(JSON.parse(first.stdout).done, 256);
      const early = await elegant("merge", at("out"));
      assert.equal(early.code, 2);
      assert.match(early.stderr, /^elegant: .*expected 2 finished parts, received no part-0-of-2/);
      const array = { SLURM_ARRAY_TASK_ID: "5", SLURM_ARRAY_TASK_MIN: "5", SLURM_ARRAY_TASK_COUNT: "2" };
      const second = await withEnvironment(array, () => elegant("preprocess", at("src"), at("out"), ...words));
      assert.match(second.stderr, /^shard 0\/2, from SLURM_ARRAY_TASK_ID$/m);
      const merged = await elegant("merge", at("out"), "--json");
      assert.deepEqual(JSON.parse(merged.stdout), { out: at("out"), parts: 2, done: 520, failed: 0, failures: [] });
      assert.deepEqual(await treeOf(at("out")), await treeOf(at("whole")));
      const wrong = await elegant("preprocess", at("src"), at("x"), "--shard", "2/2");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /--shard.*expected i\/n with i from 0 to n - 1, received '2\/2'/);
    }));

  it("paints the photos of a shard, and all shards together the data set of one machine", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      const words = ["--count", "258", "--seed", "3"];
      assert.equal((await elegant("synth", at("whole"), ...words)).code, 0);
      const painted = await Promise.all(
        ["0/2", "1/2"].map((shard) => elegant("synth", at("shared"), ...words, "--shard", shard, "--json")),
      );
      for (const { code, stderr } of painted) assert.equal(code, 0, stderr);
      assert.deepEqual(
        painted.map(({ stdout }) => JSON.parse(stdout).painted),
        [256, 2],
      );
      assert.deepEqual(await treeOf(at("shared")), await treeOf(at("whole")));
    }));

  it("saves a shard's features, and merges them to the bits of one machine", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      await mkdir(at("a"));
      for (let i = 0; i < 300; i++) {
        const picture = goldenPhoto(`p${i}`, 4, 20 + (i % 7), 24);
        await writeFile(at(`a/${String(i).padStart(4, "0")}.png`), await encodePng(picture));
      }
      await writeFile(at("a/0100.png"), "damaged");
      const network = ["--features", "random-inception", "--dims", "64", "--no-cache", "--batch", "16"];
      await withEnvironment({ XDG_CACHE_HOME: at("cache") }, async () => {
        const whole = await elegant("fid", at("a"), "--save-stats", at("whole.npz"), ...network);
        assert.match(whole.stderr, /skipped/);
        const rows = await elegant("fid", at("a"), "--save-features", at("rows.npz"), ...network);
        assert.equal(rows.code, 3, rows.stderr);
        for (const shard of ["1/2", "0/2"]) {
          const ended = await elegant(
            "fid",
            at("a"),
            "--save-features",
            at("f.npz"),
            "--shard",
            shard,
            ...network,
            "--json",
          );
          assert.equal(ended.code, shard === "0/2" ? 3 : 0, ended.stderr);
          assert.equal(JSON.parse(ended.stdout).n[0], shard === "0/2" ? 255 : 44);
        }
        const files = [at("f-part-1-of-2.npz"), at("f-part-0-of-2.npz")];
        const half = await elegant("merge", files[0], "--save-stats", at("s.npz"));
        assert.equal(half.code, 2);
        assert.match(half.stderr, /expected those of all 2 shards, received none of shard 0/);
        const both = await elegant(
          "merge",
          ...files,
          "--save-stats",
          at("s.npz"),
          "--save-features",
          at("g.npz"),
          "--json",
        );
        assert.equal(both.code, 3, both.stderr);
        const { n, total, failures } = JSON.parse(both.stdout);
        assert.deepEqual([n, total, failures.length], [[299], 300, 1]);
        assert.deepEqual(await readFile(at("s.npz")), await readFile(at("whole.npz")), "statistics");
        assert.deepEqual(await readFile(at("g.npz")), await readFile(at("rows.npz")), "features");
        const score = async (side: string): Promise<number> => {
          const { stdout, stderr } = await elegant("fid", side, at("rows.npz"), ...network, "--json");
          assert.notEqual(stdout, "", stderr);
          return JSON.parse(stdout).fid;
        };
        const [folder, merged, features] = [await score(at("a")), await score(at("s.npz")), await score(at("g.npz"))];
        assert.equal(merged, folder);
        assert.ok(Math.abs(features - folder) <= 1e-9, `${features}, ${folder}`);
        const refused = await elegant("fid", at("a"), at("a"), "--shard", "0/2", ...network);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /--save-features: expected a file, as --shard is given/);
      });
    }));
});
