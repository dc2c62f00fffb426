/** How near a generator's swaps come to the known truth. */
import { scoreSwap } from "../dataset/synth/truth.js";
import type { Generator } from "../editing/generator.js";
import type { Score } from "../report/model.js";
import { swapAll } from "../scoring/swaps.js";
import type { RgbaImage } from "../types.js";
import type { ScoredPair } from "./pairs.js";

/** Results D of all pairs, in order; pairs of one call may have different attributes. */
export function swapPairs(generator: Generator, pairs: readonly ScoredPair[]): Promise<readonly RgbaImage[]> {
  const inputs = pairs.map(({ attribute, input, referenceFace }) => ({
    attribute,
    input,
    reference: referenceFace.crop,
  }));
  return swapAll(generator, inputs);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Mean scores of pairs that share attribute and direction, inside the region where the truth differs from the input. */
export function scorePairs(pairs: readonly ScoredPair[], results: readonly RgbaImage[], checkpoint: string): Score {
  const [{ attribute, adding }] = pairs;
  const scores = pairs.map(({ input, truth, mask }, i) => scoreSwap(input.data, results[i].data, truth.data, mask));
  return {
    attribute: `${attribute}, ${adding ? "added" : "removed"}`,
    n: pairs.length,
    psnrInput: mean(scores.map(({ psnrInput }) => psnrInput)),
    psnrSwap: mean(scores.map(({ psnrOutput }) => psnrOutput)),
    rightShare: mean(scores.map(({ rightShare }) => rightShare)),
    checkpoint,
  };
}

/** The mean gain in dB over all pairs of all scores. */
export function meanGain(scores: readonly Score[]): number {
  const pairs = scores.reduce((sum, { n }) => sum + n, 0);
  return scores.reduce((sum, { n, psnrInput, psnrSwap }) => sum + n * (psnrSwap - psnrInput), 0) / pairs;
}
