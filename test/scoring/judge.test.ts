/** The attribute classifier on images whose attributes are easy to see. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { createOptimizer, gradientsOf } from "../../src/nn/optimizer.js";
import { disposeParameters } from "../../src/nn/parameters.js";
import { classify, featureCount, initialClassifier, JUDGE } from "../../src/scoring/classifier.js";
import { classifierLoss } from "../../src/scoring/classifier-training.js";
import { Judge } from "../../src/scoring/judge.js";
import { assertClose } from "../support/close.js";
import { FACE_LABELS, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { barred, SIDE } from "../support/judge-pictures.js";
import { hasWebgpu, onDevice } from "../support/webgpu.js";

const quiet = { onProgress: () => {}, warn: () => {} };

describe("the classifier of a score", () => {
  it("has the answers and gradients of `cpu` on `wasm` and `webgpu` within 1e-4 of the largest", async () => {
    const devices = ["cpu", "wasm", ...((await hasWebgpu()) ? ["webgpu" as const] : [])] as const;
    const found: number[][][] = [];
    for (const name of devices) {
      found.push(
        await onDevice(name, async () => {
          const parameters = initialClassifier(JUDGE, 2, 7);
          const { levels, labels } = barred(5, 1);
          const features = featureCount(JUDGE);
          const batch = {
            images: tf.tensor4d(
              Float32Array.from(levels, (level) => level / 127.5 - 1),
              [1, SIDE, SIDE, 3],
            ),
            labels: tf.tensor2d(Float32Array.from(labels), [1, 2]),
            weights: tf.tensor2d([0.3, 0.7], [1, 2]),
            kept: tf.tensor2d(
              Float32Array.from({ length: features }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
              [1, features],
            ),
          };
          const state = createOptimizer(parameters);
          const { gradients } = gradientsOf(state, () => classifierLoss(JUDGE, parameters, batch));
          const tensors = [classify(JUDGE, parameters, batch.images), ...gradients.values()];
          const values: number[][] = [];
          for (const tensor of tensors) values.push([...(await tensor.data())]);
          for (const set of [parameters, state.first, state.second]) disposeParameters(set);
          return values;
        }),
      );
    }
    const [expected, ...others] = found;
    for (const values of others) {
      assert.equal(values.length, 1 + 4 * 4 + 2);
      for (const [i, own] of values.entries()) {
        const largest = Math.max(...expected[i].map(Math.abs));
        // A factor before a norm has no effect, so its gradient is 0 except for rounding.
        const isFactor = i % 4 === 3 && i < 12;
        assert.equal(largest > 1e-5, !isFactor, `tensor ${i}: ${largest}`);
        const abs = isFactor ? 1e-6 : 1e-4 * largest;
        assertClose(own, expected[i], { abs, rel: 0 }, (at) => `tensor ${i}, value ${at}`);
      }
    }
  });

  it("is trained once for a run, and again for other attributes or after damage", () =>
    withFolder(async (folder) => {
      const device = await openDevice("wasm", 1);
      const dataset = await writeFaces(join(folder, "data"), 30);
      const path = join(folder, "classifier.safetensors");
      let updates = 0;
      const options = { dataset, attributes: ["Bangs", "Smiling"], folder, seed: 1, workers: 1, ...quiet };
      const open = async (changes: Partial<typeof options> = {}): Promise<Judge> => {
        updates = 0;
        const onProgress = ({ stage }: { stage: string }): void => void (stage === "classifier" && updates++);
        const judge = await Judge.open({ ...options, onProgress, ...changes });
        assert.ok(judge !== null);
        return judge;
      };
      const first = await open();
      assert.ok(updates > 0);
      assert.deepEqual([first.path, first.record.training, first.record.heldOut], [path, 24, 6]);
      assert.deepEqual(
        first.record.attributes.map(({ name }) => name),
        ["Bangs", "Smiling"],
      );
      const bytes = await readFile(path);
      const second = await open();
      assert.equal(updates, 0);
      assert.deepEqual(second.record, first.record);
      const other = await open({ attributes: ["Smiling", "Bangs"] });
      assert.ok(updates > 0);
      await writeFile(path, bytes.subarray(0, bytes.length - 10));
      const again = await open();
      assert.ok(updates > 0);
      assert.deepEqual(await readFile(path), bytes); // the same seed gives the same bytes
      for (const judge of [first, second, other, again]) judge.dispose();
      await device.close();
    }));

  it("is left out with a warning where one side of an attribute has too few pictures", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 10);
      const lines: string[] = [];
      const warn = (line: string): void => void lines.push(line);
      const attributes = Object.keys(FACE_LABELS); // everyone is Young
      const judge = await Judge.open({ dataset, attributes, folder, seed: 1, workers: 1, ...quiet, warn });
      assert.equal(judge, null);
      assert.match(lines.join(), /needs 4 training pictures with and without Smiling/);
      await assert.rejects(stat(join(folder, "classifier.safetensors")), { code: "ENOENT" });
    }));
});
