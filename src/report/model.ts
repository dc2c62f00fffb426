/**
 * The contents of a report as plain data, gathered by the command that did the work. `renderReport` adds nothing of its
 * own.
 */
import type { RunScores } from "./scored.js";

/** A headline figure such as "+4.1 dB", with its meaning below it: "gain over the whole picture". */
export interface Figure {
  readonly value: string;
  readonly label: string;
  /** A value for comparison, in words: "trained here: +3.5 dB". */
  readonly detail?: string;
}

/** An image of a contact sheet. */
export interface SheetPicture {
  /** An encoded PNG file of width x height pixels. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Text below the image; empty for none. */
  readonly label?: string;
}

/** Rows of images under common column names. */
export interface SheetGrid {
  /** Text above the grid, used if the sheet has more than one: "Bangs, removed". */
  readonly title?: string;
  /** Names above the columns. */
  readonly columns?: readonly string[];
  readonly rows: readonly (readonly SheetPicture[])[];
}

/** A contact sheet, with names in the page's own type. Grids are next to each other if the page is wide enough. */
export interface Sheet {
  readonly title: string;
  /** What each column shows, and what to look for. */
  readonly caption: string;
  readonly grids: readonly SheetGrid[];
  /** The weights that made it: "step 3,000, seed 1". */
  readonly checkpoint?: string;
}

/** One loss over the steps. Series of the same group share a panel and its scale. */
export interface LossSeries {
  readonly name: string;
  readonly group: string;
  readonly unit?: string;
  /** In the order of their steps. Values that are not finite are counted but not drawn. */
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** How close swaps come to the known truth: means over the pairs of a row. */
export interface Score {
  /** Name of the swaps: "Bangs, removed". */
  readonly name: string;
  /** Number of pairs. */
  readonly n: number;
  /** PSNR of the swap against the truth minus that of the unchanged input, in dB, over the whole image. */
  readonly wholeGain: number;
  /** The same in the region where the truth differs from the input, in dB. */
  readonly regionGain: number;
  /**
   * PSNR of the swap against the input outside that region, in dB. It shows how little was changed where nothing should
   * change.
   */
  readonly outside: number;
  /** Share of the needed change in the region that is right; 1 is all of it. */
  readonly rightShare: number;
  /** Root mean square of the change minus its 3x3 median, in grey levels of 255. */
  readonly noise: number;
}

/** The scores of one model. */
export interface ModelScores {
  /** The weights: "trained here: 480 steps, width 16". */
  readonly model: string;
  /** The means in the first row; null if no row has pairs. */
  readonly mean: Score | null;
  readonly rows: readonly Score[];
}

export interface StageTime {
  readonly name: string;
  readonly seconds: number;
  /** The work and its speed: "2,000 photos, 410 photos/s". */
  readonly detail: string;
}

/** Numbers in rows. The first column names them. */
export interface ReportTable {
  readonly title: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Texts are plain; the report escapes them. A section is left out if its list is empty. */
export interface ReportModel {
  readonly title: string;
  /** Program, version and date. */
  readonly generatedBy: string;
  /** Sentences of one paragraph. */
  readonly summary: readonly string[];
  readonly figures: readonly Figure[];
  /** A summary of the training's watchdog, and all of its alarms; null if nothing was trained. */
  readonly watchdog: { readonly summary: string; readonly alarms: readonly string[] } | null;
  readonly sheets: readonly Sheet[];
  /** The measurements of `elegant score`; null or absent if it was not run. */
  readonly scored?: RunScores | null;
  readonly losses: readonly LossSeries[];
  readonly tables: readonly ReportTable[];
  readonly scores: readonly ModelScores[];
  /** How the scores were measured: the data, and the meaning of each column. */
  readonly scoresCaption: string;
  readonly stages: readonly StageTime[];
  readonly machine: readonly { readonly label: string; readonly value: string }[];
  /** The requested settings of the work. */
  readonly settings: readonly { readonly label: string; readonly value: string }[];
  /** Shell commands that reproduce the work, including the seed. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}
