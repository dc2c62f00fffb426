/** Runs that start from the generator of another run, at twice its size and interrupted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ModelConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { DISCRIMINATORS, GENERATOR, initialParameters, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { listCheckpoints, loadCheckpoint, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readModel } from "../../src/models/open.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { abortAt, configOf, modernRun, rowsOf } from "../support/run.js";
import { useOpenWasm } from "../support/use-device.js";

describe("a run that begins with the generator of another one", () => {
  useOpenWasm(1);

  it("has its averaged weights, discriminators of its own and the same attributes, also at twice the size", () =>
    withFolder(async (folder) => {
      const small = join(folder, "small");
      await train(modernRun(await writeFaces(join(folder, "64"), 12), small, { steps: 2 }));
      const from = await readModel(small);
      const taken = (await loadNewestCheckpoint(small)).checkpoint.tensors;
      const dataset = await writeFaces(join(folder, "128"), 12, 128);
      const run = join(folder, "large");
      const config: ModelConfig = { ...configOf(modernRun(dataset, run)), size: 128 };
      const options: Partial<TrainOptions> = { model: elegantModel(config), from, steps: 1 };
      assert.equal((await train(modernRun(dataset, run, options))).step, 1);
      const [start, after] = await Promise.all((await listCheckpoints(run)).map(({ path }) => loadCheckpoint(path)));
      assert.deepEqual([start.progress.step, after.progress.step], [0, 1]);
      for (const { name } of parameterSpecs(config, GENERATOR)) {
        const expected = taken.get(`ema/${name}`)?.data;
        assert.deepEqual(start.tensors.get(name)?.data, expected, name);
        assert.deepEqual(start.tensors.get(`ema/${name}`)?.data, expected, `ema/${name}`);
        assert.notDeepEqual(taken.get(name)?.data, expected, `${name}: an average like the weights shows nothing`);
      }
      for (const [name, { data, shape }] of initialParameters(config, DISCRIMINATORS, 5, "he")) {
        assert.deepEqual(start.tensors.get(name), { data, shape }, name);
      }
      assert.notDeepEqual(after.tensors.get("Enc.main.0.0.weight"), start.tensors.get("Enc.main.0.0.weight"));
    }));

  it("continues after interruptions to the same bits", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const [other, whole, parts] = ["other", "whole", "parts"].map((name) => join(folder, name));
      await train(modernRun(dataset, other, { steps: 1 }));
      const from = await readModel(other);
      await train(modernRun(dataset, whole, { from, steps: 6 }));
      await assert.rejects(train(modernRun(dataset, parts, { from, steps: 6, ...abortAt(2) })), {
        name: "InterruptedError",
      });
      await train(modernRun(dataset, parts, { steps: 6, resume: true }));
      const [expected, actual] = await Promise.all([whole, parts].map((run) => loadNewestCheckpoint(run)));
      for (const [name, { data }] of expected.checkpoint.tensors) {
        assert.deepEqual(actual.checkpoint.tensors.get(name)?.data, data, name);
      }
      assert.deepEqual(await rowsOf(parts), await rowsOf(whole));
    }));
});
