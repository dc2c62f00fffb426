/** Trainings on a disk that fills up keep the last good checkpoint and leave nothing half-written. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { resizeDisk, withSmallDisk } from "../support/disk.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { ATTRIBUTES, rowsOf } from "../support/run.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

describe("a full disk", () => {
  const train = (data: string, run: string, ...more: string[]): Promise<Ended> => {
    const words =
      "--preset official --size 64 --width 4 --batch 2 --steps 12 --save-every 2 --sample-every 4 --device wasm".split(
        " ",
      );
    return runNode(fromRoot("bin/elegant.js"), [
      "train",
      data,
      "--attributes",
      ...ATTRIBUTES,
      "--out",
      run,
      ...words,
      ...more,
    ]);
  };

  it("ends the training with code 4 and one line, keeps the last good checkpoint, and leaves nothing half-written", function () {
    return withFolder(async (folder) => {
      const data = join(folder, "data");
      await writeFaces(data, 20);
      const whole = join(folder, "whole");
      assert.equal((await train(data, whole)).code, 0);
      const expected = await readFile((await listCheckpoints(whole)).at(-1)?.path ?? "");
      const size = expected.length;
      // The disk has room for this many of the five checkpoints, kept or being written, and for some logs. Each writer
      // reaches the end of the disk in one of these cases.
      for (const room of [0.5, 1.5, 2.5, 3.2, 4.5]) {
        const mounted = await withSmallDisk(folder, Math.round(room * size) + 100_000, async (disk) => {
          const run = join(disk, "run");
          const full = await train(data, run);
          assert.equal(full.code, 4, `${room}: ${full.stderr}`);
          const lines = full.stderr.split("\n").filter((line) => line.startsWith("elegant: "));
          assert.equal(lines.length, 1, full.stderr);
          assert.match(lines[0], /Cannot write '.*(ENOSPC|no space)/);
          const left = await readdir(run, { recursive: true });
          assert.deepEqual(
            left.filter((name) => /\.tmp$|\.running-/.test(name)),
            [],
          );
          const saved = await listCheckpoints(run);
          if (room > 2) assert.ok(saved.length > 0, "a checkpoint");
          if (saved.length > 0) {
            const { checkpoint, warnings } = await loadNewestCheckpoint(run);
            assert.deepEqual([checkpoint.progress.step, warnings], [saved.at(-1)?.step, []]);
          }
          // Now there is room again, and the run continues as if nothing had happened.
          resizeDisk(disk, 20 * size);
          const resumed = await train(data, run, ...(saved.length > 0 ? ["--resume"] : []));
          assert.equal(resumed.code, 0, resumed.stderr);
          assert.ok(expected.equals(await readFile((await listCheckpoints(run)).at(-1)?.path ?? "")), "other bits");
          assert.deepEqual(await rowsOf(run), await rowsOf(whole));
        });
        if (!mounted) {
          console.log("        skipped: mounting a tmpfs is not permitted here");
          return this.skip();
        }
        await rm(join(folder, "disk"), { recursive: true });
      }
    });
  });

  it("while the logs are written ends the same way", function () {
    return withFolder(async (folder) => {
      const data = join(folder, "data");
      await writeFaces(data, 20);
      const mounted = await withSmallDisk(folder, 16_000_000, async (disk) => {
        const run = join(disk, "run");
        assert.equal((await train(data, run, "--steps", "2", "--save-every", "100", "--sample-every", "100")).code, 0);
        // This file fills the rest, so that the next row of a log is the first data that does not fit.
        const filler = join(disk, "filler");
        for (let bytes = 1 << 20; bytes >= 512; bytes /= 2) {
          while (spawnSync("sh", ["-c", `head -c ${bytes} /dev/zero >> '${filler}'`]).status === 0);
        }
        const full = await train(
          data,
          run,
          "--resume",
          "--steps",
          "200",
          "--save-every",
          "100",
          "--sample-every",
          "100",
        );
        assert.equal(full.code, 4, full.stderr);
        assert.match(full.stderr, /Cannot write/);
        assert.equal((await loadNewestCheckpoint(run)).checkpoint.progress.step, 2);
        await rm(filler);
        const resumed = await train(data, run, "--resume", "--steps", "3");
        assert.equal(resumed.code, 0, resumed.stderr);
        assert.equal((await rowsOf(run)).length, 3 * ATTRIBUTES.length);
      });
      if (!mounted) this.skip();
    });
  });
});
