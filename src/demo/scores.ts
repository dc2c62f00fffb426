/** How near a generator's swaps come to the known truth. */
import { disposeFaces, encodeFaces, PICTURES_AT_ONCE, toPictures, toTensor } from "../editing/faces.js";
import type { Generator } from "../editing/generator.js";
import { swapMany } from "../editing/swap.js";
import type { Score } from "../report/model.js";
import type { RgbaImage } from "../types.js";
import type { ScoredPair } from "./pairs.js";
import { scoreTruth } from "./truth.js";

/** Results D of all pairs, in order; pairs of one call may have different attributes. */
export async function swapPairs(generator: Generator, pairs: readonly ScoredPair[]): Promise<readonly RgbaImage[]> {
  const { size } = generator.config;
  const results: RgbaImage[] = [];
  for (let first = 0; first < pairs.length; ) {
    const { attribute } = pairs[first];
    const some = pairs.slice(first, first + PICTURES_AT_ONCE);
    const same = some.findIndex((pair) => pair.attribute !== attribute);
    const batch = same < 0 ? some : some.slice(0, same);
    const inputs = encodeFaces(
      generator,
      await toTensor(
        batch.map(({ input }) => input),
        size,
      ),
    );
    const crops = batch.map(({ referenceFace }) => referenceFace.crop);
    const reference = encodeFaces(generator, await toTensor(crops, size));
    const swapped = swapMany(generator, inputs, [{ attribute, reference }]);
    results.push(...(await toPictures(swapped)));
    swapped.dispose();
    disposeFaces(inputs);
    disposeFaces(reference);
    first += batch.length;
  }
  return results;
}

/** "Bangs, removed". */
export function nameSwaps({ attribute, adding }: Pick<ScoredPair, "attribute" | "adding">): string {
  return `${attribute}, ${adding ? "added" : "removed"}`;
}

/** Mean scores of pairs that share attribute and direction. */
export function scorePairs(pairs: readonly ScoredPair[], results: readonly RgbaImage[]): Score {
  return { name: nameSwaps(pairs[0]), ...scoreTruth(pairs, results) };
}

/** The means over all pairs of all rows; null if there are none. */
export function meanScore(name: string, rows: readonly Score[]): Score | null {
  const n = rows.reduce((sum, row) => sum + row.n, 0);
  if (n === 0) return null;
  const mean = (value: (row: Score) => number): number => rows.reduce((sum, row) => sum + row.n * value(row), 0) / n;
  return {
    name,
    n,
    wholeGain: mean((row) => row.wholeGain),
    regionGain: mean((row) => row.regionGain),
    outside: mean((row) => row.outside),
    rightShare: mean((row) => row.rightShare),
    noise: mean((row) => row.noise),
  };
}
