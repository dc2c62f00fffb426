/** Training images that cannot be read: the same bytes after interruptions, with more threads and when all are gone. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import { LEFT_OUT_FILE } from "../../src/training/run-report.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { damage, FACES, pictureOf, STEPS } from "../support/left-out.js";
import { abortAt, rowsOf, tinyRun } from "../support/run.js";
import { useOpenWasm } from "../support/use-device.js";

async function resultOf(run: string) {
  const newest = (await listCheckpoints(run)).at(-1)?.path ?? "";
  return {
    bytes: await readFile(newest),
    rows: await rowsOf(run),
    list: await readFile(join(run, LEFT_OUT_FILE), "utf8"),
  };
}

describe("a training picture that cannot be read", () => {
  useOpenWasm(1);

  for (const [when, step, attribute] of [
    ["in the first batch", 0, 0],
    ["in the middle of a step in the middle of a training", 3, 1],
  ] as const) {
    it(`${when} is left out, listed and named, with the same bytes after interruptions and with more threads`, () =>
      withFolder(async (folder) => {
        const dataset = await writeFaces(join(folder, "data"), FACES);
        const bad = pictureOf(dataset, step, attribute);
        await damage(dataset, bad);
        const [whole, parts, threads] = ["whole", "parts", "threads"].map((name) => join(folder, name));
        const lines: string[] = [];
        const onMessage = (line: string): void => {
          lines.push(line);
        };
        const { leftOut } = await train(tinyRun(dataset, whole, { steps: STEPS, onMessage }));
        assert.equal(leftOut, 1);
        assert.equal(lines.filter((line) => line.startsWith("Warning: left out, as it cannot be read: ")).length, 1);
        const expected = await resultOf(whole);
        const listed = await readLossLog(join(whole, LEFT_OUT_FILE));
        assert.deepEqual(
          listed.map((row) => [row.step, row.file]),
          [[step + 1, dataset.files[bad]]],
        );
        assert.ok(String(listed[0].reason).includes(dataset.files[bad]));
        assert.match(await readFile(join(whole, "report.html"), "utf8"), /unreadable pictures left out/);

        await train(tinyRun(dataset, threads, { steps: STEPS, workers: 3 }));
        assert.deepEqual(await resultOf(threads), expected);

        // The run is interrupted after the failure and set back to an earlier checkpoint, as if the newest was bad.
        const until = (changes: Partial<TrainOptions>): Promise<unknown> =>
          train(tinyRun(dataset, parts, { steps: STEPS, saveEvery: 2, ...changes }));
        await assert.rejects(until(abortAt(5)), /step 5 is saved/);
        const [, ...later] = await listCheckpoints(parts);
        for (const { path } of later) await rm(path);
        await assert.rejects(until({ resume: true, ...abortAt(4) }), /step 4 is saved/);
        await until({ resume: true });
        const { rows, list } = await resultOf(parts);
        assert.deepEqual({ rows, list }, { rows: expected.rows, list: expected.list });
      }));
  }

  it("is met again by a resumed run with the bytes of one that never stopped", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), FACES);
      await damage(dataset, pictureOf(dataset, 1, 0));
      await damage(dataset, pictureOf(dataset, 4, 1, 3));
      const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
      await train(tinyRun(dataset, whole, { steps: STEPS, saveEvery: 1 }));
      await train(tinyRun(dataset, parts, { steps: 3, saveEvery: 1 }));
      await train(tinyRun(dataset, parts, { steps: STEPS, saveEvery: 1, resume: true }));
      assert.deepEqual(await resultOf(parts), await resultOf(whole));
      assert.equal((await readLossLog(join(parts, LEFT_OUT_FILE))).length, 2);
    }));

  it("saves the last complete step when all pictures are gone", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 60);
      const run = join(folder, "run");
      const gone = join(folder, "gone");
      let unmounted = false;
      const picture = (i: number) => (unmounted ? { path: join(gone, dataset.files[i]) } : dataset.picture(i));
      const onProgress: TrainOptions["onProgress"] = ({ done }) => {
        unmounted = done >= 3;
      };
      await assert.rejects(train(tinyRun({ ...dataset, picture }, run, { steps: 50, onProgress })), {
        name: "InputError",
        message: /ENOENT.* Step \d is saved: continue with the same command and --resume\.$/,
      });
      const saved = (await listCheckpoints(run)).at(-1)?.step ?? 0;
      assert.ok(saved >= 3, `step ${saved}`);
      const whole = join(folder, "whole");
      await train(tinyRun(dataset, whole, { steps: 8 }));
      await train(tinyRun(dataset, run, { steps: 8, resume: true }));
      assert.deepEqual(await resultOf(run), await resultOf(whole));
    }));
});
