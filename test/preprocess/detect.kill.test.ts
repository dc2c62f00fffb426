/** Kills preprocess runs that find several faces of a photo; what they leave is completed to the same bytes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random.js";
import { manyPhotos, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const KILLS = 8;
const PHOTOS = 160;

const argsOf = (source: string, out: string, format: string): string[] => [
  ...["preprocess", source, out, "--detect", "--faces", "all", "--min-score", "0.3", "--min-face", "20"],
  ...["--format", format, "--size", "48", "--photos-per-file", "8", "--workers", "2"],
];

const filesIn = (folder: string): number => (existsSync(folder) ? readdirSync(folder).length : 0);

/** Starts the command and kills it when `folder` has a number of files. Returns true if it was still running. */
function startAndKill(args: readonly string[], folder: string, files: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args], { stdio: "ignore" });
    const poll = setInterval(() => filesIn(folder) >= files && child.kill("SIGKILL"), 2);
    child.on("error", reject);
    child.on("close", (_, signal) => {
      clearInterval(poll);
      resolve(signal === "SIGKILL");
    });
  });
}

describe("a preprocess run with --detect", () => {
  it(`that is killed ${KILLS} times ends with the bytes of one that never stopped`, () =>
    withFolder(async (folder) => {
      const source = join(folder, "photos");
      await writePhotos(source, manyPhotos(PHOTOS));
      const random = Random.fromSeed(7, "detect kills");
      for (const format of ["jpg", "webdataset"]) {
        const [whole, killed] = ["whole", "killed"].map((name) => join(folder, `${format}-${name}`));
        const run = (out: string) => runNode(fromRoot("bin/elegant.js"), argsOf(source, out, format));
        const expected = await run(whole);
        assert.equal(expected.code, 3, expected.stderr);
        const part = (out: string): string => join(out, format === "jpg" ? "images" : "shards");
        const all = filesIn(part(whole));
        let kills = 0;
        while (kills < KILLS / 2) {
          const more = (all / KILLS) * random.uniform();
          if (!(await startAndKill(argsOf(source, killed, format), part(killed), filesIn(part(killed)) + more))) break;
          kills++;
        }
        assert.ok(kills >= 2, `${format}: ${kills} kills`);
        assert.equal((await run(killed)).code, 3);
        assert.deepEqual(await treeOf(killed), await treeOf(whole), format);
      }
    }));
});
