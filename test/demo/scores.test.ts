/** The pairs of the demo, their true results, and the scores of known changes. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { type FaceDataset, openDataset } from "../../src/dataset/dataset.js";
import { heldOutFiles } from "../../src/dataset/split.js";
import { choosePairs, type HeldOutFace, loadHeldOut, type ScoredPair } from "../../src/demo/pairs.js";
import { meanScore, scorePairs, swapPairs } from "../../src/demo/scores.js";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { decodeImage } from "../../src/image/codec.js";
import { openGenerator } from "../../src/models/open.js";
import { preprocess } from "../../src/preprocess/preprocess.js";
import { writeSynth } from "../../src/synth/write.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose } from "../support/close.js";
import { tinyGenerator } from "../support/model.js";

const SEED = 3;

/** Mean absolute difference of the channels, over the pixels where the mask is `value`. */
function difference(a: RgbaImage, b: RgbaImage, mask: Uint8Array, value: number): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== value) continue;
    for (let c = 0; c < 3; c++) sum += Math.abs(a.data[i * 4 + c] - b.data[i * 4 + c]);
    count += 3;
  }
  return sum / count;
}

describe("the demo's pairs and scores", () => {
  let folder: string;
  let device: Device;
  let dataset: FaceDataset;
  let faces: readonly HeldOutFace[];
  let adding: readonly ScoredPair[];
  let removing: readonly ScoredPair[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    device = await openDevice("wasm", 1);
    const [painted, crops] = [join(folder, "photos"), join(folder, "faces")];
    await writeSynth({ directory: painted, count: 30, seed: SEED, workers: 1 });
    const format = { size: 64, format: "png", quality: 95 } as const;
    await preprocess(painted, crops, { ...format, images: undefined, crop: null, limit: null, workers: 1 });
    dataset = await openDataset(crops);
    faces = await loadHeldOut(dataset, SEED);
    adding = await choosePairs(faces, "Bangs", true, 10);
    removing = await choosePairs(faces, "Bangs", false, 10);
  });

  after(async () => {
    await device.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("are of faces that training does not see, with the crop that is on the disk", async () => {
    assert.deepEqual(
      faces.map(({ file }) => file),
      heldOutFiles(dataset).map((i) => dataset.files[i]),
    );
    assert.equal(faces.length, 6);
    const [{ file, crop }] = faces;
    assert.deepEqual(await decodeImage(await readFile(join(dataset.imageDir, file)), file), crop);
  });

  it("add to faces that lack the attribute, remove from those that have it, by another's face", () => {
    assert.ok(adding.length > 0 && removing.length > 0, `${adding.length} and ${removing.length}`);
    assert.equal(adding.length + removing.length, faces.length);
    for (const pair of [...adding, ...removing]) {
      const { inputFace, referenceFace, input } = pair;
      assert.equal(inputFace.has("Bangs"), !pair.adding);
      assert.equal(referenceFace.has("Bangs"), pair.adding);
      assert.equal(input, inputFace.crop);
      // The list states what was painted.
      assert.equal(inputFace.face.styles.bangs !== null, !pair.adding);
    }
    const inputs = adding.map(({ inputFace }) => inputFace.file);
    assert.equal(new Set(inputs).size, inputs.length);
  });

  it("take no more than asked for, and none without a reference", async () => {
    assert.equal((await choosePairs(faces, "Bangs", true, 1)).length, 1);
    const without = faces.filter((face) => !face.has("Bangs"));
    assert.deepEqual(await choosePairs(without, "Bangs", true, 10), []);
  });

  it("have a truth that differs from the input inside the region, and outside only by the JPEG in between", () => {
    for (const { input, truth, mask } of [...adding, ...removing]) {
      const [inside, outside] = [difference(input, truth, mask, 1), difference(input, truth, mask, 0)];
      assert.ok(inside > 12, `${inside} levels inside`);
      assert.ok(outside < 4, `${outside} levels outside`);
    }
  });

  it("give the truth all of the change and the unchanged input none of it", () => {
    for (const pairs of [adding, removing]) {
      const right = scorePairs(
        pairs,
        pairs.map(({ truth }) => truth),
      );
      assert.deepEqual([right.rightShare, right.n], [1, pairs.length]);
      assert.equal(right.name, `Bangs, ${pairs[0].adding ? "added" : "removed"}`);
      assert.ok(right.regionGain > 40 && right.wholeGain > 30, `${right.regionGain} dB, ${right.wholeGain} dB`);
      const unchanged = scorePairs(
        pairs,
        pairs.map(({ input }) => input),
      );
      const { rightShare, regionGain, wholeGain, outside, noise } = unchanged;
      assert.deepEqual([rightShare, regionGain, wholeGain, noise], [0, 0, 0, 0]);
      // 10 log10(255^2 / 0.01): equal images count as a mean squared error of 0.01.
      assertClose([outside], [68.13], { abs: 0.005, rel: 0 });
    }
  });

  it("give half of the way three quarters of the change: 6.02 dB", () => {
    const halfway = adding.map(({ input, truth }) => ({
      ...truth,
      data: Uint8ClampedArray.from(truth.data, (value, i) => (value + input.data[i]) / 2),
    }));
    const { rightShare, regionGain, wholeGain } = scorePairs(adding, halfway);
    // Levels are whole numbers, so half of a change may be off by half a level.
    assertClose([rightShare, regionGain, wholeGain], [0.75, 6.02, 6.02], { abs: 0.01, rel: 0.01 });
  });

  it("weigh means by the numbers of pairs", () => {
    const flat = (value: number) => {
      return { wholeGain: value, regionGain: 2 * value, outside: 3 * value, rightShare: 4 * value, noise: 5 * value };
    };
    const mean = meanScore("all", [
      { name: "a", n: 3, ...flat(2) },
      { name: "b", n: 1, ...flat(-4) },
    ]);
    assert.deepEqual(mean, { name: "all", n: 4, ...flat(0.5) });
    assert.equal(meanScore("none", []), null);
  });

  it("swap in the order of the pairs, whatever their attributes and however many, and leak nothing", async () => {
    const path = join(folder, "model.safetensors");
    await writeFile(path, tinyGenerator(4));
    const glasses = [
      ...(await choosePairs(faces, "Eyeglasses", true, 2)),
      ...(await choosePairs(faces, "Eyeglasses", false, 2)),
    ];
    assert.ok(glasses.length > 0);
    const few = [...adding, ...glasses, ...removing];
    const pairs = [...few, ...few, ...few, ...few];
    const generator = await openGenerator(path);
    const held = tf.memory().numTensors;
    const together = await swapPairs(generator, pairs);
    assert.equal(together.length, pairs.length);
    for (const [i, pair] of few.entries()) {
      const [alone] = await swapPairs(generator, [pair]);
      // Summing in another order may round to the next of 256 levels.
      for (const copy of [0, 1, 2, 3]) {
        assertClose(together[i + copy * few.length].data, alone.data, { abs: 1, rel: 0 });
      }
      assert.notDeepEqual(alone.data, Uint8ClampedArray.from(pair.input.data));
    }
    assert.equal(tf.memory().numTensors, held);
    generator.dispose();
  });
});
