/** Training from packed files and tar files gives the same bytes as training from single images. */
import assert from "node:assert/strict";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { parseSettings } from "../../src/methods/elegant/settings.js";
import { CHECKPOINTS_FOLDER, loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import { createPairSampler } from "../../src/training/pairs.js";
import { LEFT_OUT_FILE } from "../../src/training/run-report.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { writePacked } from "../support/packed.js";
import { ATTRIBUTES, tinyRun } from "../support/run.js";

async function checkpointsOf(run: string): Promise<Map<string, Buffer>> {
  const folder = join(run, CHECKPOINTS_FOLDER);
  const names = (await readdir(folder)).sort();
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

describe("training from packed files", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 1);
  });
  after(async () => {
    await device.close();
  });

  it("writes the same checkpoints as training from lossless crops, to the byte, and continues from either", () =>
    withFolder(async (folder) => {
      const images = await writeFaces(join(folder, "faces"), 20);
      await writePacked(join(folder, "shards"), 20, "shard");
      const packed = await openDataset(join(folder, "shards"));
      const [fromImages, fromPacked] = ["images", "shards"].map((name) => join(folder, `run-${name}`));
      await train(tinyRun(images, fromImages, { steps: 3, saveEvery: 1, sampleEvery: 2 }));
      await train(tinyRun(packed, fromPacked, { steps: 3, saveEvery: 1, sampleEvery: 2 }));
      const [expected, actual] = await Promise.all([fromImages, fromPacked].map(checkpointsOf));
      assert.ok(expected.size >= 3);
      assert.deepEqual([...actual.keys()], [...expected.keys()]);
      for (const [name, bytes] of expected) assert.ok(bytes.equals(actual.get(name)!), name);

      // A run that used one of them can resume with the other.
      await train(tinyRun(images, fromPacked, { steps: 4, resume: true }));
      await train(tinyRun(packed, fromImages, { steps: 4, resume: true }));
      const [one, other] = await Promise.all([fromImages, fromPacked].map((run) => loadNewestCheckpoint(run)));
      for (const [name, { data }] of one.checkpoint.tensors) {
        assert.deepEqual(other.checkpoint.tensors.get(name)?.data, data, name);
      }
    }));

  it("leaves out a damaged picture of a tar file, and says which", () =>
    withFolder(async (folder) => {
      await writePacked(join(folder, "data"), 130, "webdataset");
      const dataset = await openDataset(join(folder, "data"));
      const bad = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 5 }).pairs(1, 0).negative[0];
      const { path, range } = dataset.picture(bad);
      assert.ok(range !== undefined);
      const file = await open(path, "r+");
      await file.write(new Uint8Array(range.length), 0, range.length, range.offset);
      await file.close();
      const lines: string[] = [];
      const onMessage = (line: string): void => {
        lines.push(line);
      };
      const run = join(folder, "run");
      assert.equal((await train(tinyRun(dataset, run, { steps: 3, onMessage }))).leftOut, 1);
      const [row] = await readLossLog(join(run, LEFT_OUT_FILE));
      assert.deepEqual([row.step, row.file], [2, dataset.files[bad]]);
      assert.ok(
        lines.some((line) => line.startsWith("Warning: left out") && line.includes(dataset.files[bad])),
        `${lines}`,
      );
    }));

  it("takes WebDataset's tar files, and resumes with the same fingerprint", () =>
    withFolder(async (folder) => {
      await writePacked(join(folder, "data"), 20, "webdataset");
      const dataset = await openDataset(join(folder, "data"));
      const run = join(folder, "run");
      await train(tinyRun(dataset, run, { steps: 1 }));
      const { checkpoint } = await loadNewestCheckpoint(run);
      const settings = parseSettings(checkpoint.progress.options, "checkpoint");
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 5 });
      assert.equal(settings.dataset, sampler.fingerprint);
      assert.equal((await train(tinyRun(dataset, run, { steps: 3, resume: true }))).step, 3);
      const last = (await loadNewestCheckpoint(run)).checkpoint.progress;
      assert.equal(parseSettings(last.options, "checkpoint").dataset, sampler.fingerprint);
    }));
});
