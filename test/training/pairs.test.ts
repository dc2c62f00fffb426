/** The choice of training pairs as a function of seed, attribute and step, and mirrored pictures. */
import assert from "node:assert/strict";
import { type FaceDataset, openDataset } from "../../src/dataset/dataset.js";
import { heldOutFiles, trainingFiles } from "../../src/dataset/split.js";
import { InputError } from "../../src/errors.js";
import { chooseBatch } from "../../src/training/batch-choice.js";
import { createPairSampler, type PairSampler, scarcestSide } from "../../src/training/pairs.js";
import { FACE_LABELS, faceAttributes, facePart, listedFaces, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";

const ATTRIBUTES = ["Bangs", "Smiling"];
const SIDES = [
  ["positive", 1],
  ["negative", 0],
] as const;

/** Lists the images of one side in the order of the steps. */
function sideOf(sampler: PairSampler, side: "positive" | "negative", attribute: number, steps: number): number[][] {
  return Array.from({ length: steps }, (_, step) => [...sampler.pairs(step, attribute)[side]]);
}

describe("training pairs", () => {
  // There are 50 images, 40 of them for training.
  const dataset = listedFaces(50);
  const batch = 3;
  const sampler = createPairSampler(dataset, ATTRIBUTES, { batch, seed: 7 });

  it("have the attribute on one side and lack it on the other", () => {
    for (const [attribute, name] of ATTRIBUTES.entries()) {
      for (const [side, value] of SIDES) {
        for (const files of sideOf(sampler, side, attribute, 40)) {
          assert.equal(files.length, batch);
          for (const file of files) {
            assert.equal(FACE_LABELS[name](file), value, `${name}, ${side}: ${file}`);
            assert.equal(sampler.labels(file)[attribute], value);
          }
        }
      }
    }
  });

  it("visit each picture at most once a round, leave out the last partial batch, and others in other rounds", () => {
    for (const attribute of ATTRIBUTES.keys()) {
      for (const [side, value] of SIDES) {
        const all = trainingFiles(dataset).filter((file) => sampler.labels(file)[attribute] === value);
        const perRound = Math.floor(all.length / batch);
        const rounds = Array.from({ length: 6 }, (_, round) =>
          sideOf(sampler, side, attribute, 6 * perRound)
            .slice(round * perRound, (round + 1) * perRound)
            .flat(),
        );
        for (const files of rounds) {
          assert.equal(files.length, perRound * batch);
          assert.equal(new Set(files).size, files.length, `${side}: ${files}`);
        }
        assert.notDeepEqual(rounds[0], rounds[1]);
        assert.deepEqual(
          [...new Set(rounds.flat())].sort((a, b) => a - b),
          all,
        );
      }
    }
  });

  it("never show a held-out picture", () => {
    const seen = new Set(
      ATTRIBUTES.flatMap((_, attribute) => SIDES.flatMap(([side]) => sideOf(sampler, side, attribute, 60).flat())),
    );
    const held = heldOutFiles(dataset);
    assert.deepEqual(
      held,
      dataset.files.flatMap((_, i) => (facePart(i) === 0 ? [] : [i])),
    );
    assert.equal(sampler.size, 40);
    assert.ok(held.every((file) => !seen.has(file)));
    assert.equal(seen.size, 40);
  });

  it("are a function of seed, attribute and step, whatever was asked before", () => {
    const again = createPairSampler(dataset, ATTRIBUTES, { batch, seed: 7 });
    for (const step of [25, 0, 13, 12, 25]) {
      for (const attribute of [1, 0]) assert.deepEqual(again.pairs(step, attribute), sampler.pairs(step, attribute));
    }
    const other = createPairSampler(dataset, ATTRIBUTES, { batch, seed: 8 });
    assert.notDeepEqual(sideOf(other, "positive", 0, 4), sideOf(sampler, "positive", 0, 4));
    // Each attribute has its own stream: that of Smiling does not depend on its place in the model.
    const swapped = createPairSampler(dataset, ["Smiling", "Bangs"], { batch, seed: 7 });
    const { groups, ...pairs } = sampler.pairs(3, 1);
    assert.deepEqual(swapped.pairs(3, 0), { ...pairs, groups: groups.map((group) => ({ ...group, attribute: 0 })) });
    assert.deepEqual(swapped.labels(3), [...sampler.labels(3)].reverse());
  });

  it("are of all pictures where no partition is given", () => {
    const whole = listedFaces(50, { partition: null });
    assert.deepEqual([trainingFiles(whole).length, heldOutFiles(whole).length], [50, 0]);
  });

  it("have a fingerprint that changes with files, labels, their order and the partition alone", () => {
    const of = (changes: Partial<FaceDataset>, attributes = ATTRIBUTES, seed = 7): string =>
      createPairSampler(listedFaces(50, changes), attributes, { batch, seed }).fingerprint;
    const own = sampler.fingerprint;
    assert.equal(of({}, ATTRIBUTES, 9), own);
    assert.equal(of({ dir: "elsewhere" }), own);
    const table = faceAttributes(50);
    const values = table.values.slice();
    values[0] = 1 - values[0];
    const files = [...table.files];
    files[0] = "other.png";
    const changed = [
      of({ attributes: { ...table, values } }),
      of({ files }),
      of({ partition: null }),
      of({}, ["Smiling", "Bangs"]),
    ];
    assert.equal(new Set([own, ...changed]).size, 5);
  });

  const wrong: readonly (readonly [string, Partial<FaceDataset>, readonly string[], number, RegExp])[] = [
    [
      "no list of attributes",
      { attributes: null },
      ATTRIBUTES,
      2,
      /^faces: expected list_attr_celeba\.txt, received no/,
    ],
    [
      "a mistyped attribute",
      {},
      ["smilling"],
      2,
      /expected a name of the list, received 'smilling'. Did you mean Smiling\?/,
    ],
    ["an unknown attribute", {}, ["Eyeglasses"], 2, /received 'Eyeglasses'\. Known: Bangs, Smiling, Young\.$/],
    [
      "an attribute that all pictures have",
      {},
      ["Bangs", "Young"],
      2,
      /^pairs: expected at least 2 training pictures without Young, received 0\. Choose another attribute/,
    ],
    [
      "a batch larger than one side",
      {},
      ["Smiling"],
      16,
      /expected at least 16 training pictures with Smiling, received 14\. Use --batch 14 or less, or --batch auto\.$/,
    ],
  ];
  for (const [what, changes, attributes, size, message] of wrong) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => createPairSampler(listedFaces(50, changes), attributes, { batch: size, seed: 1 }),
        (error) => error instanceof InputError && message.test(error.message),
      );
    });
  }

  it("come from a folder's own lists", () =>
    withFolder(async (folder) => {
      const written = await writeFaces(folder, 10);
      assert.deepEqual(heldOutFiles(written), [4, 9]);
      const { fingerprint } = createPairSampler(written, ATTRIBUTES, { batch: 2, seed: 1 });
      assert.equal(
        createPairSampler(await openDataset(folder), ATTRIBUTES, { batch: 2, seed: 1 }).fingerprint,
        fingerprint,
      );
      assert.equal(createPairSampler(listedFaces(10), ATTRIBUTES, { batch: 2, seed: 1 }).fingerprint, fingerprint);
    }));
});

