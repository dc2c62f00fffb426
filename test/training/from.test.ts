/** Runs that start from the generator of another run (`elegant train --from`). */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { listCheckpoints, loadCheckpoint, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readModel } from "../../src/models/open.js";
import { train } from "../../src/training/loop.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { configOf, modernRun, tinyRun } from "../support/run.js";
import { useOpenWasm } from "../support/use-device.js";

describe("a run that begins with the generator of another one", () => {
  useOpenWasm(1);

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
