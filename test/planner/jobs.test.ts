/** The commands' work as the planner runs it: with the options that the commands were given. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { InceptionMode } from "../../src/image/inception-input.js";
import type { FeatureExtractor } from "../../src/metrics/extract.js";
import { fidOutline } from "../../src/planner/jobs/fid.js";
import { preprocessJob, preprocessOutline } from "../../src/planner/jobs/preprocess.js";
import type { PreprocessOptions } from "../../src/preprocess/preprocess.js";
import { withFolder } from "../support/folder.js";
import { writeSmallDataset } from "../support/pictures.js";

describe("the planner's preprocess", () => {
  type Options = Omit<PreprocessOptions, "workers">;
  const options: Options = { size: 32, images: undefined, format: "png", quality: 95, crop: null, limit: null };

  /** Runs a unit of a job; rejects where no photo of it can be used. */
  async function runOne(source: string, changes: Partial<Options>): Promise<void> {
    const job = await preprocessJob(source, 1, { ...options, ...changes });
    try {
      const [unit] = job.units(2);
      await job.run("photo", "pool", unit, new AbortController().signal);
    } finally {
      await job.close();
    }
  }

  it("reads damaged and large photos as the command was told to", () =>
    withFolder(async (folder) => {
      await writeSmallDataset(folder, 2);
      await runOne(folder, {});
      await assert.rejects(runOne(folder, { maxPixels: 100 }), /pixels/);
      for (const name of await readdir(join(folder, "images"))) {
        const path = join(folder, "images", name);
        const bytes = await readFile(path);
        await writeFile(path, bytes.subarray(0, bytes.length / 2));
      }
      await assert.rejects(runOne(folder, { tolerant: false }));
      await runOne(folder, { tolerant: true });
    }));

  it("keeps costs apart for all that they depend on", () => {
    const keyOf = (changes: Partial<Options>): string => preprocessOutline("images", { ...options, ...changes }).key;
    const keys = [
      {},
      { tolerant: true },
      { maxPixels: 1000 },
      { landmarkFrame: "stored" as const },
      { landmarkFrame: "upright" as const },
    ].map(keyOf);
    assert.equal(new Set(keys).size, keys.length, keys.join("\n"));
    assert.equal(keyOf({ tolerant: false, landmarkFrame: "auto" }), keys[0]);
  });
});

describe("the planner's fid", () => {
  it("keeps costs apart for pictures that are in subfolders too", () => {
    const extract = (): tf.Tensor2D => tf.zeros([0, 64]);
    const extractor: FeatureExtractor = { name: "none", comparable: false, dims: 64, size: 299, extract };
    const keyOf = (mode: InceptionMode, recursive: boolean): string =>
      fidOutline(["images"], { extractor, key: "none" }, { mode, recursive }).key;
    const keys = [keyOf("pytorch", false), keyOf("pytorch", true), keyOf("clean", false)];
    assert.equal(new Set(keys).size, 3, keys.join("\n"));
  });
});
