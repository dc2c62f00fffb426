/** What a report shows: plain data, gathered by whoever ran the work; `renderReport` adds nothing of its own. */
import type { RunScores } from "./scored.js";

/** A headline figure: "+4.1 dB" over "swap against doing nothing". */
export interface Figure {
  readonly value: string;
  readonly label: string;
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

export interface SheetRow {
  /** Stands before the pictures; empty for none. */
  readonly label?: string;
  readonly pictures: readonly SheetPicture[];
}

/** A contact sheet: pictures in rows, with names in the page's own type. */
export interface Sheet {
  readonly title: string;
  /** What each column is, and what to look for. */
  readonly caption: string;
  /** Names above the columns. */
  readonly columns?: readonly string[];
  readonly rows: readonly SheetRow[];
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

/** How near a swap comes to the known truth, for one attribute. */
export interface Score {
  readonly attribute: string;
  /** Pairs that were scored. */
  readonly n: number;
  /** PSNR in dB against the truth, in the attribute's region: of the unchanged input, and of the swap. */
  readonly psnrInput: number;
  readonly psnrSwap: number;
  /** Share of the change that is right; 1 is all of it. */
  readonly rightShare: number;
  readonly checkpoint: string;
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
  readonly scores: readonly Score[];
  /** How the scores were measured: the data, the region, and what the share means. */
  readonly scoresCaption: string;
  readonly stages: readonly StageTime[];
  readonly machine: readonly { readonly label: string; readonly value: string }[];
  /** What the work was asked for. */
  readonly settings: readonly { readonly label: string; readonly value: string }[];
  /** Shell commands that make this again, seed included. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}
