/** Writes the files of a run's folder: logs, sheets, checkpoints and the report. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureDir, writeFileAtomic } from "../files.js";
import { encodePng } from "../image/codec.js";
import type { RunLock } from "../lock.js";
import type { Losses, Model, RunSettings, TrainingState } from "../methods/method.js";
import type { CheckpointProgress } from "../models/checkpoint.js";
import { saveCheckpoint } from "../models/checkpoint-store.js";
import type { RgbaImage } from "../types.js";
import { packageVersion } from "../version.js";
import { EventWriter } from "./events.js";
import { LossLog, readLossLog } from "./log.js";
import type { RunStart } from "./run.js";
import {
  LEFT_OUT_FILE,
  LOSSES_FILE,
  SAMPLES_FOLDER,
  SCORES_FILE,
  WATCHDOG_FILE,
  writeRunReport,
} from "./run-report.js";
import { type Alarm, Watchdog, WINDOW } from "./watchdog.js";

const EVENTS_FOLDER = "events";

/** A run's score at one step (score.ts). */
export interface RunScore {
  /** Mean score over attributes; lower is better. */
  readonly score: number;
  /** Score of each attribute, in the model's order. */
  readonly attributes: readonly number[];
}

interface RunFiles {
  readonly leftOut: LossLog;
  /** Names of the images in it. */
  readonly leftOutFiles: ReadonlySet<string>;
  /** Step of the last row of the scores. */
  readonly scoredStep: number;
  readonly losses: LossLog;
  readonly scores: LossLog;
  readonly alarms: LossLog;
  readonly events: EventWriter;
  readonly watchdog: Watchdog;
  readonly lock: HeldLock | undefined;
}

/** The part of its folder's lock that a writer needs. */
type HeldLock = Pick<RunLock, "expectHeld" | "isInDoubt">;

const sheetName = (step: number): string => `step-${String(step).padStart(8, "0")}.png`;

/** Writes the files of a run. */
export class RunWriter {
  private readonly losses: LossLog;
  private readonly scores: LossLog;
  private readonly alarms: LossLog;
  private readonly leftOut: LossLog;
  private readonly leftOutFiles: Set<string>;
  private readonly watchdog: Watchdog;
  private readonly events: EventWriter;
  private readonly lock: HeldLock | undefined;
  private scoredStep: number;
  /** Step of the newest checkpoint. */
  savedStep: number;
  /** The lowest score so far. */
  best: CheckpointProgress["best"];

  private constructor(
    readonly folder: string,
    private readonly settings: RunSettings,
    start: Pick<RunStart, "step" | "best">,
    files: RunFiles,
  ) {
    this.savedStep = start.step;
    this.best = start.best;
    this.losses = files.losses;
    this.scores = files.scores;
    this.alarms = files.alarms;
    this.leftOut = files.leftOut;
    this.leftOutFiles = new Set(files.leftOutFiles);
    this.scoredStep = files.scoredStep;
    this.watchdog = files.watchdog;
    this.events = files.events;
    this.lock = files.lock;
  }

  /**
   * Opens the files of a run.
   * @param start the state that is saved already; later rows of an interrupted run are dropped
   * @param lock  the folder's lock; nothing is saved after another process has taken it over
   */
  static async open(
    folder: string,
    model: Model,
    settings: RunSettings,
    start: Pick<RunStart, "step" | "best">,
    resumed: boolean,
    lock?: HeldLock,
  ): Promise<RunWriter> {
    const opened: { close(): Promise<void> }[] = [];
    const opening = async <File extends { close(): Promise<void> }>(file: Promise<File>): Promise<File> => {
      opened.push(await file);
      return file;
    };
    try {
      const losses = await opening(LossLog.open(join(folder, LOSSES_FILE), start.step));
      const scores = await opening(LossLog.open(join(folder, SCORES_FILE), start.step));
      const events = await opening(
        EventWriter.open(join(folder, EVENTS_FOLDER), resumed ? { resumedFrom: start.step } : {}),
      );
      const alarms = await opening(LossLog.open(join(folder, WATCHDOG_FILE), start.step));
      const leftOut = await opening(LossLog.open(join(folder, LEFT_OUT_FILE), start.step));
      const rows = await readLossLog(join(folder, LOSSES_FILE), { after: start.step - WINDOW });
      const [said, scored, unreadable] = await Promise.all(
        [WATCHDOG_FILE, SCORES_FILE, LEFT_OUT_FILE].map((name) => readLossLog(join(folder, name))),
      );
      const watchdog = new Watchdog(model.conditions, rows, said);
      const leftOutFiles = new Set(unreadable.map(({ file }) => String(file)));
      const scoredStep = scored.at(-1)?.step ?? 0;
      const files = { losses, scores, alarms, leftOut, events, watchdog, leftOutFiles, scoredStep, lock };
      return new RunWriter(folder, settings, start, files);
    } catch (error) {
      await Promise.allSettled(opened.map((file) => file.close())); // The first error is the one to report.
      throw error;
    }
  }