describe("pairs of all attributes together", () => {
  const dataset = listedFaces(60);
  const batch = 6;
  const joint = createPairSampler(dataset, ATTRIBUTES, { batch, seed: 7, flip: true, joint: true });
  const each = createPairSampler(dataset, ATTRIBUTES, { batch: batch / 2, seed: 7, flip: true });

  it("are an equal part of each attribute's own pairs, in one update per step", () => {
    assert.deepEqual([joint.updatesPerStep, each.updatesPerStep], [1, 2]);
    for (const step of [0, 1, 17]) {
      const { groups, positive, negative, mirrored } = joint.pairs(step, 0);
      assert.deepEqual(groups, [
        { attribute: 0, pairs: 3 },
        { attribute: 1, pairs: 3 },
      ]);
      const [first, second] = [0, 1].map((attribute) => each.pairs(step, attribute));
      assert.deepEqual(positive, [...first.positive, ...second.positive]);
      assert.deepEqual(negative, [...first.negative, ...second.negative]);
      const ofSide = (from: number, to: number): boolean[] =>
        [first, second].flatMap((pairs) => pairs.mirrored.slice(from, to));
      assert.deepEqual(mirrored, [...ofSide(0, 3), ...ofSide(3, 6)]);
    }
  });

  it("put pictures of the same attribute and side in the place of one that cannot be read", () => {
    for (let slot = 0; slot < 2 * batch; slot++) {
      const attribute = Math.floor((slot % batch) / 3);
      const substitutes = [...joint.substitutes(5, 0, slot)];
      const side = trainingFiles(dataset).filter((file) => joint.labels(file)[attribute] === (slot < batch ? 1 : 0));
      assert.deepEqual(
        substitutes.sort((a, b) => a - b),
        side,
        `slot ${slot}`,
      );
    }
  });

  it("refuse a batch without equal parts, and name the largest batch that a scarce side allows", () => {
    const create = (size: number, attributes: readonly string[]) => () =>
      createPairSampler(dataset, attributes, { batch: size, seed: 1, joint: true });
    assert.throws(create(7, ATTRIBUTES), {
      name: "InputError",
      message: "--batch: expected a multiple of 2, an equal part for each attribute, received 7. Choose a multiple.",
    });
    const files = trainingFiles(dataset);
    const fewest = Math.min(
      ...ATTRIBUTES.flatMap((_, i) => [0, 1].map((v) => files.filter((file) => each.labels(file)[i] === v).length)),
    );
    create(2 * fewest, ATTRIBUTES)();
    assert.throws(create(2 * fewest + 2, ATTRIBUTES), {
      message: new RegExp(`at least ${fewest + 1} training pictures .*Use --batch ${2 * fewest} or less`),
    });
  });

  it("round the batch down to equal parts, and say so", async () => {
    const choose = (asked: number | "auto", attributes: readonly string[], isJoint: boolean) =>
      chooseBatch(asked, dataset, attributes, isJoint, null);
    assert.deepEqual(await choose(7, ATTRIBUTES, false), { batch: 7, reason: null });
    assert.deepEqual(await choose(6, ATTRIBUTES, true), { batch: 6, reason: null });
    const rounded = await choose(7, ATTRIBUTES, true);
    assert.equal(rounded.batch, 6);
    assert.match(rounded.reason ?? "", /--batch 7 .*6 \+ 6/);
    assert.equal((await choose(1, ATTRIBUTES, true)).batch, 2, "one pair of each");
    assert.equal((await choose("auto", ATTRIBUTES, true)).batch, 16);
    const scarce = listedFaces(20);
    const { count } = scarcestSide(scarce, ATTRIBUTES);
    assert.ok(2 * count < 16, `${count}`);
    assert.equal((await chooseBatch("auto", scarce, ATTRIBUTES, true, null)).batch, 2 * count);
  });
});

describe("mirrored training pictures", () => {
  it("are half of them, a function of seed, attribute and step, and none without --flip", () => {
    const dataset = listedFaces(60);
    const mirroredOf = (seed: number, flip: boolean): boolean[][] => {
      const sampler = createPairSampler(dataset, ["Bangs", "Smiling"], { batch: 4, seed, flip });
      return Array.from({ length: 200 }, (_, i) => [...sampler.pairs(i >> 1, i % 2).mirrored]);
    };
    const all = mirroredOf(1, true);
    assert.ok(all.every(({ length }) => length === 8));
    const share = all.flat().filter(Boolean).length / all.flat().length;
    // The bound is four standard deviations of 1,600 coin tosses.
    assert.ok(Math.abs(share - 0.5) < 0.05, `${share}`);
    assert.notDeepEqual(all[0], all[1]);
    assert.notDeepEqual(mirroredOf(2, true), all);
    const later = createPairSampler(dataset, ["Bangs", "Smiling"], { batch: 4, seed: 1, flip: true });
    assert.deepEqual(later.pairs(50, 1).mirrored, all[101], "whatever was asked for before");
    assert.ok(
      mirroredOf(1, false)
        .flat()
        .every((mirrored) => !mirrored),
    );
  });
});
