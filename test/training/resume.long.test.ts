/** Trainings of the preset modern, and trainings that fail, resume to the bits of one that was never stopped. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RetryableError } from "../../src/errors.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { listCheckpoints, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import { RunWriter } from "../../src/training/run-writer.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { abortAt, modernRun, rowsOf, tinyRun } from "../support/run.js";
import { useOpenWasm } from "../support/use-device.js";

describe("a training run that was stopped", () => {
  useOpenWasm(1);

  it("continues to the same bits with modern, whose penalty, rate and average depend on the update", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
      const steps = 7;
      await train(modernRun(dataset, whole, { steps }));
      // The stops are before and after the second penalty, in the fifth update, and while the rate falls.
      for (const step of [3, 5]) {
        const options = { steps, resume: step > 3, ...abortAt(step) };
        await assert.rejects(train(modernRun(dataset, parts, options)), { name: "InterruptedError" });
        assert.equal((await listCheckpoints(parts)).at(-1)?.step, step);
      }
      await train(modernRun(dataset, parts, { steps, resume: true }));
      const [expected, actual] = await Promise.all([whole, parts].map((run) => loadNewestCheckpoint(run)));
      // Each stop scores a checkpoint, so another one may be the best.
      assert.deepEqual({ ...actual.checkpoint.progress, best: null }, { ...expected.checkpoint.progress, best: null });
      assert.deepEqual([...actual.checkpoint.tensors.keys()], [...expected.checkpoint.tensors.keys()]);
      for (const [name, { data }] of expected.checkpoint.tensors) {
        assert.deepEqual(actual.checkpoint.tensors.get(name)?.data, data, name);
      }
      assert.deepEqual(await rowsOf(parts), await rowsOf(whole));
      const rows = await readLossLog(join(whole, "losses.jsonl"));
      assert.deepEqual(
        rows.map(({ step, attribute }) => [step, attribute]),
        Array.from({ length: steps }, (_, i) => [i + 1, "all"]),
      );
      const penalized = rows.flatMap(({ step, r1 }) => (r1 === undefined ? [] : [step]));
      assert.deepEqual(penalized, [1, 5]);
      for (const { step, learningRate } of rows) {
        const expectedRate = PRESETS.modern.method.learningRate * Math.min(1, (1 - (Number(step) - 1) / steps) / 0.5);
        assert.ok(Math.abs(Number(learningRate) / expectedRate - 1) < 1e-12, `step ${step}: ${learningRate}`);
      }
    }));

  it("makes up for the sheet and the score of a step that an error saved without them", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
      const often = { saveEvery: 2, sampleEvery: 2 };
      await train(tinyRun(dataset, whole, { steps: 5, ...often }));
      const stock = { sample: RunWriter.prototype.sample, save: RunWriter.prototype.save };
      const fails = async (): Promise<never> => {
        throw new RetryableError("the disk fails.");
      };
      try {
        RunWriter.prototype.sample = fails;
        const message = "the disk fails. Step 2 is saved: continue with the same command and --resume.";
        await assert.rejects(train(tinyRun(dataset, parts, { steps: 5, ...often })), {
          name: "RetryableError",
          message,
        });
        RunWriter.prototype.sample = stock.sample;
        RunWriter.prototype.save = fails;
        await assert.rejects(train(tinyRun(dataset, parts, { steps: 5, resume: true, ...often })), /Step 2 is saved/);
      } finally {
        RunWriter.prototype.sample = stock.sample;
        RunWriter.prototype.save = stock.save;
      }
      await train(tinyRun(dataset, parts, { steps: 5, resume: true, ...often }));
      for (const subfolder of ["checkpoints", "samples"]) {
        const names = (await readdir(join(whole, subfolder))).sort();
        assert.deepEqual((await readdir(join(parts, subfolder))).sort(), names);
        for (const name of names) {
          const [expected, actual] = await Promise.all(
            [whole, parts].map((run) => readFile(join(run, subfolder, name))),
          );
          assert.ok(expected.equals(actual), `${subfolder}/${name} differs`);
        }
      }
      assert.deepEqual(await rowsOf(parts), await rowsOf(whole));
      const scores = await Promise.all([whole, parts].map((run) => readLossLog(join(run, "scores.jsonl"))));
      assert.deepEqual(scores[1], scores[0]);
    }));
});
