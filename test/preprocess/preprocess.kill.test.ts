/** Kills preprocess runs at random moments, fills their disk, and starts two at the same time. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../../src/random.js";
import { resizeDisk, withSmallDisk } from "../support/disk.js";
import { withFolder } from "../support/folder.js";
import { writeSmallDataset } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const KILLS = 50;
const PHOTOS = 480;
const FORMATS = ["jpg", "raw", "webdataset"] as const;

const argsOf = (source: string, out: string, format: string): string[] => [
  ...["preprocess", source, out, "--format", format, "--size", "48", "--photos-per-file", "24", "--workers", "2"],
];
const preprocess = (source: string, out: string, format: string): Promise<Ended> =>
  runNode(fromRoot("bin/elegant.js"), argsOf(source, out, format));

const filesIn = (folder: string): number => (existsSync(folder) ? readdirSync(folder).length : 0);

/**
 * Starts the command and kills it when `folder` has a number of files, or after some milliseconds. Returns true if it
 * was still running. Files are counted, because a busy machine may take seconds to start it.
 */
function startAndKill(args: readonly string[], folder: string, files: number, milliseconds: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args], { stdio: "ignore" });
    const poll = setInterval(() => filesIn(folder) >= files && child.kill("SIGKILL"), 2);
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("error", reject);
    child.on("close", (_, signal) => {
      clearTimeout(timer);
      clearInterval(poll);
      resolve(signal === "SIGKILL");
    });
  });
}

describe("a preprocess run", () => {
  it(`that is killed ${KILLS} times with SIGKILL at random moments ends with the bytes of one that never stopped`, () =>
    withFolder(async (folder) => {
      const source = join(folder, "celeba");
      const files = await writeSmallDataset(source, PHOTOS);
      await rm(join(source, "images", files[30]));
      await writeFile(join(source, "images", files[100]), "no picture");
      const random = Random.fromSeed(11, "kills");
      let kills = 0;
      for (const [i, format] of FORMATS.entries()) {
        const [whole, killed] = ["whole", "killed"].map((name) => join(folder, `${format}-${name}`));
        const expected = await preprocess(source, whole, format);
        assert.equal(expected.code, 3, expected.stderr);
        const seen = new Set<number>();
        const enough = Math.ceil(((i + 1) * KILLS) / FORMATS.length);
        const part = join(killed, format === "jpg" ? "images" : "shards");
        const stride = format === "jpg" ? 50 : 5;
        while (kills < enough) {
          // One in four is killed while it starts, the others after some more files; when nothing is left to do, while
          // it finds that out.
          const early = random.uniform() < 0.25 || filesIn(part) > 0.9 * filesIn(part.replace(killed, whole));
          const [files, milliseconds] = early
            ? [Infinity, 400 * random.uniform()]
            : [filesIn(part) + 1 + stride * random.uniform(), 60_000];
          if (await startAndKill(argsOf(source, killed, format), part, files, milliseconds)) kills++;
          seen.add(filesIn(part));
        }
        assert.ok(seen.size >= 6, `${format}: kills at ${[...seen]} files only`);
        assert.equal((await preprocess(source, killed, format)).code, 3);
        assert.deepEqual(await treeOf(killed), await treeOf(whole), format);
      }
    }));

  it("ends with code 4 if the disk is full, and continues to the same bytes when there is room", function () {
    return withFolder(async (folder) => {
      const source = join(folder, "celeba");
      await writeSmallDataset(source, 240);
      for (const format of FORMATS) {
        const whole = join(folder, format);
        assert.equal((await preprocess(source, whole, format)).code, 0);
        const expected = await treeOf(whole);
        const mounted = await withSmallDisk(folder, 400_000, async (disk) => {
          const out = join(disk, "out");
          const full = await preprocess(source, out, format);
          assert.equal(full.code, 4, `${format}: ${full.stderr}`);
          const lines = full.stderr.split("\n").filter((line) => line.startsWith("elegant: "));
          assert.equal(lines.length, 1, full.stderr);
          assert.match(lines[0], /ENOSPC|no space/);
          const left = await readdir(out, { recursive: true });
          assert.deepEqual(
            left.filter((name) => /\.tmp$|\.running-/.test(name)),
            [],
          );
          resizeDisk(disk, 50_000_000);
          const resumed = await preprocess(source, out, format);
          assert.equal(resumed.code, 0, resumed.stderr);
          assert.deepEqual(await treeOf(out), expected, format);
        });
        if (!mounted) {
          console.log("        skipped: mounting a tmpfs is not permitted here");
          return this.skip();
        }
        await rm(join(folder, "disk"), { recursive: true });
      }
    });
  });

  it("is refused while another one writes to the folder", () =>
    withFolder(async (folder) => {
      const [source, out] = [join(folder, "celeba"), join(folder, "out")];
      await writeSmallDataset(source, 200);
      const both = await Promise.all([preprocess(source, out, "png"), preprocess(source, out, "png")]);
      const codes = both.map(({ code }) => code).sort();
      // If two start at the same time, each may see the other, and both are refused. They never both write.
      assert.ok(codes[1] === 2 && (codes[0] === 0 || codes[0] === 2), `${codes}`);
      assert.match(both.map(({ stderr }) => stderr).join(""), /expected no other preprocess in this folder/);
    }));
});
