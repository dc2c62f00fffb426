/** How near a generator's swaps come to the known truth. */
import type { Generator } from "../models/generator.js";
import type { Score } from "../report/model.js";
import { noiseSquare, scoreAgainstTruth } from "../scoring/measures.js";
import { type SwapInput, swapAll } from "../scoring/swaps.js";
import type { RgbaImage } from "../types.js";
import type { ScoredPair } from "./pairs.js";

/** Results D of all pairs, in order. The pairs of one call may have different attributes. */
export function swapPairs(generator: Generator, pairs: readonly ScoredPair[]): Promise<readonly RgbaImage[]> {
  const inputs = pairs.map(
    ({ attribute, adding, input, inputFace, referenceFace }): SwapInput => ({
      attribute,
      value: adding ? 1 : 0,
      input,
      reference: referenceFace.crop,
      labels: generator.config.attributes.map((name) => Number(inputFace.has(name))),
    }),
  );
  return swapAll(generator, inputs);
}

/** Name of a pair's attribute and direction: "Bangs, removed". */
export function nameSwaps({ attribute, adding }: Pick<ScoredPair, "attribute" | "adding">): string {
  return `${attribute}, ${adding ? "added" : "removed"}`;
}

/** Mean scores of pairs with the same attribute and direction. The noise is the root of the mean square over all of them. */
export function scorePairs(pairs: readonly ScoredPair[], results: readonly RgbaImage[]): Score {
  const scores = pairs.map((pair, i) => scoreAgainstTruth(pair.input, results[i], pair));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / pairs.length;
  return {
    name: nameSwaps(pairs[0]),
    n: pairs.length,
    wholeGain: mean(scores.map(({ wholeGain }) => wholeGain)),
    regionGain: mean(scores.map(({ regionGain }) => regionGain)),
    outside: mean(scores.map(({ outside }) => outside)),
    rightShare: mean(scores.map(({ rightShare }) => rightShare)),
    noise: Math.sqrt(mean(pairs.map(({ input }, i) => noiseSquare(input, results[i])))),
  };
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
