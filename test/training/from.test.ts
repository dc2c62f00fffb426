/** Runs that start from the generator of another run (`elegant train --from`). */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import type { ModelConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { DISCRIMINATORS, GENERATOR, initialParameters, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { listCheckpoints, loadCheckpoint, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readModel } from "../../src/models/open.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { abortAt, configOf, modernRun, rowsOf, tinyRun } from "../support/run.js";

describe("a run that begins with the generator of another one", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 1);
  });
  after(() => device.close());

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

  it("has the weights themselves where the other run keeps no average", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const [other, run] = ["other", "run"].map((name) => join(folder, name));
      await train(tinyRun(dataset, other, { steps: 1 }));
      const { tensors } = (await loadNewestCheckpoint(other)).checkpoint;
      await train(tinyRun(dataset, run, { steps: 1, from: await readModel(other) }));
      const start = await loadCheckpoint((await listCheckpoints(run))[0].path);
      for (const { name } of start.model.specs("generator")) {
        assert.deepEqual(start.tensors.get(name)?.data, tensors.get(name)?.data, name);
      }
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

  it("refuses a generator with other layers by the name of the difference, and writes nothing", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const other = join(folder, "other");
      await train(modernRun(dataset, other, { steps: 1 }));
      const from = await readModel(other);
      const run = join(folder, "run");
      const config = configOf(modernRun(dataset, run));
      const changes: readonly (readonly [Partial<ModelConfig>, RegExp])[] = [
        [{ width: 8 }, /^--from: --width: expected 4, as in .*, received 8\. /],
        [
          { attributes: ["Smiling", "Bangs"] },
          /^--from: --attributes: expected Bangs Smiling, .*received Smiling Bangs/,
        ],
        [{ generatorBlocks: 5 }, /^--from: --set generatorBlocks: expected 4, .*received 5/],
        [{ upsampling: "transposed" }, /^--from: --set upsampling: expected resize, .*received transposed/],
        [{ decoderActivation: "leaky-relu" }, /^--from: --set decoderActivation: expected relu, .*received leaky-relu/],
        [{ edit: "residual" }, /^--from: --set edit: expected difference, .*received residual/],
        [{ mask: false }, /^--from: --set mask: expected (true|on), .*received (false|off)/],
      ];
      for (const [change, message] of changes) {
        const options = modernRun(dataset, run, { from, model: elegantModel({ ...config, ...change }) });
        await assert.rejects(train(options), { name: "InputError", message });
      }
      assert.deepEqual((await readdir(folder)).sort(), ["data", "other"]);
      // Discriminators begin untrained, so their choices may differ.
      const critic = { ...config, discriminatorNorm: "unit-length", condition: "planes" } as const;
      const { settings } = modernRun(dataset, run);
      assert.equal(
        (
          await train(
            modernRun(dataset, run, { from, model: elegantModel(critic), settings: { ...settings, others: 0 } }),
          )
        ).step,
        2,
      );
    }));
});
