/** Which jobs a queue worker accepts, with paths and links that try to leave its folder. */
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { admitJob } from "../../src/cli/queue-commands.js";
import { InputError } from "../../src/errors.js";
import { followLinks, isWithin, openRoot } from "../../src/queue/root.js";
import { withFolder } from "../support/folder.js";
import { elegant } from "../support/queue.js";

const ADDED = ["--part", "0/2", "--json"];

/** Makes a root with a folder `sub`, and next to it a folder `outside`. Links lead out of the root in every way. */
async function withRoot(body: (root: string, outside: string) => Promise<void>): Promise<void> {
  await withFolder(async (dir) => {
    const [root, outside] = [join(dir, "root"), join(dir, "outside")];
    for (const path of [root, join(root, "sub"), outside]) await mkdir(path);
    await symlink(outside, join(root, "link"));
    await symlink(join(outside, "new"), join(root, "dangling"));
    await symlink("circle", join(root, "circle"));
    await symlink("sub", join(root, "within"));
    await body(await openRoot(root), await openRoot(outside));
  });
}

describe("a worker's admission", () => {
  it("takes the four commands and their merges on files within its folder", () =>
    withRoot(async (root, outside) => {
      for (const argv of [
        ["preprocess", "CelebA", "faces", "--size", "64", "--images", "photos"],
        ["preprocess", join(root, "CelebA"), "sub/../faces", "--crop", "20,30,216,216"],
        ["synth", ".", "--count", "3"],
        ["synth", "within/faces"],
        [
          "swap",
          "--model",
          "m",
          "--input",
          "a.png",
          "b.png",
          "--attribute",
          "Bangs",
          "--reference",
          "r.png",
          "--out=o",
        ],
        ["fid", "real", "--save-features", "f.npz", "--save-stats", "sub/s.npz"],
      ]) {
        assert.equal(await admitJob({ kind: "shard", argv, cwd: root }, ADDED, root), root, argv.join(" "));
      }
      const below = await admitJob({ kind: "shard", argv: ["synth", "../x"], cwd: join(root, "within") }, ADDED, root);
      assert.equal(below, join(root, "sub"), "the folder that the link leads to");
      for (const argv of [
        ["merge", "faces"],
        ["merge", "a.npz", "b.npz", "--save-features", "f.npz"],
      ]) {
        await admitJob({ kind: "merge", argv, cwd: root }, ["--json"], root);
      }
      await assert.rejects(
        admitJob({ kind: "merge", argv: ["merge", "a.npz", "--save-stats", `${outside}/s.npz`], cwd: root }, [], root),
        /merge --save-stats: expected a path within the worker's --root/,
      );
    }));

  const swap = "swap --model m --input a.png --attribute Bangs --reference r.png --out o".split(" ");

  const change = (option: string, value: string): string[] =>
    swap.map((word, i) => (swap[i - 1] === option ? value : word));

  const outOf = (option: string): RegExp =>
    new RegExp(`^${option}: expected a path within the worker's --root .*, received '.*'\\. Submit from within`);

  const refused: readonly (readonly [string, (outside: string) => readonly string[], RegExp])[] = [
    ["another program", () => ["rm", "-rf", "."], /^command: expected preprocess, synth, swap or fid .*received 'rm'/],
    ["a path as the command", () => ["/bin/sh", "-c", "id"], /^command: expected .*, received '\/bin\/sh'/],
    ["nothing", () => [], /^command: expected .*, received none/],
    ["a command of ours that is none of the four", () => ["export", "m", "x"], /^command: .*received 'export'/],
    ["a queue in the queue", () => ["queue", "work"], /^command: .*received 'queue'/],
    ["a merge as a part", () => ["merge", "faces"], /^command: .*received 'merge'/],
    ["an option before the command", () => ["--json", "synth", "x"], /^command: .*received '--json'/],
    ["an unknown option", () => ["synth", "x", "--config", "c.json"], /^unknown option '--config'/],
    ["an option of Node.js", () => ["synth", "x", "--require=./evil.cjs"], /^unknown option '--require=/],
    ["an argument too many", () => ["synth", "x", "y"], /^synth: expected 1 argument, received 2/],
    ["a value that the option does not take", () => ["synth", "x", "--count", "-1"], /^--count: expected an integer/],
    ["a part of its own", () => ["synth", "x", "--part", "1/2"], /^--part: expected none, received 1\/2/],
    ["words that hide the worker's own", () => ["synth", "x", "--"], /^synth: expected 1 argument, received/],
    [
      "help",
      () => ["synth", "--help"],
      /^command: expected work, received one that prints its help\. Run 'elegant synth --help' for it\.$/,
    ],
    ["fid without --save-features", () => ["fid", "a", "b"], /^fid: expected FOLDER --save-features FILE\.npz/],
    ["a zero byte", () => ["synth", "x\0/etc"], /^job: expected texts, received one with a zero byte/],
    ["..", () => ["synth", "../x"], outOf("synth DIR")],
    ["deep ..", () => ["preprocess", "sub", "sub/../../../x"], outOf("preprocess OUT")],
    ["an absolute path", () => ["preprocess", "/etc", "o"], outOf("preprocess SRC")],
    ["an absolute option", () => change("--model", "/etc/m"), outOf("swap --model")],
    ["an option with =", () => ["fid", "a", "--save-features=/etc/x.npz"], outOf("fid --save-features")],
    ["one of several files", () => [...change("--input", "a.png"), "--input", "../b.png"], outOf("swap --input")],
    [
      "--save-stats",
      () => ["fid", "a", "--save-features", "f.npz", "--save-stats", "../s.npz"],
      outOf("fid --save-stats"),
    ],
    ["--weights", () => ["fid", "a", "--save-features", "f.npz", "--weights", "/etc/passwd"], outOf("fid --weights")],
    ["a link out", () => change("--out", "link"), outOf("swap --out")],
    ["a new file behind a link", () => change("--out", "link/new/deep"), outOf("swap --out")],
    ["a link to what is not there", () => ["synth", "dangling"], outOf("synth DIR")],
    ["a folder behind such a link", () => ["synth", "dangling/x"], outOf("synth DIR")],
    ["a link and ..", () => ["synth", "link/../x"], outOf("synth DIR")],
    ["a circle of links", () => ["synth", "circle"], /received links in a circle/],
    ["images outside of SRC's root", () => ["preprocess", ".", "o", "--images", "../p"], outOf("preprocess --images")],
    ["an absolute root's brother", (outside) => ["synth", outside], outOf("synth DIR")],
    ["a URL", () => ["synth", "https://host/x"], /^DIR: expected the path of a file or folder, received the URL/],
  ];

  for (const [what, words, message] of refused) {
    it(`refuses ${what}`, () =>
      withRoot(async (root, outside) => {
        await assert.rejects(admitJob({ kind: "shard", argv: words(outside), cwd: root }, ADDED, root), (error) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, message);
          return true;
        });
      }));
  }

  it("refuses folders in which links lead out", () =>
    withRoot(async (root, outside) => {
      await mkdir(join(root, "out"));
      await symlink(outside, join(root, "out", "images"));
      await symlink(join(root, "sub"), join(root, "sub", "inner"));
      for (const argv of [
        ["synth", "out"],
        ["preprocess", "out", "new"],
        ["preprocess", "sub", "out"],
      ]) {
        const offered = { kind: "shard", argv, cwd: root } as const;
        await assert.rejects(admitJob(offered, ADDED, root), /InputError: .* received '.*out\/images'\. Submit from/);
      }
      await admitJob({ kind: "shard", argv: ["synth", "sub"], cwd: root }, ADDED, root);
    }));

  it("refuses links that lead out of the folders of CelebA's downloads", () =>
    withRoot(async (root, outside) => {
      for (const [folder, link] of [
        ["kaggle", "img_align_celeba"],
        ["authors/Img", "img_celeba"],
      ]) {
        await mkdir(join(root, folder), { recursive: true });
        await symlink(outside, join(root, folder, link));
        const offered = { kind: "shard", argv: ["preprocess", folder.split("/")[0], "new"], cwd: root } as const;
        await assert.rejects(admitJob(offered, ADDED, root), new RegExp(`received '.*${link}'\\. Submit from`));
      }
    }));

  it("reads --images from the folder of SRC", () =>
    withRoot(async (root) => {
      // Within the root from the working folder, and out of it from SRC.
      const argv = ["preprocess", "..", "o", "--images", "../photos"];
      await assert.rejects(admitJob({ kind: "shard", argv, cwd: join(root, "sub") }, ADDED, root), {
        message: outOf("preprocess --images"),
      });
    }));

  it("runs a job from elsewhere in its own folder if all paths are absolute", () =>
    withRoot(async (root, outside) => {
      const argv = ["preprocess", join(root, "sub"), join(root, "o"), "--images", "photos"];
      assert.equal(await admitJob({ kind: "shard", argv, cwd: outside }, ADDED, root), root);
    }));

  it("refuses a working folder outside its root", () =>
    withRoot(async (root, outside) => {
      for (const cwd of [outside, "/", join(root, ".."), join(root, "link"), "../outside"]) {
        const offered = { kind: "shard", argv: ["synth", "x"], cwd } as const;
        await assert.rejects(admitJob(offered, ADDED, root), { message: outOf("the job's folder") }, cwd);
      }
    }));

  it("follows links as the file system does", () =>
    withRoot(async (root, outside) => {
      assert.equal(await followLinks(root, "within/../new"), join(root, "new"));
      assert.equal(await followLinks(root, "link/../x"), join(outside, "../x"));
      assert.equal(await followLinks(root, "dangling/deep"), join(outside, "new/deep"));
      assert.ok(await isWithin(root, root, "..hidden"));
      assert.ok(!(await isWithin(root, root, "../rootless")));
    }));
});

describe("elegant queue work", () => {
  it("refuses a --root that is no folder", () =>
    withFolder(async (dir) => {
      await writeFile(join(dir, "file"), "");
      const { code, stderr } = await elegant("queue", "work", "--root", join(dir, "file"));
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^elegant: --root .*file: expected a folder, received a file\. Name the folder of the data\.\n$/,
      );
    }));
});
