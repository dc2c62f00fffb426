/** A killed training of each compared system goes on to the bits of a training that never stopped. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { METHOD_NAMES } from "../../src/methods/recipes.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { fromRoot, killOnceThereIs, runNode } from "../support/spawn.js";

const STEPS = 9;
/** What makes each method small, and what it needs. */
const WORDS: Readonly<Record<string, string>> = {
  unit: "--attributes Bangs --ema 0.9",
  // The pools are full after two updates, so draws decide what the discriminators learn from.
  cyclegan: "--attributes Bangs --set poolSize=3 generatorBlocks=2",
  stargan: "--attributes Bangs Smiling --set discriminatorUpdates=2 ema=0.9",
  dnagan: "--attributes Bangs Smiling --set ratio=0.3",
};

describe("a training that was killed", () => {
  it("is tried for every method but ELEGANT, which has a test of its own", () => {
    assert.deepEqual(Object.keys(WORDS), METHOD_NAMES.slice(1));
  });

  for (const [method, words] of Object.entries(WORDS)) {
    it(`goes on to the same bits with --method ${method}`, () =>
      withFolder(async (folder) => {
        const data = join(folder, "data");
        await writeFaces(data, 20);
        const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
        const small = "--size 64 --width 4 --batch 2 --save-every 2 --sample-every 4 --device wasm --workers 1";
        const command = (run: string): string[] => {
          const line = `train ${data} --out ${run} --method ${method} ${words} ${small} --steps ${STEPS}`;
          return [fromRoot("bin/elegant.js"), ...line.split(" ")];
        };
        const { code, stderr } = await runNode(command(whole)[0], command(whole).slice(1));
        assert.equal(code, 0, stderr);

        const checkpoint = join(killed, "checkpoints", "step-00000004.safetensors");
        await killOnceThereIs(checkpoint, command(killed)[0], command(killed).slice(1));
        const { step } = (await loadNewestCheckpoint(killed)).checkpoint.progress;
        assert.ok(step >= 4, `it was killed after step ${step}`);
        const line = `train ${data} --out ${killed} --resume --device wasm --workers 1 --steps ${STEPS}`;
        const resumed = await runNode(fromRoot("bin/elegant.js"), [
          ...line.split(" "),
          ..."--save-every 2 --sample-every 4".split(" "),
        ]);
        assert.equal(resumed.code, 0, resumed.stderr);

        const [expected, actual] = await Promise.all([whole, killed].map((run) => loadNewestCheckpoint(run)));
        assert.deepEqual(actual.checkpoint.progress, expected.checkpoint.progress);
        assert.equal(actual.checkpoint.progress.step, STEPS);
        assert.deepEqual([...actual.checkpoint.tensors], [...expected.checkpoint.tensors]);
        for (const name of ["samples/step-00000008.png", "scores.jsonl"]) {
          const [one, other] = await Promise.all([whole, killed].map((run) => readFile(join(run, name))));
          assert.ok(one.equals(other), name);
        }
      }));
  }
});
