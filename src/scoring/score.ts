/** Measures the quality of a generator's edits on held-out images of a data set, for `elegant score`. */
import type { FaceDataset } from "../dataset/dataset.js";
import { OPEN } from "../dataset/lists.js";
import { heldOutFiles } from "../dataset/split.js";
import { describeMismatch, InputError } from "../errors.js";
import type { Generator } from "../models/generator.js";
import type { AttributeScore, RunScores } from "../report/scored.js";
import type { OnProgress } from "../types.js";
import { type ScoredGroup, type SwappedPair, scoreGroup } from "./groups.js";
import { Judge } from "./judge.js";
import { findPainted } from "./painted.js";
import { labelsOf, splitFiles } from "./pairs.js";
import { Persons } from "./persons.js";

export interface ScoreOptions {
  readonly generator: Generator;
  readonly dataset: FaceDataset;
  /** Attributes on which the classifier decides; the model's by default. A model of one attribute may spoil others. */
  readonly judged?: readonly string[];
  /** The run's folder, where the classifier is stored; null if the model is not a run's folder. */
  readonly folder: string | null;
  /** Largest number of pairs per attribute and direction. */
  readonly pairs: number;
  /** Number of pairs per attribute and direction whose images are returned. */
  readonly shown: number;
  readonly seed: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

export interface Scored {
  readonly scores: RunScores;
  /** For each attribute and direction, the first pairs with their swaps. */
  readonly shown: readonly (readonly SwappedPair[])[];
}

/** Mean of one column over all pairs; undefined if a row does not have it. */
function overall(
  rows: readonly AttributeScore[],
  value: (row: AttributeScore) => number | undefined,
): number | undefined {
  let [sum, pairs] = [0, 0];
  for (const row of rows) {
    const own = value(row);
    if (own === undefined) return undefined;
    sum += row.pairs * own;
    pairs += row.pairs;
  }
  return sum / pairs;
}

/** The leakage matrix: the share of attribute i's pairs, in both directions, whose decision on attribute j is reversed. */
function leakageOf(
  groups: readonly ScoredGroup[],
  attributes: readonly string[],
  judged: readonly string[],
): number[][] | undefined {
  if (judged !== attributes) return undefined;
  const rows = attributes.map((name) => {
    const own = groups.filter(({ row }) => row.name === name);
    const pairs = own.reduce((sum, { row }) => sum + row.pairs, 0);
    return attributes.map((_, j) => own.reduce((sum, { flips }) => sum + (flips?.[j] ?? Number.NaN), 0) / pairs);
  });
  return rows.flat().every(Number.isFinite) ? rows : undefined;
}

/** More than four decimals would claim more precision than these numbers have. */
const rounded = (value: number): number => Number(value.toFixed(4));

function roundAll<T>(value: T): T {
  if (typeof value === "number") return rounded(value) as T;
  if (Array.isArray(value)) return value.map(roundAll) as T;
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(known.map(([name, part]) => [name, roundAll(part)])) as T;
}

/**
 * Scores a generator on the current device.
 * @throws InputError if the data have no labels, lack an attribute of the model, or have no held-out pair
 */
export async function scoreGenerator(options: ScoreOptions): Promise<Scored> {
  const { generator, dataset, pairs, workers, onProgress, warn } = options;
  const { attributes } = generator.config;
  const { judged = attributes } = options;
  const { heldOut } = splitFiles(dataset);
  const labels = labelsOf(dataset, heldOut, attributes);
  const rowOf = new Map(heldOut.map((file, row) => [file, row]));
  const has = (file: number, attribute: number): boolean | null => {
    const label = labels[(rowOf.get(file) as number) * attributes.length + attribute];
    return label === OPEN ? null : label === 1;
  };
  const painted = await findPainted(dataset);
  const judge = await Judge.open({ ...options, attributes: judged });
  const persons = await Persons.open(workers);
  const groups: ScoredGroup[] = [];
  const shown: (readonly SwappedPair[])[] = [];
  try {
    const group = {
      generator,
      dataset,
      heldOut,
      has,
      painted,
      judge,
      judged,
      persons,
      pairs,
      workers,
      onProgress,
      warn,
    };
    for (const [attribute, name] of attributes.entries()) {
      for (const adding of [true, false]) {
        const scored = await scoreGroup(group, attribute, adding);
        if (scored === null) {
          warn(`${name} is not ${adding ? "added" : "removed"}: no held-out picture has another as its reference.`);
          continue;
        }
        groups.push({ ...scored, swapped: [] });
        shown.push(scored.swapped.slice(0, options.shown));
      }
    }
  } finally {
    judge?.dispose();
    await persons.close();
  }
  const rows = groups.map(({ row }) => row);
  if (rows.length === 0) {
    const remedy = "Score with data that has pictures with and without the model's attributes.";
    throw new InputError(describeMismatch(dataset.dir, "held-out pictures of both sides", "no pair", remedy));
  }
  const total = rows.reduce((sum, row) => sum + row.pairs, 0);
  const noise = overall(rows, (row) => row.noise) as number;
  return { scores: roundAll(summarise(options, rows, { total, noise, groups, judge, heldOut })), shown };
}

interface Measured {
  readonly total: number;
  readonly noise: number;
  readonly groups: readonly ScoredGroup[];
  readonly judge: Judge | null;
  readonly heldOut: readonly number[];
}

function summarise(
  { generator, dataset, judged = generator.config.attributes }: ScoreOptions,
  rows: readonly AttributeScore[],
  { total, noise, groups, judge, heldOut }: Measured,
): RunScores {
  const { attributes } = generator.config;
  const known = rows.filter(({ regionGain }) => regionGain !== undefined);
  const ofTruth = (key: "regionGain" | "wholeGain" | "outside" | "rightShare" | "noise"): number =>
    overall(known, (row) => row[key]) as number;
  const truth = {
    pairs: known.reduce((sum, row) => sum + row.pairs, 0),
    regionGain: ofTruth("regionGain"),
    wholeGain: ofTruth("wholeGain"),
    outside: ofTruth("outside"),
    noise: ofTruth("noise"),
    rightShare: ofTruth("rightShare"),
  };
  const [same, distance] = [overall(rows, (row) => row.same), overall(rows, (row) => row.distance)];
  return {
    model: generator.source,
    data: dataset.dir,
    heldOut: { pictures: heldOut.length, listed: dataset.partition !== null && heldOutFiles(dataset).length > 0 },
    pairs: total,
    ...(known.length === 0 ? {} : { truth }),
    noise,
    reconstruction: overall(rows, (row) => row.reconstruction) as number,
    hit: overall(rows, (row) => row.hit),
    kept: overall(rows, (row) => row.kept),
    leakage: leakageOf(groups, attributes, judged),
    identity: same === undefined || distance === undefined ? undefined : { pairs: total, same, distance },
    attributes: [...rows],
    classifier: judge === null ? undefined : describeJudge(judge),
  };
}

function describeJudge({ path, record }: Judge): NonNullable<RunScores["classifier"]> {
  const { seed, updates, training, heldOut, attributes } = record;
  return { file: path, seed, updates, training, heldOut, attributes };
}
