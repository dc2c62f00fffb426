/** Training runs that are interrupted, fail or end, and are resumed. */
import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { listCheckpoints, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import type { Progress } from "../../src/types.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { abortAt, configOf, rowsOf, tinyRun } from "../support/run.js";
import { treeOf } from "../support/tree.js";
import { useOpenWasm } from "../support/use-device.js";

describe("a training run that was stopped", () => {
  useOpenWasm(1);

  it("continues after an interruption to the same weights, moments and loss rows, to the bit", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const [whole, parts] = ["whole", "parts"].map((name) => join(folder, name));
      await train(tinyRun(dataset, whole, { steps: 5 }));

      // The run is saved once, by the interruption at step 2. Then it is killed after step 4, as by a crash, and
      // its newest checkpoint is that of step 3: an error saves the step, but a crash does not.
      await assert.rejects(train(tinyRun(dataset, parts, { steps: 5, ...abortAt(2) })), {
        name: "InterruptedError",
        message: /^Interrupted: step 2 is saved\. Continue with the same command and --resume\.$/,
      });
      const killed = new Error("killed");
      const kill = ({ done }: Progress): void => {
        if (done === 4) throw killed;
      };
      const options = tinyRun(dataset, parts, { steps: 5, saveEvery: 3, resume: true, onProgress: kill });
      await assert.rejects(train(options), killed);
      assert.equal((await listCheckpoints(parts)).at(-1)?.step, 4);
      await rm((await listCheckpoints(parts)).at(-1)?.path ?? "");
      assert.equal((await rowsOf(parts)).length, 8);
      const lines: string[] = [];
      await train(tinyRun(dataset, parts, { steps: 5, resume: true, onMessage: (line) => lines.push(line) }));
      assert.deepEqual(lines, ["16 training pictures; going on after step 3"]);

      const [expected, actual] = await Promise.all([whole, parts].map((run) => loadNewestCheckpoint(run)));
      assert.deepEqual(actual.checkpoint.progress, expected.checkpoint.progress);
      assert.equal(actual.checkpoint.progress.step, 5);
      for (const [name, { data }] of expected.checkpoint.tensors) {
        assert.deepEqual(actual.checkpoint.tensors.get(name)?.data, data, name);
      }
      assert.deepEqual(await rowsOf(parts), await rowsOf(whole));
      assert.equal((await readdir(join(parts, "events"))).length, 3);
    }));

  it("can be interrupted before its first step and resumed", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      const signal = AbortSignal.abort();
      await assert.rejects(train(tinyRun(dataset, run, { signal })), { message: /step 0 is saved/ });
      assert.deepEqual((await train(tinyRun(dataset, run, { resume: true }))).step, 2);
    }));

  it("is done, not interrupted, when the signal comes with the last step", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      assert.equal((await train(tinyRun(dataset, join(folder, "run"), abortAt(2)))).step, 2);
    }));

  it("has nothing left to do when it is resumed at its end", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      await train(tinyRun(dataset, run));
      const rows = await rowsOf(run);
      const { step, updates, trainingSeconds } = await train(tinyRun(dataset, run, { resume: true }));
      assert.deepEqual([step, updates, trainingSeconds], [2, 0, 0]);
      assert.deepEqual(await rowsOf(run), rows);
    }));

  it("refuses to continue with other settings or other data, and changes nothing", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const other = await writeFaces(join(folder, "other"), 21);
      const run = join(folder, "run");
      await train(tinyRun(dataset, run, { steps: 1 }));
      const held = { tree: await treeOf(folder), tensors: tf.memory().numTensors };
      const config = configOf(tinyRun(dataset, run));
      const { settings } = tinyRun(dataset, run);
      const wrong: readonly (readonly [Partial<TrainOptions>, RegExp])[] = [
        [{ model: elegantModel({ ...config, width: 8 }) }, /--width: expected 4, received 8/],
        [{ model: elegantModel({ ...config, size: 128 }) }, /--size: expected 64, received 128/],
        [
          { model: elegantModel({ ...config, attributes: ["Bangs"] }) },
          /--attributes: expected Bangs Smiling, received Bangs\./,
        ],
        [{ settings: { ...settings, batch: 3 } }, /--batch: expected 2, received 3/],
        [{ settings: { ...settings, seed: 6 } }, /--seed: expected 5, received 6/],
        [{ dataset: other }, /the data: expected pictures and labels with fingerprint/],
        [{ folder: join(folder, "none") }, /none: expected a run with checkpoints.*received none\. Check the path/],
      ];
      for (const [changes, message] of wrong) {
        const options = tinyRun(dataset, run, { steps: 3, resume: true, ...changes });
        await assert.rejects(train(options), { name: "InputError", message });
      }
      assert.deepEqual({ tree: await treeOf(folder), tensors: tf.memory().numTensors }, held);
    }));
});
