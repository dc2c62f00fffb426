/** Open labels: which pictures an attribute's pairs are made of, and what the networks read in their place. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDataset } from "../../src/dataset/dataset.js";
import { type AttributeTable, formatAttributes, OPEN } from "../../src/dataset/lists.js";
import { labelRows, trainingFiles } from "../../src/dataset/split.js";
import { scoreWeights } from "../../src/methods/elegant/parts.js";
import { attributeCrossEntropy } from "../../src/nn/losses.js";
import { Random } from "../../src/random.js";
import { lackingAttribute } from "../../src/scoring/judge.js";
import { train } from "../../src/training/loop.js";
import { createPairSampler, scarcestSide } from "../../src/training/pairs.js";
import { faceAttributes, listedFaces, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { ATTRIBUTES, modernRun, tinyRun } from "../support/run.js";
import { onDevice } from "../support/webgpu.js";

/** The labels of `count` images, a share of them open. */
function opened(count: number, seed: number, share: number): AttributeTable {
  const random = Random.fromSeed(seed, "open");
  const { values, ...table } = faceAttributes(count);
  return { ...table, values: values.map((value) => (random.chance(share) ? OPEN : value)) };
}

describe("open labels", () => {
  it("keep a picture out of the pairs of their attribute, for all seeds, shares and kinds of batches, and out of nothing else", () => {
    for (const share of [0.1, 0.5, 0.8]) {
      for (let seed = 0; seed < 8; seed++) {
        const attributes = opened(120, seed, share);
        const dataset = listedFaces(120, { attributes });
        const labelOf = (file: number, name: string): number =>
          attributes.values[file * attributes.names.length + attributes.names.indexOf(name)];
        for (const joint of [false, true]) {
          const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed, joint });
          const seen = new Set<string>();
          for (let step = 0; step < 200; step++) {
            for (let update = 0; update < sampler.updatesPerStep; update++) {
              const { groups, positive, negative } = sampler.pairs(step, update);
              let slot = 0;
              for (const { attribute, pairs } of groups) {
                const name = ATTRIBUTES[attribute];
                for (let i = 0; i < pairs; i++, slot++) {
                  assert.equal(labelOf(positive[slot], name), 1);
                  assert.equal(labelOf(negative[slot], name), 0);
                  seen.add(`${name} ${positive[slot]}`).add(`${name} ${negative[slot]}`);
                  if (step > 0) continue;
                  for (const file of sampler.substitutes(step, update, slot)) assert.equal(labelOf(file, name), 1);
                  for (const file of sampler.substitutes(step, update, 2 + slot)) assert.equal(labelOf(file, name), 0);
                }
              }
            }
          }
          const known = ATTRIBUTES.flatMap((name) =>
            trainingFiles(dataset).flatMap((file) => (labelOf(file, name) === OPEN ? [] : [`${name} ${file}`])),
          );
          assert.deepEqual([...seen].sort(), known.sort());
          const open = ATTRIBUTES.map(
            (name) => trainingFiles(dataset).filter((file) => labelOf(file, name) === OPEN).length,
          );
          assert.deepEqual(sampler.open, open);
        }
      }
    }
  });

  it("count for neither side, and are 0.5 for networks", () => {
    const attributes = opened(50, 3, 0.4);
    const dataset = listedFaces(50, { attributes });
    const files = trainingFiles(dataset);
    const rows = labelRows(dataset, files, ATTRIBUTES);
    const count = (attribute: number, value: number): number => rows.filter((row) => row[attribute] === value).length;
    assert.ok(count(0, 0.5) > 5 && count(1, 0.5) > 5);
    const least = Math.min(...[0, 1].flatMap((attribute) => [count(attribute, 0), count(attribute, 1)]));
    assert.equal(scarcestSide(dataset, ATTRIBUTES).count, least);
    const sampler = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 1 });
    assert.deepEqual(
      files.map((file) => sampler.labels(file)),
      rows,
    );
  });

  it("change the fingerprint of the data", () => {
    const print = (attributes: AttributeTable): string =>
      createPairSampler(listedFaces(60, { attributes }), ATTRIBUTES, { batch: 2, seed: 1 }).fingerprint;
    const known = print(faceAttributes(60));
    assert.notEqual(print(opened(60, 1, 0.2)), known);
    assert.equal(print(opened(60, 1, 0)), known);
  });

  it("are refused where an attribute has nothing else", () => {
    const { values, ...table } = faceAttributes(30);
    const all = { ...table, values: values.map((value, at) => (at % 3 === 1 ? OPEN : value)) };
    const dataset = listedFaces(30, { attributes: all });
    assert.throws(() => createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 1 }), {
      name: "InputError",
      message:
        "faces: Smiling: expected labels, received open ones only. Choose another attribute, or fill in some labels: 1 with it, -1 without it.",
    });
    createPairSampler(dataset, ["Bangs"], { batch: 2, seed: 1 });
  });

  it("leave a score without a classifier where too few labels are known", () => {
    const { values, ...table } = faceAttributes(50);
    let left = 3;
    const few = values.map((value, at) => (at % 3 === 0 && value === 1 && left-- <= 0 ? OPEN : value));
    assert.equal(lackingAttribute(listedFaces(50), ATTRIBUTES), null);
    assert.equal(lackingAttribute(listedFaces(50, { attributes: { ...table, values: few } }), ATTRIBUTES), "Bangs");
  });

  it("have no weight in the losses that read labels, which are the same to the bit without them", () =>
    onDevice("wasm", async () => {
      const logits = tf.tensor2d([
        [0.3, -2, 1.7],
        [4, 0.1, -0.6],
      ]);
      const entropy = (rows: number[][]): number => attributeCrossEntropy(logits, tf.tensor2d(rows)).dataSync()[0];
      const each = (logit: number, label: number): number => Math.log1p(Math.exp(logit)) - label * logit;
      const expected = (each(0.3, 1) + each(1.7, 0) + each(4, 0) + each(0.1, 1)) / 2;
      const received = entropy([
        [1, 0.5, 0],
        [0, 1, 0.5],
      ]);
      assert.ok(Math.abs(received - expected) < 1e-6, `${received}, ${expected}`);
      const y = tf.tensor2d([[1, 0.5, 0]]);
      const weights = scoreWeights(y, tf.tensor2d([[1, 0, 0]]), 0.5).dataSync();
      assert.deepEqual([...weights], [0, 0.5, 0, 0, 0.25, 0]);
    }));

  it("are counted in a training's first line, with every kind of discriminator", () =>
    withFolder(async (folder) => {
      await writeFaces(join(folder, "faces"), 20);
      const attributes = opened(20, 5, 0.3);
      await writeFile(join(folder, "faces/list_attr_celeba.txt"), formatAttributes(attributes));
      const dataset = await openDataset(join(folder, "faces"));
      const open = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 1 }).open;
      assert.ok(open.every((count) => count > 0));
      await onDevice("wasm", async () => {
        for (const [name, run] of [
          ["planes", tinyRun],
          ["heads", modernRun],
        ] as const) {
          const messages: string[] = [];
          await train(run(dataset, join(folder, name), { onMessage: (line) => messages.push(line) }));
          assert.ok(
            messages.includes(`16 training pictures (open labels: Bangs ${open[0]}, Smiling ${open[1]}); a new run`),
            messages.join("\n"),
          );
        }
      });
    }));
});
