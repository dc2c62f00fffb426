/** Recognising painted data sets, and their true results at other sizes. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FaceDataset, openDataset } from "../../src/dataset/dataset.js";
import { choosePairs, loadHeldOut } from "../../src/demo/pairs.js";
import { preprocess } from "../../src/preprocess/preprocess.js";
import { findPainted } from "../../src/scoring/painted.js";
import { writeSynth } from "../../src/synth/write.js";
import { SMALL_CROPS } from "../support/pictures.js";

const SEED = 9;

describe("a painted data set", () => {
  let folder: string;
  let dataset: FaceDataset;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await writeSynth({ directory: join(folder, "photos"), count: 20, seed: SEED, workers: 1 });
    await preprocess(join(folder, "photos"), join(folder, "faces"), SMALL_CROPS);
    dataset = await openDataset(join(folder, "faces"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("is known by the record of its photos, with the painter's seed and the demo's true answers", async () => {
    const painted = await findPainted(dataset);
    assert.equal(painted?.seed, SEED);
    const held = await loadHeldOut(dataset, SEED);
    const pairs = [await choosePairs(held, "Bangs", true, 9), await choosePairs(held, "Bangs", false, 9)].flat();
    assert.ok(pairs.length > 0);
    for (const { inputFace, referenceFace, truth, mask } of pairs) {
      const found = painted.truth(inputFace.file, referenceFace.file, "Bangs", SMALL_CROPS.size);
      assert.deepEqual([found?.truth, found?.mask], [truth, mask]);
    }
  });

  it("has its true answers at other sizes in the same place, to half a pixel", async () => {
    const painted = await findPainted(dataset);
    const [input, reference] = dataset.files;
    const [small, large] = [32, 64].map((size) => painted!.truth(input, reference, "Bangs", size)!.input);
    /** Mean difference of the small image from means of four pixels of the large one, shifted by whole pixels. */
    const difference = (across: number, down: number): number => {
      let sum = 0;
      for (let y = 1; y < 31; y++) {
        for (let x = 1; x < 31; x++) {
          const at = (dx: number, dy: number): number =>
            large.data[4 * ((2 * y + dy + down) * 64 + 2 * x + dx + across)];
          sum += Math.abs((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4 - small.data[4 * (y * 32 + x)]);
        }
      }
      return sum / 30 ** 2;
    };
    for (const [across, down] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      const [here, moved] = [difference(0, 0), difference(across, down)];
      assert.ok(here < 0.8 * moved, `${here} levels, moved by ${across}, ${down} ${moved}`);
    }
  });

  it("has no answer for attributes that are not painted, and for files that preprocessing did not record", async () => {
    const painted = await findPainted(dataset);
    const [input, reference] = dataset.files;
    assert.equal(painted?.truth(input, reference, "Attractive", 32), null);
    assert.equal(painted?.truth("other.png", reference, "Bangs", 32), null);
    assert.equal(painted?.truth(input, "other.png", "Bangs", 32), null);
  });

  it("is not taken for one without the record, or with another version's", async () => {
    const [record, away] = ["synth.json", "away.json"].map((name) => join(folder, "photos", name));
    const text = await readFile(record, "utf8");
    await rename(record, away);
    assert.equal(await findPainted(dataset), null);
    await writeFile(record, text.replace('"version": 1,', '"version": 99,'));
    assert.equal(await findPainted(dataset), null);
    await rename(away, record);
    assert.equal((await findPainted(dataset))?.seed, SEED);
    assert.equal(await findPainted({ ...dataset, dir: folder }), null); // no manifest
  });
});
