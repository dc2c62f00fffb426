/** The measures of a swap against NumPy and SciPy. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../../src/random.js";
import { decibels, meanSquare, noiseSquare, scoreAgainstTruth } from "../../src/scoring/measures.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { hasScipy, runPython } from "../support/torch.js";

const SIZE = 17;

/** An image that repeats nothing, or `base` with every level moved by up to `by`. */
function picture(seed: string, base?: RgbaImage, by = 255): RgbaImage {
  const random = Random.fromSeed(1, seed);
  const data = new Uint8ClampedArray(SIZE * SIZE * 4);
  for (let i = 0; i < data.length; i++) {
    const level = base === undefined ? random.below(256) : base.data[i] + random.below(2 * by + 1) - by;
    data[i] = i % 4 === 3 ? 255 : level;
  }
  return { width: SIZE, height: SIZE, data };
}

function maskOf(seed: string): Uint8Array {
  const random = Random.fromSeed(2, seed);
  return Uint8Array.from({ length: SIZE * SIZE }, () => Number(random.chance(0.3)));
}

const rgb = ({ data }: RgbaImage): number[] => [...data].filter((_, i) => i % 4 !== 3);

describe("the measures of a swap", () => {
  it("are those of NumPy and SciPy", function () {
    if (!hasScipy()) return this.skip();
    return withFolder(async (folder) => {
      const cases = ["a", "b", "c"].map((name) => {
        const input = picture(name);
        const swap = picture(`${name} swap`, input, 40);
        return { input, swap, truth: picture(`${name} truth`, swap, 20), mask: maskOf(name) };
      });
      const parts = [
        ...cases.map(({ input }) => rgb(input)),
        ...cases.map(({ swap }) => rgb(swap)),
        ...cases.map(({ truth }) => rgb(truth)),
        ...cases.map(({ mask }) => [...mask]),
      ];
      await writeFile(join(folder, "raw"), Uint8Array.from(parts.flat()));
      const words = [join(folder, "raw"), String(cases.length), String(SIZE)];
      const expected = JSON.parse(runPython("measures.py", words)) as Record<string, number[]>;
      for (const [i, { input, swap, truth, mask }] of cases.entries()) {
        const found: Record<string, number> = {
          ...scoreAgainstTruth(input, swap, { truth, mask }),
          reconstruction: decibels(meanSquare(swap, input)),
          noise: noiseSquare(input, swap),
        };
        assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
        for (const [name, value] of Object.entries(found)) {
          assertClose([value], [expected[name][i]], { abs: 1e-9, rel: 1e-9 }, () => `${name} of case ${i}`);
        }
      }
    });
  });

  it("give the truth everything, and the unchanged input nothing", () => {
    const input = picture("x");
    const truth = picture("y", input, 60);
    const mask = maskOf("z");
    const perfect = scoreAgainstTruth(input, truth, { truth, mask });
    assert.equal(perfect.rightShare, 1);
    assertClose([perfect.wholeGain + decibels(meanSquare(input, truth))], [decibels(0)], { abs: 1e-9, rel: 0 });
    assertClose([decibels(0)], [68.1308], { abs: 1e-4, rel: 0 });
    const { regionGain, wholeGain, outside, rightShare } = scoreAgainstTruth(input, input, { truth, mask });
    assert.deepEqual([regionGain, wholeGain, outside, rightShare], [0, 0, decibels(0), 0]);
    assert.equal(noiseSquare(input, input), 0);
  });

  it("count isolated points as noise, and areas with straight edges not", () => {
    const flat: RgbaImage = { width: SIZE, height: SIZE, data: new Uint8ClampedArray(SIZE * SIZE * 4).fill(100) };
    const half = { ...flat, data: flat.data.map((level, i) => ((i >> 2) % SIZE < 8 ? level + 50 : level)) };
    assert.equal(noiseSquare(flat, half), 0);
    const point = { ...flat, data: flat.data.slice() };
    point.data[4 * (8 * SIZE + 8)] += 30;
    assertClose([noiseSquare(flat, point)], [30 ** 2 / (3 * SIZE * SIZE)], { abs: 1e-12, rel: 0 });
  });
});
