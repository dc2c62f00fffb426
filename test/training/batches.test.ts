/** Batches that worker threads decode ahead of the training. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../../src/dataset/dataset.js";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { mirror } from "../../src/image/floats.js";
import { disposeBatch, PairBatches } from "../../src/training/batches.js";
import type { LeftOut } from "../../src/training/left-out.js";
import { createPairSampler, type PairSampler } from "../../src/training/pairs.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { FACE_SIZE, writeFaces } from "../support/faces.js";
import { changingFeeding } from "../support/feeding.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";

const ATTRIBUTES = ["Bangs", "Smiling"];
const BATCH = 2;

/** Returns the floats of file `i` as writeFaces() painted it. */
function valuesOf(dataset: FaceDataset, i: number): number[] {
  const { data } = goldenPhoto(dataset.files[i], i, FACE_SIZE, FACE_SIZE);
  return [...data].filter((_, at) => at % 4 !== 3).map((value) => value / 127.5 - 1);
}

function open(dataset: FaceDataset, sampler: PairSampler, fromStep: number): PairBatches {
  const options = { dataset, sampler, size: FACE_SIZE, batch: BATCH, workers: 1 };
  return new PairBatches({ ...options, fromStep });
}

describe("training batches", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 1);
  });

  after(async () => {
    await device.close();
  });

  it("hold the pixels and labels of the sampler's pictures, step by step and attribute by attribute", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 12);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 3 });
      const held = tf.memory().numTensors;
      const batches = open(dataset, sampler, 5);
      // There are more batches than slots in the ring, so each slot is used again.
      for (let n = 0; n < 12; n++) {
        const [step, attribute] = [5 + Math.floor(n / 2), n % 2];
        const expected = sampler.pairs(step, attribute);
        const batch = await batches.next();
        assert.deepEqual(batch.groups, [{ attribute, pairs: BATCH }]);
        for (const [pictures, labels, files] of [
          [batch.A, batch.yA, expected.positive],
          [batch.B, batch.yB, expected.negative],
        ] as const) {
          assert.deepEqual(pictures.shape, [BATCH, FACE_SIZE, FACE_SIZE, 3]);
          // A float32 value in [-1, 1] has a rounding error of 2^-24 at most, and it is rounded twice.
          const values = files.flatMap((file) => valuesOf(dataset, file));
          assertClose(pictures.dataSync(), values, { abs: 2e-7, rel: 0 }, shapeIndex(pictures.shape));
          assert.deepEqual(
            [...labels.dataSync()],
            files.flatMap((file) => [...sampler.labels(file)]),
          );
        }
        disposeBatch(batch);
        assert.equal(tf.memory().numTensors, held);
      }
      await batches.close();
    }));

  it("keep a batch's pixels while later ones are decoded over its slot", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 12);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 4 });
      const batches = open(dataset, sampler, 0);
      const first = await batches.next();
      for (let n = 0; n < 6; n++) disposeBatch(await batches.next());
      const values = sampler.pairs(0, 0).positive.flatMap((file) => valuesOf(dataset, file));
      assertClose(first.A.dataSync(), values, { abs: 2e-7, rel: 0 }, shapeIndex(first.A.shape));
      disposeBatch(first);
      await batches.close();
    }));

  it("are the same while threads and batches ahead change", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 12);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 3 });
      const pixelsOf = async (batches: PairBatches): Promise<number[]> => {
        const pixels: number[] = [];
        for (let n = 0; n < 12; n++) {
          const batch = await batches.next();
          pixels.push(...batch.A.dataSync(), ...batch.B.dataSync(), ...batch.yA.dataSync(), ...batch.yB.dataSync());
          disposeBatch(batch);
        }
        await batches.close();
        return pixels;
      };
      const expected = await pixelsOf(open(dataset, sampler, 0));
      const { feeding, items } = changingFeeding(3);
      const options = { dataset, sampler, size: FACE_SIZE, batch: BATCH, fromStep: 0 };
      assert.deepEqual(await pixelsOf(new PairBatches({ ...options, workers: feeding })), expected);
      assert.equal(items.get("upload"), 12 * BATCH);
      assert.ok((items.get("decode") ?? 0) >= 12 * BATCH);
    }));

  it("close while pictures are being decoded, and before the first is asked for", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 12);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 3 });
      await open(dataset, sampler, 0).close();
      const batches = open(dataset, sampler, 0);
      disposeBatch(await batches.next());
      await batches.close();
    }));

  it("hold another picture of the same side in place of one that cannot be read, whichever threads find out when", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 30);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 3 });
      const bad = sampler.pairs(0, 1).positive[1];
      await writeFile(dataset.picture(bad).path, "not a picture");
      const left: string[][] = [];
      const pixels = await Promise.all(
        [1, 3].map(async (workers) => {
          const names: string[] = [];
          left.push(names);
          const onLeftOut = (leftOut: readonly LeftOut[]): void => {
            names.push(...leftOut.map(({ file, reason }) => `${dataset.files[file]}: ${reason}`));
          };
          const options = { dataset, sampler, size: FACE_SIZE, batch: BATCH, workers, fromStep: 0 };
          const batches = new PairBatches({ ...options, onLeftOut });
          const values: number[] = [];
          for (let n = 0; n < 8; n++) {
            const batch = await batches.next();
            assert.deepEqual(names.length > 0, n > 0, "named when its batch is handed out");
            const own = [...batch.yA.dataSync()].filter((_, i) => i % 2 === batch.groups[0].attribute);
            assert.deepEqual(own, [1, 1], "of the same side");
            values.push(...batch.A.dataSync(), ...batch.B.dataSync());
            disposeBatch(batch);
          }
          await batches.close();
          return values;
        }),
      );
      assert.deepEqual(pixels[1], pixels[0]);
      assert.deepEqual(left[1], left[0]);
      assert.equal(new Set(left[0]).size, 1);
    }));

  it("name the file and close all the same when no other picture of its side can be read", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(folder, 12);
      const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: BATCH, seed: 3 });
      for (const file of dataset.files.keys()) {
        if (sampler.labels(file)[0] === 1) await writeFile(dataset.picture(file).path, "not a picture");
      }
      const batches = open(dataset, sampler, 0);
      await assert.rejects(batches.next(), { name: "InputError", message: /\d{6}\.png/ });
      await batches.close();
    }));
});

describe("mirror", () => {
  it("turns left and right around and keeps colours together", () => {
    // Three rows of three pixels; the channels are value, value + 0.1 and value + 0.2.
    const pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const of = (values: readonly number[]) => Float32Array.from(values.flatMap((v) => [v, v + 0.1, v + 0.2]));
    const picture = of(pixels);
    mirror(picture, 3);
    assert.deepEqual(picture, of([3, 2, 1, 6, 5, 4, 9, 8, 7]));
  });
});
