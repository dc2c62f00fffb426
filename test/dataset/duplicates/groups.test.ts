/** Groups of near-duplicates, compared with groups that are found by comparing all pairs. */
import assert from "node:assert/strict";
import { MIRROR_BITS, MIRROR_SIGNS, OUTLINE_LENGTH } from "../../../src/dataset/duplicates/fingerprint.js";
import { Fingerprints } from "../../../src/dataset/duplicates/fingerprints.js";
import { type DuplicateGroup, type DuplicateMember, groupDuplicates } from "../../../src/dataset/duplicates/groups.js";
import { countDuplicates, formatDuplicates, nameGroups } from "../../../src/dataset/duplicates/report.js";
import { forEachRecord } from "../../../src/dataset/records.js";
import { Random } from "../../../src/random.js";

/** The same rule by comparing each image with all firsts of groups. */
function groupByAllPairs(prints: Fingerprints): DuplicateGroup[] {
  const firsts = new Map<number, DuplicateMember[]>();
  for (let i = 0; i < prints.length; i++) {
    if (!prints.isComparable(i)) continue;
    let best: { first: number; member: DuplicateMember } | null = null;
    for (const first of firsts.keys()) {
      const likeness = prints.compare(i, first);
      if (likeness === null || likeness.correlation <= (best?.member.correlation ?? 0)) continue;
      best = { first, member: { index: i, ...likeness } };
    }
    if (best === null) firsts.set(i, []);
    else firsts.get(best.first)!.push(best.member);
  }
  return [...firsts].filter(([, others]) => others.length > 0).map(([first, others]) => ({ first, others }));
}

/**
 * Fingerprints of `count` images. A third are changed copies of earlier ones, some of them mirrored, with 0 to 13 different
 * bits and an outline that is more or less changed. Every 50th has no fingerprint.
 */
function randomPrints(count: number, seed: number): Fingerprints {
  const random = Random.fromSeed(seed);
  const prints = new Fingerprints(count);
  const made: { hash: [number, number]; outline: Int8Array }[] = [];
  for (let i = 0; i < count; i++) {
    const source = i > 0 && random.below(3) === 0 ? made[random.below(i)] : null;
    const turned = random.below(4) === 0;
    const hash: [number, number] =
      source === null ? [random.uint32(), random.uint32()] : [source.hash[0], source.hash[1]];
    for (let bits = source === null ? 0 : random.below(14); bits > 0; bits--) {
      const bit = random.below(64);
      hash[bit >> 5] ^= 1 << (bit & 31);
    }
    const noise = random.below(60);
    const outline = Int8Array.from({ length: OUTLINE_LENGTH }, (_, k) => {
      if (source === null) return random.below(201) - 100;
      return Math.round(source.outline[k] + (noise * (random.below(201) - 100)) / 100 / 2);
    });
    if (source !== null && turned) {
      hash[0] ^= MIRROR_BITS;
      hash[1] ^= MIRROR_BITS;
      for (let k = 0; k < OUTLINE_LENGTH; k++) outline[k] *= MIRROR_SIGNS[k];
    }
    made.push({ hash: [hash[0] >>> 0, hash[1] >>> 0], outline });
    if (i % 50 !== 49) prints.set(i, made[i]);
  }
  return prints;
}

describe("groups of near-duplicates", () => {
  it("are the ones that comparing all pairs finds", () => {
    for (let seed = 1; seed <= 8; seed++) {
      const prints = randomPrints(600, seed);
      const groups = groupDuplicates(prints);
      assert.ok(groups.length > 40, `${groups.length} groups with seed ${seed}`);
      assert.ok(groups.some(({ others }) => others.some(({ mirrored }) => mirrored)));
      assert.deepEqual(groups, groupByAllPairs(prints), `seed ${seed}`);
    }
  });

  it("have members near their first, and firsts that are not near each other", () => {
    const prints = randomPrints(400, 99);
    const groups = groupDuplicates(prints);
    const gone = new Set(groups.flatMap(({ others }) => others.map(({ index }) => index)));
    const kept = Array.from({ length: prints.length }, (_, i) => i).filter((i) => !gone.has(i));
    for (const a of kept) for (const b of kept) if (a < b) assert.equal(prints.compare(a, b), null, `${a} and ${b}`);
    for (const { first, others } of groups) {
      for (const { index, ...likeness } of others) assert.deepEqual(prints.compare(index, first), likeness);
    }
  });

  it("are found among 20,000 images within seconds", function () {
    this.timeout(20_000); // it takes less than one; comparing all pairs would take longer than this
    const groups = groupDuplicates(randomPrints(20_000, 7));
    assert.ok(groups.length > 1000, `${groups.length}`);
  });

  it("are counted, also across the parts of a partition", () => {
    const likeness = { distance: 3, correlation: 0.98765, mirrored: false };
    const groups = nameGroups(
      [
        { first: 0, others: [{ index: 2, ...likeness }] },
        { first: 1, others: [3, 4].map((index) => ({ index, ...likeness, mirrored: true })) },
      ],
      ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"],
    );
    const partition = { files: ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], values: Uint8Array.from([0, 2, 0, 2]) };
    assert.deepEqual(countDuplicates(groups, partition), { groups: 2, repeated: 3, acrossParts: 1 });
    assert.equal(countDuplicates(groups, null).acrossParts, null);
  });

  it("are written as CSV that gives back any name", () => {
    const names = ['a "quoted", name.jpg', "line\nbreak.jpg", "plain.jpg", "sp ace;semi.jpg"];
    const others = [1, 2, 3].map((index) => ({ index, distance: index, correlation: 0.95, mirrored: index === 2 }));
    const rows: string[][] = [];
    forEachRecord(formatDuplicates(nameGroups([{ first: 0, others }], names)), ",", "csv", (cells) => rows.push(cells));
    assert.deepEqual(rows, [
      ["group", "file", "distance", "correlation", "mirrored"],
      ["1", names[0], "0", "1.000", "0"],
      ["1", names[1], "1", "0.950", "0"],
      ["1", names[2], "2", "0.950", "1"],
      ["1", names[3], "3", "0.950", "0"],
    ]);
  });
});
