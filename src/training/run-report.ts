/** RUN/report.html: the progress of a training so far, from the files of its folder. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../files.js";
import { decodeImage } from "../image/codec.js";
import { readImageHeader } from "../image/header.js";
import type { Model, RunSettings } from "../methods/method.js";
import type { LossSeries, ReportModel, Sheet, SheetGrid } from "../report/model.js";
import { renderReport } from "../report/render.js";
import { parseRunScores, RUN_SCORE_FILE, type RunScores } from "../report/scored.js";
import { encodeRows } from "../report/sheet.js";
import { type LossRow, readLossLog } from "./log.js";
import { cutSamples, type Samples } from "./sample-sheet.js";
import { FIRST_JUDGED_STEP } from "./watchdog.js";

/** Names within the run's folder; docs/training.md describes them. */
export const LOSSES_FILE = "losses.jsonl";
export const SCORES_FILE = "scores.jsonl";
export const WATCHDOG_FILE = "watchdog.jsonl";
export const LEFT_OUT_FILE = "left-out.jsonl";
export const SAMPLES_FOLDER = "samples";
const REPORT_FILE = "report.html";

/** Number of steps whose rows are read; a chart shows fewer. */
const CHARTED_STEPS = 4000;
/** The word in a row of a joint update that replaces an attribute's name. */
const ALL_ATTRIBUTES = "all";

/** Returns one value over the steps: the mean over attributes, or one attribute's. */
export function seriesOf(
  rows: readonly LossRow[],
  value: (row: LossRow) => number,
  name: string,
  group: string,
  unit?: string,
): LossSeries {
  const byStep = new Map<number, number[]>();
  for (const row of rows) byStep.set(row.step, [...(byStep.get(row.step) ?? []), value(row)]);
  const points = [...byStep].map(([step, values]) => {
    return { step, value: values.reduce((sum, v) => sum + v, 0) / values.length };
  });
  return { name, group, points, ...(unit === undefined ? {} : { unit }) };
}

/** Returns the method's curves and the checkpoints' scores. Presets differ in losses: empty curves are omitted. */
export function trainingSeries(
  { config: { attributes }, curves }: Model,
  rows: readonly LossRow[],
  scores: readonly LossRow[],
): readonly LossSeries[] {
  const drawn = curves.flatMap(({ key, name, group, byAttribute = false, unit }) => {
    const value = (row: LossRow): number => Number(row[key]) * (unit?.factor ?? 1);
    const read = rows.filter((row) => row[key] !== undefined);
    if (!byAttribute) return [seriesOf(read, value, name, group, unit?.name)];
    return [...attributes, ALL_ATTRIBUTES].map((attribute) => {
      const own = read.filter((row) => row.attribute === attribute);
      return seriesOf(own, value, attribute === ALL_ATTRIBUTES ? "all attributes" : attribute, group, unit?.name);
    });
  });
  const scored = ["score", ...attributes].map((key) =>
    seriesOf(scores, (row) => Number(row[key]), key === "score" ? "all" : key, "Score of checkpoints, lower is better"),
  );
  return [...drawn, ...(scores.length < 2 ? [] : scored)].filter(({ points }) => points.length > 0);
}

/** Makes the watchdog's section from its log. @param step the run's step */
export function watchdogSection(alarms: readonly LossRow[], step: number): NonNullable<ReportModel["watchdog"]> {
  const open = new Set<string>();
  for (const { attribute, condition, state } of alarms) {
    if (state === "began") open.add(`${attribute}: ${condition}`);
    else open.delete(`${attribute}: ${condition}`);
  }
  const summary =
    step < FIRST_JUDGED_STEP
      ? `It judges from step ${FIRST_JUDGED_STEP} on, which this run has not reached.`
      : alarms.length === 0
        ? "Nothing to report: no collapse, no dead discriminator, no slice that does not matter."
        : open.size === 0
          ? "All that it reported is over."
          : `Not over: ${[...open].join("; ")}.`;
  return { summary, alarms: alarms.map(({ message }) => String(message)) };
}

