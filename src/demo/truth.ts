/** Stands in for src/scoring/truth.ts until that file is merged: the same signature and the same numbers. */
import { scoreSwap } from "../dataset/synth/truth.js";
import type { RgbaImage } from "../types.js";
import type { ScoredPair } from "./pairs.js";

export interface TruthScore {
  readonly n: number;
  readonly regionGain: number;
  readonly wholeGain: number;
  readonly outside: number;
  readonly rightShare: number;
  readonly noise: number;
}

/** The mean squared error is at least this, so that equal pictures have a finite PSNR of 68.13 dB. */
const LEAST_ERROR = 1e-2;

/** PSNR in dB with peak 255, over the colours of the pixels that count. */
function psnr(a: RgbaImage, b: RgbaImage, counts: (pixel: number) => boolean): number {
  let [sum, samples] = [0, 0];
  for (let i = 0; i < a.width * a.height; i++) {
    if (!counts(i)) continue;
    for (let c = 0; c < 3; c++) sum += (a.data[i * 4 + c] - b.data[i * 4 + c]) ** 2;
    samples += 3;
  }
  return 10 * Math.log10(255 ** 2 / Math.max(sum / Math.max(samples, 1), LEAST_ERROR));
}

/** Mean square of what a 3x3 median leaves of the change; the edge is repeated. */
function roughness(input: RgbaImage, result: RgbaImage): number {
  const { width, height } = input;
  const change = (x: number, y: number, c: number): number => {
    const at = (Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))) * 4 + c;
    return result.data[at] - input.data[at];
  };
  const window = new Float64Array(9);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        for (let k = 0; k < 9; k++) window[k] = change(x + (k % 3) - 1, y + Math.floor(k / 3) - 1, c);
        const own = window[4];
        sum += (own - window.sort()[4]) ** 2;
      }
    }
  }
  return sum / (width * height * 3);
}

/** Means over pairs and their swaps; the noise is the root of the mean square over all of them. */
export function scoreTruth(pairs: readonly ScoredPair[], results: readonly RgbaImage[]): TruthScore {
  const mean = (value: (pair: ScoredPair, result: RgbaImage) => number): number =>
    pairs.reduce((sum, pair, i) => sum + value(pair, results[i]), 0) / pairs.length;
  const everywhere = (): boolean => true;
  return {
    n: pairs.length,
    regionGain: mean(({ input, truth, mask }, result) => {
      const inside = (i: number): boolean => mask[i] !== 0;
      return psnr(result, truth, inside) - psnr(input, truth, inside);
    }),
    wholeGain: mean(({ input, truth }, result) => psnr(result, truth, everywhere) - psnr(input, truth, everywhere)),
    outside: mean(({ input, mask }, result) => psnr(result, input, (i) => mask[i] === 0)),
    rightShare: mean(
      ({ input, truth, mask }, result) => scoreSwap(input.data, result.data, truth.data, mask).rightShare,
    ),
    noise: Math.sqrt(mean(({ input }, result) => roughness(input, result))),
  };
}
