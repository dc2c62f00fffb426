/** Training pictures that cannot be read are replaced, listed and named, and too many of them end the run. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../../src/dataset/dataset.js";
import { trainingFiles } from "../../src/dataset/split.js";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { Substitution } from "../../src/training/left-out.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import { createPairSampler } from "../../src/training/pairs.js";
import { LEFT_OUT_FILE } from "../../src/training/run-report.js";
import { listedFaces, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { ATTRIBUTES, abortAt, rowsOf, tinyRun } from "../support/run.js";

const STEPS = 6;
/** Number of images: 208 of them are for training, of which two may be left out. */
const FACES = 260;

const damage = (dataset: FaceDataset, file: number): Promise<void> =>
  writeFile(dataset.picture(file).path, "not a picture");

/** Returns the position of an image of a step's update, with seed 5 as in tinyRun(). */
function pictureOf(dataset: FaceDataset, step: number, attribute: number, slot = 0): number {
  const { positive, negative } = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 5 }).pairs(step, attribute);
  return [...positive, ...negative][slot];
}

async function resultOf(run: string) {
  const newest = (await listCheckpoints(run)).at(-1)?.path ?? "";
  return {
    bytes: await readFile(newest),
    rows: await rowsOf(run),
    list: await readFile(join(run, LEFT_OUT_FILE), "utf8"),
  };
}

describe("a training picture that cannot be read", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 1);
  });

  after(async () => {
    await device.close();
  });

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

  it("ends the training with the step saved when it is one of more than 1 %, until enough are repaired", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 130); // 104 to train on; one may be left out
      const [first, second] = [pictureOf(dataset, 1, 0), pictureOf(dataset, 3, 1)];
      const good = await readFile(dataset.picture(first).path);
      await damage(dataset, first);
      await damage(dataset, second);
      const run = join(folder, "run");
      const held = tf.memory().numTensors;
      await assert.rejects(train(tinyRun(dataset, run, { steps: STEPS })), {
        name: "InputError",
        exitCode: 2,
        message:
          /^pictures: expected at most 1 \(1 %\) left out, received 2 of 104 that cannot be read\. Repair .*\d{6}\.png.* Step 4 is saved: continue with the same command and --resume\.$/,
      });
      assert.equal((await listCheckpoints(run)).at(-1)?.step, 4);
      assert.equal((await readLossLog(join(run, LEFT_OUT_FILE))).length, 2);
      assert.equal(tf.memory().numTensors, held);

      await assert.rejects(train(tinyRun(dataset, run, { steps: STEPS, resume: true })), /received 2 of 104/);
      assert.equal(tf.memory().numTensors, held);

      await writeFile(dataset.picture(first).path, good);
      const lines: string[] = [];
      const onMessage = (line: string): void => {
        lines.push(line);
      };
      const result = await train(tinyRun(dataset, run, { steps: STEPS, resume: true, onMessage }));
      assert.deepEqual([result.step, result.leftOut], [STEPS, 1]);
      assert.ok(lines.includes("pictures of left-out.jsonl that can be read again: 1"), lines.join("\n"));
      assert.equal((await rowsOf(run)).length, STEPS * ATTRIBUTES.length);
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

  it("is read again a few times after an error of the disk, then left out; several of them end the run for a retry", async () => {
    const dataset = listedFaces(30);
    const files = [3, 5, 7];
    const known = new Map<number, string>();
    const substitutes = (slot: number): number[] => [10 + slot, 20 + slot];
    const substitution = new Substitution({ dataset, files, substitutes, known, most: 9 });
    const failure = { ok: false, file: "", reason: "EIO", retryable: true, index: 0 } as const;
    const fail = async (): Promise<unknown[]> =>
      (await Promise.allSettled([0, 1, 2].map((slot) => substitution.replace(slot, failure)))).map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : String(outcome.reason),
      );
    const own = [3, 5, 7].map((file) => dataset.picture(file));
    for (let attempt = 0; attempt < 3; attempt++) assert.deepEqual(await fail(), own);
    const others = [10, 11].map((file) => dataset.picture(file));
    assert.deepEqual(await fail(), [...others, "RetryableError: EIO"]);
    assert.deepEqual(substitution.leftOut(), [
      { file: 3, reason: "EIO" },
      { file: 5, reason: "EIO" },
    ]);
  });

  it("is replaced in sheets and scores too, and refused at the start if there are too many", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), FACES);
      const trained = new Set(trainingFiles(dataset));
      const heldOut = [...dataset.files.keys()].filter((file) => !trained.has(file));
      for (const file of heldOut.slice(0, 2)) await damage(dataset, file);
      const lines: string[] = [];
      const onMessage = (line: string): void => {
        lines.push(line);
      };
      const { leftOut } = await train(tinyRun(dataset, join(folder, "run"), { onMessage }));
      assert.equal(leftOut, 0, "no training picture");
      assert.equal(lines.filter((line) => line.startsWith("Warning: left out of sheets and scores: ")).length, 2);
      for (const file of heldOut.slice(2, 10)) await damage(dataset, file);
      const second = join(folder, "second");
      await assert.rejects(train(tinyRun(dataset, second)), { name: "InputError", message: /\d{6}\.png/ });
      assert.deepEqual(await listCheckpoints(second), []);
    }));
});