/** Makes one grid for each attribute. */
function sampleGrids({ rows, pictures }: Samples, { config, sheet }: Model): Promise<SheetGrid[]> {
  return Promise.all(
    config.attributes.map(async (attribute) => {
      const own = pictures.filter((_, row) => rows[row] === attribute);
      return { title: attribute, columns: sheet.columns, rows: await encodeRows(own) };
    }),
  );
}

async function latestSheet(folder: string, model: Model): Promise<readonly Sheet[]> {
  const names = await readdir(join(folder, SAMPLES_FOLDER)).catch(() => [] as string[]);
  const name = names
    .filter((file) => /^step-\d+\.png$/.test(file))
    .sort()
    .at(-1);
  if (name === undefined) return [];
  const path = join(folder, SAMPLES_FOLDER, name);
  const png = await readFile(path);
  const header = readImageHeader(png);
  if (header === null) return [];
  // A sheet that does not decode or is of another version is shown as it is.
  const sheet = await decodeImage(png, path).catch(() => null);
  const samples = sheet === null ? null : cutSamples(sheet, model);
  const { width, height } = header;
  return [
    {
      title: `Samples at step ${Number(/\d+/.exec(name)?.[0])}`,
      caption: `${model.sheet.caption} Each sheet shows the same pairs, from the held-out part if there is one.`,
      grids: samples === null ? [{ rows: [[{ png, width, height }]] }] : await sampleGrids(samples, model),
    },
  ];
}

/** Reads the results of `elegant score` for this run; null if there are none or the file is of another version. */
async function readRunScores(folder: string): Promise<RunScores | null> {
  const text = await readFile(join(folder, RUN_SCORE_FILE), "utf8").catch(() => null);
  return text === null ? null : parseRunScores(text);
}

export interface RunReportFacts {
  readonly model: Model;
  readonly settings: RunSettings;
  readonly step: number;
  readonly best: { readonly step: number; readonly score: number } | null;
  /** Program and version. */
  readonly generatedBy: string;
}

/** Writes the report whole or not at all. @returns the report's path */
export async function writeRunReport(folder: string, facts: RunReportFacts): Promise<string> {
  const { model, settings, step, best } = facts;
  const { config } = model;
  const every = Math.max(1, Math.ceil(step / CHARTED_STEPS));
  const rows = await readLossLog(join(folder, LOSSES_FILE), { every });
  const scores = await readLossLog(join(folder, SCORES_FILE));
  const alarms = await readLossLog(join(folder, WATCHDOG_FILE));
  const leftOut = await readLossLog(join(folder, LEFT_OUT_FILE));
  const names = config.attributes.join(", ");
  const entries = Object.entries({ ...config, ...settings, attributes: names });
  const report: ReportModel = {
    title: `Training of ${names}`,
    generatedBy: facts.generatedBy,
    summary: [`${model.description}, batch ${settings.batch} + ${settings.batch}, ${step} steps so far.`],
    figures: [
      { value: step.toLocaleString("en-US"), label: "steps; one goes over all attributes" },
      ...(best === null ? [] : [{ value: best.score.toPrecision(3), label: `best score, at step ${best.step}` }]),
      { value: String(alarms.length), label: "messages of the watchdog" },
      ...(leftOut.length === 0 ? [] : [{ value: String(leftOut.length), label: "unreadable pictures left out" }]),
    ],
    watchdog: watchdogSection(alarms, step),
    sheets: await latestSheet(folder, model),
    scored: await readRunScores(folder),
    losses: trainingSeries(model, rows, scores),
    scores: [],
    tables: [],
    scoresCaption: "",
    stages: [],
    machine: [],
    settings: entries.map(([label, value]) => ({ label, value: String(value) })),
    commands: [],
    notes: [],
  };
  const path = join(folder, REPORT_FILE);
  await writeFileAtomic(path, renderReport(report));
  return path;
}
