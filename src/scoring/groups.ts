/** The pairs of one attribute and direction: chosen, loaded, swapped and measured against everything known about them. */
import type { FaceDataset } from "../dataset/dataset.js";
import { OPEN_INPUT } from "../dataset/split.js";
import type { Generator } from "../models/generator.js";
import type { AttributeScore } from "../report/scored.js";
import type { SwapTruth } from "../synth/truth.js";
import type { OnProgress, RgbaImage } from "../types.js";
import type { Judge } from "./judge.js";
import { decibels, meanSquare, noiseSquare, scoreAgainstTruth, type TruthScore } from "./measures.js";
import type { PaintedFaces } from "./painted.js";
import { pairUp, type ScoredPair } from "./pairs.js";
import type { Persons } from "./persons.js";
import { loadPictures, pictureAt } from "./pictures.js";
import { type SwapInput, swapAll } from "./swaps.js";

/** A pair with its images, in the model's size. */
export interface LoadedPair extends ScoredPair {
  readonly inputPicture: RgbaImage;
  readonly referencePicture: RgbaImage;
  /** The painter's true result; null if it is not known. */
  readonly truth: SwapTruth | null;
}

export interface SwappedPair extends LoadedPair {
  readonly swap: RgbaImage;
}

export interface GroupOptions {
  readonly generator: Generator;
  readonly dataset: FaceDataset;
  /** Positions of the images from which pairs are made. */
  readonly heldOut: readonly number[];
  /** True if image `file` has attribute `attribute`; null if its label is open. */
  readonly has: (file: number, attribute: number) => boolean | null;
  readonly painted: PaintedFaces | null;
  readonly judge: Judge | null;
  /** The attributes on which the classifier decides, in its order. */
  readonly judged: readonly string[];
  readonly persons: Persons;
  /** Largest number of pairs per group. */
  readonly pairs: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

export interface ScoredGroup {
  readonly row: AttributeScore;
  readonly swapped: readonly SwappedPair[];
  /**
   * For each attribute, the number of this group's pairs whose classifier decision the edit reversed; null without a
   * classifier.
   */
  readonly flips: readonly number[] | null;
}

/** Chooses the pairs of a group, in the order of the files. Pairs whose true result is the input itself are left out. */
function choosePairs(
  options: GroupOptions,
  attribute: number,
  adding: boolean,
): readonly (ScoredPair & Pick<LoadedPair, "truth">)[] {
  const { generator, dataset, heldOut, has, painted, pairs: most } = options;
  const { size, attributes } = generator.config;
  const name = attributes[attribute];
  const chosen: (ScoredPair & Pick<LoadedPair, "truth">)[] = [];
  for (const [input, reference] of pairUp(heldOut, (file) => has(file, attribute), adding)) {
    if (chosen.length === most) break;
    const truth = painted?.truth(dataset.files[input], dataset.files[reference], name, size) ?? null;
    if (truth !== null && !truth.mask.includes(1)) continue;
    chosen.push({ attribute: name, adding, input, reference, truth });
  }
  return chosen;
}

async function loadGroup(options: GroupOptions, attribute: number, adding: boolean): Promise<readonly LoadedPair[]> {
  const { generator, dataset, workers, warn } = options;
  const pairs = choosePairs(options, attribute, adding);
  const files = [...new Set(pairs.flatMap(({ input, reference }) => [input, reference]))];
  const { size } = generator.config;
  const loading = { size, workers, stage: "read", onProgress: () => {} };
  const pictures = await loadPictures(dataset, files, loading);
  for (const reason of pictures.unreadable) warn(`left out: ${reason}`);
  const placeOf = new Map(pictures.files.map((file, place) => [file, place]));
  return pairs.flatMap((pair): LoadedPair[] => {
    const [input, reference] = [placeOf.get(pair.input), placeOf.get(pair.reference)];
    if (input === undefined || reference === undefined) return [];
    return [{ ...pair, inputPicture: pictureAt(pictures, input), referencePicture: pictureAt(pictures, reference) }];
  });
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of the scores against the truth; empty if the truth is not known for all pairs. */
function scoreTruth(pairs: readonly SwappedPair[]): Partial<TruthScore> {
  const scores = pairs.flatMap(({ inputPicture, swap, truth }) =>
    truth === null ? [] : [scoreAgainstTruth(inputPicture, swap, truth)],
  );
  if (scores.length < pairs.length) return {};
  return {
    regionGain: meanOf(scores.map(({ regionGain }) => regionGain)),
    wholeGain: meanOf(scores.map(({ wholeGain }) => wholeGain)),
    outside: meanOf(scores.map(({ outside }) => outside)),
    rightShare: meanOf(scores.map(({ rightShare }) => rightShare)),
  };
}

/**
 * Hits, kept decisions, and how many decisions on each attribute the edits reverse.
 * @param attribute the edited one's position among the classifier's
 */
async function judgeSwaps(
  judge: Judge,
  pairs: readonly SwappedPair[],
  attribute: number,
  adding: boolean,
): Promise<{ readonly hit: number; readonly kept?: number; readonly flips: readonly number[] }> {
  const before = await judge.decide(pairs.map(({ inputPicture }) => inputPicture));
  const after = await judge.decide(pairs.map(({ swap }) => swap));
  const count = before.length / pairs.length;
  const flips = Array.from(
    { length: count },
    (_, a) => pairs.filter((_, i) => before[i * count + a] !== after[i * count + a]).length,
  );
  const hits = pairs.filter((_, i) => after[i * count + attribute] === Number(adding)).length;
  const turned = flips.reduce((sum, flipped, a) => sum + (a === attribute ? 0 : flipped), 0);
  const kept = count === 1 ? {} : { kept: 1 - turned / (pairs.length * (count - 1)) };
  return { hit: hits / pairs.length, ...kept, flips };
}

/** Swaps and scores one attribute in one direction; null if there is no pair. */
export async function scoreGroup(
  options: GroupOptions,
  attribute: number,
  adding: boolean,
): Promise<ScoredGroup | null> {
  const { generator, judge, judged, persons, has, onProgress } = options;
  const name = generator.config.attributes[attribute];
  const direction = adding ? "added" : "removed";
  const loaded = await loadGroup(options, attribute, adding);
  if (loaded.length === 0) return null;
  const requests = loaded.map(
    ({ input, inputPicture, referencePicture }): SwapInput => ({
      attribute: name,
      value: adding ? 1 : 0,
      input: inputPicture,
      reference: referencePicture,
      labels: generator.config.attributes.map((_, a) => Number(has(input, a) ?? OPEN_INPUT)),
    }),
  );
  const stage = `${name} ${direction}`;
  const swaps = await swapAll(generator, requests, (done) =>
    onProgress({ stage, done, total: loaded.length, unit: "swaps" }),
  );
  const swapped = loaded.map((pair, i) => ({ ...pair, swap: swaps[i] }));
  const inputs = loaded.map(({ inputPicture }) => inputPicture);
  // An edit to the value that an image has already is its reconstruction.
  const own = requests.map((request): SwapInput => ({ ...request, value: adding ? 0 : 1, reference: request.input }));
  const decoded = await swapAll(generator, own);
  const { flips = null, ...decisions } =
    judge === null ? {} : await judgeSwaps(judge, swapped, judged.indexOf(name), adding);
  const compared = await persons.compare(swapped);
  return {
    row: {
      name,
      direction,
      pairs: swapped.length,
      noise: Math.sqrt(meanOf(swapped.map(({ inputPicture, swap }) => noiseSquare(inputPicture, swap)))),
      reconstruction: meanOf(inputs.map((input, i) => decibels(meanSquare(decoded[i], input)))),
      ...scoreTruth(swapped),
      ...decisions,
      ...compared,
    },
    swapped,
    flips,
  };
}
