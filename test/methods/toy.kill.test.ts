/** A second method uses the same training, checkpoints and score as ELEGANT, and continues after a kill. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import { LOSSES_FILE, SCORES_FILE } from "../../src/training/run-report.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { fromRoot, killOnceThereIs } from "../support/spawn.js";
import { TOY_STEPS, toyRun } from "../support/toy-run.js";
import { useToyMethod } from "../support/use-toy.js";

describe("a method that src/training does not know", () => {
  useToyMethod();

  it("trains, is killed and resumed to the bits of a run that never stopped, and scores its checkpoints", () =>
    withFolder(async (folder) => {
      const data = join(folder, "data");
      const dataset = await writeFaces(data, 12);
      const [whole, killed] = ["whole", "killed"].map((name) => join(folder, name));
      const { step, updates } = await train(toyRun(dataset, whole));
      assert.deepEqual([step, updates], [TOY_STEPS, 2 * TOY_STEPS]);

      const script = fromRoot("dist/test/support/toy-training.js");
      const checkpoint = join(killed, "checkpoints", "step-00000004.safetensors");
      await killOnceThereIs(checkpoint, script, [data, killed]);
      const stopped = (await loadNewestCheckpoint(killed)).checkpoint.progress.step;
      assert.ok(stopped >= 4, "it was killed after its first checkpoint");
      const resumed = spawn(process.execPath, [script, data, killed, "--resume"], { stdio: "ignore" });
      assert.deepEqual(await once(resumed, "exit"), [0, null]);

      const [expected, actual] = await Promise.all([whole, killed].map((run) => loadNewestCheckpoint(run)));
      assert.deepEqual(actual.checkpoint.progress, expected.checkpoint.progress);
      assert.deepEqual([...actual.checkpoint.tensors], [...expected.checkpoint.tensors]);
      const { tensors } = expected.checkpoint;
      assert.deepEqual([...(tensors.get("extra/updates seen")?.data ?? [])], [2 * TOY_STEPS]);
      assert.notDeepEqual(
        tensors.get("colour")?.data,
        expected.checkpoint.model.initial("generator", 3, null).get("colour")?.data,
      );

      const [rows, scores] = await Promise.all(
        [LOSSES_FILE, SCORES_FILE].map((name) => readLossLog(join(whole, name))),
      );
      assert.equal(rows.length, 2 * TOY_STEPS);
      assert.ok(scores.every(({ score }) => Number(score) > 0) && scores.length === 8, `${scores.length} scores`);
      assert.deepEqual((await readdir(join(whole, "samples"))).length, 3);
    }));
});
