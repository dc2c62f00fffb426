/** The commands' own loops as the planner runs them: with the options of the commands, and nothing kept. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { InceptionMode } from "../../src/image/inception-input.js";
import { createConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import type { FeatureExtractor } from "../../src/metrics/extract.js";
import { fidWork } from "../../src/planner/work/fid.js";
import { preprocessWork } from "../../src/planner/work/preprocess.js";
import { updateKey } from "../../src/planner/work/train.js";
import type { Work } from "../../src/planner/work/work.js";
import { fixedFeeding } from "../../src/pool/feeding.js";
import { planPreprocess } from "../../src/preprocess/plan.js";
import type { PreprocessOptions } from "../../src/preprocess/preprocess.js";
import { writeSmallDataset } from "../support/pictures.js";

describe("the planner's preprocess", () => {
  type Options = Omit<PreprocessOptions, "workers">;
  const options: Options = { size: 32, images: undefined, format: "png", quality: 95, crop: null, limit: null };
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await writeSmallDataset(folder, 3);
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const workOf = async (changes: Partial<Options>): Promise<Work> => {
    const wanted = { ...options, ...changes };
    return preprocessWork(await planPreprocess(folder, wanted), wanted);
  };

  /** Runs some units and returns how often each stage's time was reported, in items. */
  async function run(changes: Partial<Options>, units = 1): Promise<ReadonlyMap<string, number>> {
    const items = new Map<string, number>();
    const onTimes = (seconds: Readonly<Record<string, number>>, count: number): void => {
      for (const stage of Object.keys(seconds)) items.set(stage, (items.get(stage) ?? 0) + count);
    };
    let asked = 0;
    const isOver = (): boolean => asked++ >= units;
    await (await workOf(changes)).rehearse({ batch: 16, feeding: { ...fixedFeeding(1, 1), onTimes }, isOver });
    return items;
  }

  it("aligns the photos over and over until it is over, reports every stage, and keeps nothing", async () => {
    const temporary = process.env.TMPDIR;
    const used = join(folder, "used");
    await writeFile(join(folder, "note"), "");
    process.env.TMPDIR = await mkdtemp(used);
    try {
      const items = await run({}, 4);
      for (const stage of ["read", "decode", "align", "encode", "write"]) assert.equal(items.get(stage), 12, stage);
      assert.deepEqual(await readdir(process.env.TMPDIR), []);
    } finally {
      if (temporary === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = temporary;
    }
  });

  it("reads damaged and large photos as the command does", async () => {
    await run({});
    await assert.rejects(run({ maxPixels: 100 }), /pixels/);
    for (const name of await readdir(join(folder, "images"))) {
      const path = join(folder, "images", name);
      const bytes = await readFile(path);
      await writeFile(path, bytes.subarray(0, bytes.length / 2));
    }
    await assert.rejects(run({ tolerant: false }), { name: "InputError" });
    await run({ tolerant: true });
  });

  it("keeps costs apart for everything that they depend on", async () => {
    const changes: Partial<Options>[] = [
      {},
      { tolerant: true },
      { maxPixels: 1000 },
      { landmarkFrame: "stored" },
      { landmarkFrame: "upright" },
    ];
    const keys = await Promise.all(changes.map(async (change) => (await workOf(change)).key));
    assert.equal(new Set(keys).size, keys.length, keys.join("\n"));
    assert.equal((await workOf({ tolerant: false, landmarkFrame: "auto" })).key, keys[0]);
  });
});

describe("the planner's fid", () => {
  it("keeps costs apart for images that are in subfolders, too", () => {
    const extract = (): tf.Tensor2D => tf.zeros([0, 64]);
    const extractor: FeatureExtractor = { name: "none", comparable: false, dims: 64, size: 299, extract };
    const keyOf = (mode: InceptionMode, recursive: boolean): string =>
      fidWork(["images"], { extractor, key: "none" }, { mode, recursive, workers: 1 }).key;
    const keys = [keyOf("pytorch", false), keyOf("pytorch", true), keyOf("clean", false)];
    assert.equal(new Set(keys).size, 3, keys.join("\n"));
  });
});

describe("the planner's train", () => {
  it("recognises the costs of updates whatever the seed and the learning rate", () => {
    const { network, method } = PRESETS.official;
    const config = createConfig({ ...network, size: 64, width: 8, attributes: ["Bangs"] });
    const model = elegantModel(config);
    const settings = { ...method, batch: 2, seed: 1 };
    const key = updateKey(model, settings);
    assert.equal(updateKey(model, { ...settings, seed: 2, learningRate: 1 }), key);
    const reversed = Object.fromEntries(Object.entries(settings).reverse()) as typeof settings;
    assert.equal(updateKey(model, reversed), key);
    assert.notEqual(updateKey(model, { ...settings, batch: 3 }), key);
    assert.notEqual(updateKey(model, { ...settings, r1: 1 }), key);
    assert.notEqual(updateKey(elegantModel({ ...config, width: 12 }), settings), key);
  });
});
