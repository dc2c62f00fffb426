/** Options under the names that they had before: they print the new name on stderr and do the same. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { writeSmallDataset } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);

/** The lines that name a new option. */
const notes = ({ stderr }: Ended): string[] => stderr.split("\n").filter((line) => line.startsWith("Note: "));

describe("options under their old names", () => {
  it("write the same packed files and parts, and say the new names once", () =>
    withFolder(async (dir) => {
      const [source, old, now] = ["src", "old", "now"].map((name) => join(dir, name));
      await writeSmallDataset(source, 20);
      const words = ["--size", "16", "--json"];
      const packed = ["--format=shard", "--shard-photos", "8", "--shard", "0/2"];
      const first = await elegant("preprocess", source, old, ...words, ...packed);
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(notes(first).sort(), [
        "Note: --format shard is now --format raw.",
        "Note: --shard is now --part.",
        "Note: --shard-photos is now --photos-per-file.",
      ]);
      const renamed = ["--format", "raw", "--photos-per-file", "8", "--part", "0/2"];
      const second = await elegant("preprocess", source, now, ...words, ...renamed);
      assert.deepEqual(notes(second), []);
      assert.equal(JSON.parse(first.stdout).done, 12);
      assert.equal(JSON.parse(second.stdout).done, 12);
      assert.deepEqual(await treeOf(old), await treeOf(now));
    }));

  it("are refused together with the new ones", async () => {
    for (const words of [
      ["synth", "x", "--shard", "0/2", "--part=0/2"],
      ["preprocess", "a", "b", "--format", "raw", "--format", "shard"],
      ["queue", "submit", "--parts", "2", "--shards", "2", "synth", "x"],
    ]) {
      const { code, stderr } = await elegant(...words);
      assert.equal(code, 2, words.join(" "));
      assert.match(stderr, /^elegant: --\S+: expected without --\S+, received both\./);
    }
  });

  it("are not in the help", async () => {
    for (const words of [["preprocess"], ["synth"], ["queue", "submit"]]) {
      assert.doesNotMatch((await elegant(...words, "--help")).stdout, /shard/i);
    }
  });
});
