/** What a report shows: plain data, gathered by whoever ran the work; `renderReport` adds nothing of its own. */
import type { RunScores } from "./scored.js";

/** A headline figure: "+4.1 dB", and below it what that is: "gain over the whole picture". */
export interface Figure {
  readonly value: string;
  readonly label: string;
  /** A value to compare with, in words: "trained here: +3.5 dB". */
  readonly detail?: string;
}

/** A picture of a contact sheet. */
export interface SheetPicture {
  /** An encoded PNG file of width x height pixels. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Stands below the picture; empty for none. */
  readonly label?: string;
}

/** Rows of pictures under common column names. */
export interface SheetGrid {
  /** Stands above the grid if the sheet has more than one: "Bangs, removed". */
  readonly title?: string;
  /** Names above the columns. */
  readonly columns?: readonly string[];
  readonly rows: readonly (readonly SheetPicture[])[];
}

/** A contact sheet, with names in the page's own type. Grids stand next to each other where the page is wide enough. */
export interface Sheet {
  readonly title: string;
  /** What each column is, and what to look for. */
  readonly caption: string;
  readonly grids: readonly SheetGrid[];
  /** Which weights made it: "step 3,000, seed 1". */
  readonly checkpoint?: string;
}

/** One loss over the steps. Series of one group share a panel and its scale. */
export interface LossSeries {
  readonly name: string;
  readonly group: string;
  readonly unit?: string;
  /** In the order of their steps; values that are not finite are counted, not drawn. */
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** How near swaps come to the known truth: means over the pairs of a row. */
export interface Score {
  /** Which swaps: "Bangs, removed". */
  readonly name: string;
  /** Pairs that were scored. */
  readonly n: number;
  /** PSNR of the swap against the truth less that of the unchanged input, in dB: over the whole picture. */
  readonly wholeGain: number;
  /** The same in the region where the truth differs from the input, in dB. */
  readonly regionGain: number;
  /** PSNR of the swap against the input outside that region, in dB: how little was changed where nothing should be. */
  readonly outside: number;
  /** Share of the needed change in the region that is right; 1 is all of it. */
  readonly rightShare: number;
  /** Root mean square of the change less its 3x3 median, in grey levels of 255. */
  readonly noise: number;
}

/** The scores of one model. */
export interface ModelScores {
  /** Which weights: "trained here: 480 steps, width 16". */
  readonly model: string;
  /** The means that lead; null if no row has pairs. */
  readonly mean: Score | null;
  readonly rows: readonly Score[];
}

export interface StageTime {
  readonly name: string;
  readonly seconds: number;
  /** What was done, and how fast: "2,000 photos, 410 photos/s". */
  readonly detail: string;
}

/** Numbers in rows; the first column names them. */
export interface ReportTable {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Texts are plain: the report escapes them. Empty lists leave their section out. */
export interface ReportModel {
  readonly title: string;
  /** Program, version and date. */
  readonly generatedBy: string;
  /** Sentences of one paragraph. */
  readonly summary: readonly string[];
  readonly figures: readonly Figure[];
  /** What watched the training says, and all that it said; null where nothing was trained. */
  readonly watchdog: { readonly summary: string; readonly alarms: readonly string[] } | null;
  readonly sheets: readonly Sheet[];
  /** What `elegant score` measured; null or absent if it was not run. */
  readonly scored?: RunScores | null;
  readonly losses: readonly LossSeries[];
  readonly tables: readonly ReportTable[];
  readonly scores: readonly ModelScores[];
  /** How the scores were measured: the data, and what each column means. */
  readonly scoresCaption: string;
  readonly stages: readonly StageTime[];
  readonly machine: readonly { readonly label: string; readonly value: string }[];
  /** What the work was asked for. */
  readonly settings: readonly { readonly label: string; readonly value: string }[];
  /** Shell commands that make this again, seed included. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}
