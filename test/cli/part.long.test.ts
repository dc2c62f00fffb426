/** `--part` of fid: the features of all parts together give the statistics of one machine. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { encodeNpy } from "../../src/interop/npy.js";
import { Random } from "../../src/random.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { goldenPhoto } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);

describe("cli/part", () => {
  it("saves a part's features, and merges them to the statistics and the score of one machine", () =>
    withFolder(async (dir) => {
      const at = (name: string): string => join(dir, name);
      await mkdir(at("a"));
      for (let i = 0; i < 260; i++) {
        const picture = goldenPhoto(`p${i}`, 4, 20 + (i % 7), 24);
        await writeFile(at(`a/${String(i).padStart(4, "0")}.png`), await encodePng(picture));
      }
      await writeFile(at("a/0100.png"), "damaged");
      const random = Random.fromSeed(5, "rows");
      const rows = Float32Array.from({ length: 100 * 64 }, () => random.normal());
      await writeFile(at("b.npy"), encodeNpy({ shape: [100, 64], data: rows }));
      const network = ["--features", "random-inception", "--dims", "64", "--no-cache", "--batch", "16"];
      const whole = await elegant("fid", at("a"), at("b.npy"), "--save-stats", at("whole.npz"), ...network, "--json");
      assert.equal(whole.code, 3, whole.stderr);
      for (const part of ["1/2", "0/2"]) {
        const words = ["fid", at("a"), "--save-features", at("f.npz"), "--part", part, ...network, "--json"];
        const { code, stdout, stderr } = await elegant(...words);
        assert.equal(code, part === "0/2" ? 3 : 0, stderr);
        assert.equal(JSON.parse(stdout).n[0], part === "0/2" ? 255 : 4);
      }
      const files = [at("f-part-1-of-2.npz"), at("f-part-0-of-2.npz")];
      const half = await elegant("merge", files[0], "--save-stats", at("s.npz"));
      assert.equal(half.code, 2);
      assert.match(half.stderr, /expected those of all 2 parts, received none of part 0/);
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
      assert.deepEqual([n, total, failures.length], [[259], 260, 1]);
      assert.deepEqual(await readFile(at("s.npz")), await readFile(at("whole.npz")), "statistics");
      for (const side of ["s.npz", "g.npz"]) {
        const { stdout } = await elegant("fid", at(side), at("b.npy"), "--json");
        assert.equal(JSON.parse(stdout).fid, JSON.parse(whole.stdout).fid, side);
      }
      const refused = await elegant("fid", at("a"), at("a"), "--part", "0/2", ...network);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /--save-features: expected a file, as --part is given/);
    }));
});
