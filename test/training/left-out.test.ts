/** Training pictures that cannot be read are replaced, listed and named, and too many of them end the run. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { trainingFiles } from "../../src/dataset/split.js";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { Substitution } from "../../src/training/left-out.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import { LEFT_OUT_FILE } from "../../src/training/run-report.js";
import { listedFaces, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { damage, FACES, pictureOf, STEPS } from "../support/left-out.js";
import { ATTRIBUTES, rowsOf, tinyRun } from "../support/run.js";
import { useOpenWasm } from "../support/use-device.js";

describe("a training picture that cannot be read", () => {
  useOpenWasm(1);

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
