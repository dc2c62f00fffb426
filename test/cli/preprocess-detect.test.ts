/** `elegant preprocess --detect` as a command: exit codes, JSON, the options that it refuses, and its way into the queue. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkWork } from "../../src/cli/queue-check.js";
import { admitJob, understandDivided } from "../../src/cli/queue-commands.js";
import { openRoot } from "../../src/queue/root.js";
import { paintedFiles, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { tarOf } from "../support/packed.js";
import type { Ended } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);

const FLAGS = ["--size", "32", "--workers", "1"];

const FOUND = ["--detect", "--min-score", "0.3"];

describe("elegant preprocess --detect", () => {
  it("ends with code 0, with 3 if photos have no face, and with 2 and nothing written if none has", () =>
    withFolder(async (dir) => {
      await writePhotos(join(dir, "good"), { "a.jpg": "one", "b.jpg": "two" });
      await writePhotos(join(dir, "mixed"), { "a.jpg": "one", "b.jpg": "none" });
      await writePhotos(join(dir, "bad"), { "b.jpg": "none" });
      const run = (name: string, ...more: string[]): Promise<Ended> =>
        elegant("preprocess", join(dir, name), join(dir, `${name}-out`), ...FLAGS, ...FOUND, "--json", ...more);
      const good = await run("good", "--faces", "all");
      assert.equal(good.code, 0, good.stderr);
      assert.equal(JSON.parse(good.stdout).done, 3);
      const mixed = await run("mixed");
      assert.equal(mixed.code, 3, mixed.stderr);
      const { done, failed, failures } = JSON.parse(mixed.stdout);
      assert.deepEqual([done, failed, failures[0].file], [1, 1, "b.jpg"]);
      const bad = await run("bad");
      assert.equal(bad.code, 2);
      assert.match(bad.stderr, /None of the 1 photos could be used\. The first: b\.jpg: expected a face/);
      assert.equal(existsSync(join(dir, "bad-out")), false);
    }));

  it("refuses options that need it, and options that it makes needless", () =>
    withFolder(async (dir) => {
      await writePhotos(dir, { "a.jpg": "one" });
      for (const [flags, expected] of [
        [["--faces", "all"], "--faces: expected --detect, which finds the faces, received no --detect."],
        [["--min-face", "9"], "--min-face: expected --detect"],
        [["--min-sharpness", "9"], "--min-sharpness: expected --detect"],
        [["--min-score", "0.9"], "--min-score: expected --detect"],
        [["--detect", "--faces", "some"], "--faces: expected one of largest, all, received 'some'."],
        [["--detect", "--crop", "0,0,9,9"], "--crop: expected one way to find the faces"],
        [
          ["--detect", "--landmark-frame", "stored"],
          "--landmark-frame: expected a list of landmarks, received --detect.",
        ],
      ] as const) {
        const { code, stderr } = await elegant("preprocess", dir, join(dir, "out"), ...flags);
        assert.equal(code, 2, stderr);
        assert.ok(stderr.includes(expected), stderr);
      }
      assert.equal(existsSync(join(dir, "out")), false);
    }));

  it("is admitted by queue workers on files within their folder, and checked before it is submitted", () =>
    withFolder(async (dir) => {
      const root = await openRoot(dir);
      await writeFile(join(dir, "x.tar"), await tarOf([{ name: "a.jpg", bytes: (await paintedFiles()).one }]));
      const admit = (...words: string[]): Promise<string> =>
        admitJob({ kind: "shard", argv: ["preprocess", "x.tar", "out", ...words], cwd: root }, ["--part", "0/2"], root);
      assert.equal(await admit("--detect", "--faces", "all", "--min-face", "20"), root);
      assert.equal(await admit("--landmarks", "out/photos/list_landmarks_celeba.txt"), root);
      await assert.rejects(admit("--landmarks", "../list.txt"), /--landmarks: expected a path within/);
      const check = async (...words: string[]): Promise<void> =>
        checkWork(await understandDivided(["preprocess", join(dir, "x.tar"), join(dir, "out"), ...words]), 2);
      await check("--detect");
      await assert.rejects(check("--faces", "all"), /--faces: expected --detect/);
      await assert.rejects(check(), /expected list_landmarks_celeba\.txt, received none/);
    }));
});
