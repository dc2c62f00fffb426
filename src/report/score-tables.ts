/** The numbers of score.json as rows of text. The terminal and the report show the same rows. */
import type { AttributeScore, RunScores } from "./scored.js";

export interface ScoreTable {
  readonly title: string;
  /** The meaning of the columns. */
  readonly caption: string;
  /** Names of the columns. The first column names the rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const percent = (share: number | undefined): string => (share === undefined ? "" : `${(100 * share).toFixed(1)} %`);
const fixed = (value: number | undefined, decimals: number): string => value?.toFixed(decimals) ?? "";
const signed = (value: number | undefined): string =>
  value === undefined ? "" : `${value >= 0 ? "+" : ""}${value.toFixed(2)}`;

interface Column {
  readonly name: string;
  readonly cell: (row: Numbers) => string;
}

/** The numbers of one row, or of all attributes together. */
type Numbers = Omit<AttributeScore, "name" | "direction">;

function table(
  title: string,
  caption: string,
  columns: readonly Column[],
  rows: readonly AttributeScore[],
  all: Numbers,
): ScoreTable {
  const cells = (row: Numbers): string[] => columns.map(({ cell }) => cell(row));
  return {
    title,
    caption,
    columns: ["attribute", ...columns.map(({ name }) => name)],
    rows: [...rows.map((row) => [`${row.name} ${row.direction}`, ...cells(row)]), ["all", ...cells(all)]],
  };
}

const PAIRS: Column = { name: "pairs", cell: ({ pairs }) => String(pairs) };

const EDIT_COLUMNS: readonly Column[] = [
  PAIRS,
  { name: "hit", cell: ({ hit }) => percent(hit) },
  { name: "others kept", cell: ({ kept }) => percent(kept) },
  { name: "same person", cell: ({ same }) => percent(same) },
  { name: "distance", cell: ({ distance }) => fixed(distance, 3) },
  { name: "noise", cell: ({ noise }) => fixed(noise, 2) },
  { name: "reconstruction dB", cell: ({ reconstruction }) => fixed(reconstruction, 1) },
];

const TRUTH_COLUMNS: readonly Column[] = [
  PAIRS,
  { name: "region dB", cell: ({ regionGain }) => signed(regionGain) },
  { name: "whole dB", cell: ({ wholeGain }) => signed(wholeGain) },
  { name: "outside dB", cell: ({ outside }) => fixed(outside, 1) },
  { name: "right", cell: ({ rightShare }) => percent(rightShare) },
];

const EDIT_CAPTION =
  "Hit: the classifier finds the wanted attribute on the swap. Others kept: its decisions on all other attributes are those on the input. Same person: face descriptors of input and swap are nearer than 0.6. Noise: what a 3x3 median leaves of the change, in grey levels. Reconstruction: the decoded own latent against the input; 68.1 is exact.";
const TRUTH_CAPTION =
  "Against the true answer, which the painter knows. Region and whole: PSNR of the swap less that of the unchanged input, where the true answer differs from the input and over the whole picture. Outside: PSNR of the swap against the input outside that region. Right: share of the needed change that was made and is right.";

/** The tables of a score that contain numbers. */
export function scoreTables(scores: RunScores): readonly ScoreTable[] {
  const { attributes, truth, identity, fid } = scores;
  const all: Numbers = { ...scores, ...truth, ...identity, pairs: scores.pairs };
  const columns = EDIT_COLUMNS.filter(({ cell }) => attributes.some((row) => cell(row) !== ""));
  const tables = [table("Edits", EDIT_CAPTION, columns, attributes, all)];
  if (truth !== undefined) {
    const known = attributes.filter(({ regionGain }) => regionGain !== undefined);
    tables.push(table("Against the truth", TRUTH_CAPTION, TRUTH_COLUMNS, known, { ...all, pairs: truth.pairs }));
  }
  if (fid !== undefined) tables.push(fidTable(fid));
  return tables;
}

function fidTable({ attributes, features, dims, comparable, heldOut }: NonNullable<RunScores["fid"]>): ScoreTable {
  const note = comparable ? "" : " It compares runs on the same data and is not comparable with published scores.";
  return {
    title: "FID",
    caption: `Edited pictures against real ${heldOut ? "held-out pictures" : "pictures"} of the side that they were moved to, lower is better; "no edit" is the distance of the two sides. Features: ${features}, ${dims} dims.${note}`,
    columns: ["attribute", "pairs", "added", "removed", "no edit"],
    rows: attributes.map(({ name, pairs, added, removed, unedited }) => [
      name,
      String(pairs),
      ...[added, removed, unedited].map((value) => value.toFixed(2)),
    ]),
  };
}

/** Held-out accuracy of the classifier: "Eyeglasses 96.1 %, Bangs 91.0 %". */
export function describeAccuracy({ attributes }: NonNullable<RunScores["classifier"]>): string {
  return attributes
    .map(({ name, accuracy }) => `${name} ${accuracy === null ? "unknown" : percent(accuracy)}`)
    .join(", ");
}

/** The leakage matrix in whole percent, with the names of its columns. */
export function leakageTable(scores: RunScores): readonly (readonly string[])[] {
  const names = [...new Set(scores.attributes.map(({ name }) => name))];
  const { leakage = [] } = scores;
  return [
    ["edited", ...names],
    ...leakage.map((row, i) => [names[i], ...row.map((share) => (100 * share).toFixed(0))]),
  ];
}