  /** Writes one row of the loss log. @param step counted from 1 @returns the watchdog's alarms about it */
  async log(
    step: number,
    attribute: string,
    losses: Losses,
    learningRate: number,
    seconds: number,
  ): Promise<readonly Alarm[]> {
    const row = { step, attribute, ...losses, learningRate, seconds: Number(seconds.toFixed(4)) };
    if (this.lock?.isInDoubt === true) await this.lock.expectHeld();
    await this.losses.append(row);
    const alarms = this.watchdog.observe(row);
    for (const alarm of alarms) await this.alarms.append(alarm);
    return alarms;
  }

  /** Lists an unreadable training image once. @returns whether it is new */
  async leaveOut(step: number, file: string, reason: string): Promise<boolean> {
    if (this.leftOutFiles.has(file)) return false;
    this.leftOutFiles.add(file);
    this.leftOutReason = reason;
    await this.leftOut.append({ step, file, reason });
    return true;
  }

  /** Reason why the last of them cannot be read. */
  leftOutReason = "";

  /** Number of listed images. */
  get leftOutCount(): number {
    return this.leftOutFiles.size;
  }

  /** Writes the same values for TensorBoard. */
  async scalars(step: number, attribute: string, losses: Losses, learningRate: number): Promise<void> {
    const named = Object.entries(losses).map(([name, value]) => [`${attribute}/${name}`, value] as const);
    await this.events.scalars(step, { ...Object.fromEntries(named), learningRate });
  }

  async sample(step: number, sheet: RgbaImage): Promise<void> {
    await this.lock?.expectHeld();
    const png = await encodePng(sheet);
    await ensureDir(join(this.folder, SAMPLES_FOLDER));
    await writeFileAtomic(join(this.folder, SAMPLES_FOLDER, sheetName(step)), png);
    await this.events.image(step, "samples", png, sheet.width, sheet.height);
  }

  /** Returns whether the sheet of this step exists. */
  isSampled(step: number): boolean {
    return existsSync(join(this.folder, SAMPLES_FOLDER, sheetName(step)));
  }

  /** Returns whether the scores have a row of this step. */
  isScored(step: number): boolean {
    return step === this.scoredStep;
  }

  /** Returns whether the checkpoint of this step exists. */
  isSaved(step: number): boolean {
    return step === this.savedStep;
  }

  /** Saves a checkpoint and its score. @param attributes scores of the attributes, in the model's order */
  async save(step: number, state: TrainingState, { score, attributes }: RunScore): Promise<void> {
    await this.lock?.expectHeld();
    const named = state.model.config.attributes.map((name, i) => [name, attributes[i]] as const);
    await this.scores.append({ step, score, ...Object.fromEntries(named) });
    this.scoredStep = step;
    await this.events.scalars(step, { score });
    await this.flush();
    if (this.best === null || score < this.best.score) this.best = { step, score };
    await saveCheckpoint(this.folder, state, { step, best: this.best, options: this.settings });
    this.savedStep = step;
    const generatedBy = `elegant-faces ${packageVersion()}, elegant train`;
    const { folder, settings, best } = this;
    await writeRunReport(folder, { model: state.model, settings, step, best, generatedBy });
  }

  /** Saves a checkpoint without a score, after a failure; a resumed run adds the score if one is due. */
  async saveUnscored(step: number, state: TrainingState): Promise<void> {
    if (this.isSaved(step)) return;
    await this.lock?.expectHeld();
    await this.flush();
    await saveCheckpoint(this.folder, state, { step, best: this.best, options: this.settings });
    this.savedStep = step;
  }

  private get files(): readonly (LossLog | EventWriter)[] {
    return [this.losses, this.scores, this.alarms, this.leftOut, this.events];
  }

  /** Flushes the logs, so that their rows are on the disk before the checkpoint that counts on them. */
  private async flush(): Promise<void> {
    await Promise.all(this.files.map((file) => file.flush()));
  }

  async close(): Promise<void> {
    const results = await Promise.allSettled(this.files.map((file) => file.close()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
