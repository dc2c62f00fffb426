/** Which pictures a sheet of one attribute shows. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attributeColumn, CONFIDENCE_LIST, chooseByAttribute, readConfidence } from "../../src/dataset/by-attribute.js";
import type { AttributeTable } from "../../src/dataset/lists.js";
import { withFolder } from "../support/folder.js";

/** A table of the attributes Bangs (`values`) and Male (1 throughout). */
function tableOf(values: readonly number[]): AttributeTable {
  const files = values.map((_, i) => `${i}.png`);
  return { names: ["Male", "Bangs"], files, values: Int8Array.from(values.flatMap((value) => [1, value])) };
}

const OPEN = -1;

describe("a sheet of one attribute", () => {
  it("shows half with it and half without it, spread evenly", () => {
    const groups = chooseByAttribute(tableOf(Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 0))), 1, null, 8);
    assert.deepEqual(
      groups.map(({ label, pictures, doubtful }) => [label, pictures, doubtful]),
      [
        ["with", 20, false],
        ["without", 20, false],
      ],
    );
    assert.deepEqual(
      groups.map(({ chosen }) => chosen.map(({ file, probability }) => [Number.parseInt(file, 10), probability])),
      [[2, 7, 12, 17].map((i) => [i, null]), [22, 27, 32, 37].map((i) => [i, null])],
    );
  });

  it("shows open labels first, and gives the places of a small group to the others", () => {
    const values = Array.from({ length: 30 }, (_, i) => (i < 2 ? OPEN : i < 6 ? 1 : 0));
    const groups = chooseByAttribute(tableOf(values), 1, null, 12);
    assert.deepEqual(
      groups.map(({ label, pictures, chosen }) => [label, pictures, chosen.length]),
      [
        ["open", 2, 2],
        ["with", 4, 4],
        ["without", 24, 6],
      ],
    );
    assert.deepEqual(
      chooseByAttribute(tableOf([1, 1, 1]), 1, null, 9).map(({ label }) => label),
      ["with"],
    );
  });

  it("shows the most doubtful pictures first: a label that the probability contradicts, then those near 0.5", () => {
    const probabilities = [0.97, 0.51, 0.2, 0.8, 0.9, 0.02, 0.45, 0.6, 0.5, 0.3];
    const table = tableOf([1, 1, 1, 1, 0, 0, 0, 0, OPEN, OPEN]);
    const confidence = new Map(probabilities.map((probability, i) => [`${i}.png`, probability]));
    const files = (count: number, known = confidence): string[][] =>
      chooseByAttribute(table, 1, known, count).map(({ chosen }) => chosen.map(({ file }) => file.slice(0, -4)));
    assert.deepEqual(files(10), [
      ["8", "9"],
      ["2", "1", "3", "0"],
      ["4", "7", "6", "5"],
    ]);
    assert.deepEqual(files(3), [["8"], ["2"], ["4"]]);
    // A group without any probabilities is spread evenly.
    const some = new Map([["1.png", 0.6]]);
    assert.deepEqual(files(6, some), [["8", "9"], ["1"], ["5", "7"]]);
  });
});

describe("the probabilities of an attribute", () => {
  it("are read by name; quoted names may contain commas", () =>
    withFolder(async (dir) => {
      assert.equal(await readConfidence(dir, "Bangs"), null);
      await writeFile(join(dir, CONFIDENCE_LIST), 'file,Male,Bangs\n"a, b.jpg",0.1,0.75\nc.jpg,1,0\n');
      const found = await readConfidence(dir, "Bangs");
      assert.deepEqual(
        [...found!],
        [
          ["a, b.jpg", 0.75],
          ["c.jpg", 0],
        ],
      );
      assert.equal(await readConfidence(dir, "Young"), null);
    }));

  it("are refused outside of 0 to 1", () =>
    withFolder(async (dir) => {
      await writeFile(join(dir, CONFIDENCE_LIST), "file,Bangs\na.jpg,0.5\nb.jpg,1.2\n");
      const message = /attributes_confidence\.csv: b\.jpg: expected a probability from 0 to 1, received 1\.2/;
      await assert.rejects(readConfidence(dir, "Bangs"), message);
    }));
});

describe("the attribute of a sheet", () => {
  it("is one of the data set's", () => {
    const table = tableOf([1, 0]);
    assert.equal(attributeColumn(table, "Bangs", "faces"), 1);
    const unknown = /--by: expected an attribute of the data, received 'Bang'\. Did you mean Bangs\?/;
    assert.throws(() => attributeColumn(table, "Bang", "faces"), unknown);
    const none = /faces: expected list_attr_celeba\.txt, received no such file/;
    assert.throws(() => attributeColumn(null, "Bangs", "faces"), none);
  });
});
