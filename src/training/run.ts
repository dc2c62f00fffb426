/** The folder of a training run: its checkpoints, logs and sample sheets, and what a new or resumed run starts from. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir, writeFileAtomic } from "../files.js";
import { encodePng } from "../image/codec.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { isLock } from "../lock.js";
import type { ModelConfig } from "../model/config.js";
import {
  copyParameters,
  DISCRIMINATORS,
  GENERATOR,
  initialParameters,
  parameterSpecs,
  uploadParameters,
} from "../model/parameters.js";
import type { RgbaImage } from "../types.js";
import { packageVersion } from "../version.js";
import {
  CHECKPOINTS_FOLDER,
  type CheckpointProgress,
  listCheckpoints,
  loadNewestCheckpoint,
  restoreTrainingState,
  saveCheckpoint,
  saveImported,
} from "./checkpoint.js";
import { EventWriter } from "./events.js";
import { LossLog, readLossLog } from "./log.js";
import { createOptimizer } from "./optimizer.js";
import { LOSSES_FILE, SAMPLES_FOLDER, SCORES_FILE, WATCHDOG_FILE, writeRunReport } from "./run-report.js";
import type { RunScore } from "./score.js";
import { expectSameRun, parseRunSettings, type RunSettings } from "./settings.js";
import type { StepLosses, TrainingState } from "./step.js";
import { type Alarm, Watchdog } from "./watchdog.js";

const EVENTS_FOLDER = "events";

export interface RunStart {
  readonly state: TrainingState;
  readonly step: number;
  readonly best: CheckpointProgress["best"];
  /** What the user should know, such as a damaged checkpoint that was passed over. */
  readonly warnings: readonly string[];
}

/** A fresh state on the current device. @param averaged keeps a moving average of the generator */
export function newTrainingState(config: ModelConfig, seed: number, averaged: boolean): TrainingState {
  const optimizer = (networks: typeof GENERATOR) => {
    const specs = parameterSpecs(config, networks);
    return createOptimizer(uploadParameters(specs, initialParameters(config, networks, seed), "initial parameters"));
  };
  const generator = optimizer(GENERATOR);
  const average = averaged ? copyParameters(generator.parameters) : null;
  return { config, generator, average, discriminator: optimizer(DISCRIMINATORS) };
}

/** Refuses to write into what is there already. @param remedy for a folder with files @throws InputError */
export async function expectFreshFolder(folder: string, remedy: string): Promise<void> {
  const refuse = (received: string, whatToDo: string): never => {
    throw new InputError(describeMismatch(`--out ${folder}`, "a new or empty folder", received, whatToDo));
  };
  const entries = await readdir(folder).catch((error: unknown): string[] => {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return [];
    if (code === "ENOTDIR") return refuse("a file", "Choose another --out.");
    throw fromSystemError(error, `Opening '${folder}'`);
  });
  // A training that was killed before its first checkpoint leaves its lock and an empty folder for them.
  const isStarted = entries.includes(CHECKPOINTS_FOLDER) && (await listCheckpoints(folder)).length > 0;
  if (isStarted) refuse("a run with checkpoints", remedy);
  const strange = entries.find((name) => name !== CHECKPOINTS_FOLDER && !isLock(name));
  if (strange !== undefined) refuse(`one that holds ${strange}`, remedy);
}

/**
 * A new run, with its first checkpoint written before its first step: from then on --resume is the way to go on.
 * @throws RetryableError when the disk is full
 */
export async function startRun(folder: string, config: ModelConfig, settings: RunSettings): Promise<RunStart> {
  const state = newTrainingState(config, settings.seed, settings.ema > 0);
  await saveCheckpoint(folder, state, { step: 0, best: null, options: settings });
  return { state, step: 0, best: null, warnings: [] };
}

/**
 * Goes on from the newest checkpoint that can be read; one that was imported has no settings yet and takes those asked for.
 * @param formerDataset another fingerprint of the same data, which earlier versions wrote
 * @param onAccepted    called when it fits, before anything of it is on the device
 * @throws InputError when there is none or settings differ
 */
export async function resumeRun(
  folder: string,
  config: ModelConfig,
  settings: RunSettings,
  formerDataset: string,
  onAccepted?: (step: number) => Promise<void>,
): Promise<RunStart> {
  const { checkpoint, warnings } = await loadNewestCheckpoint(folder);
  const { options } = checkpoint.progress;
  const saved = options === null ? settings : parseRunSettings(options, checkpoint.source);
  const dataset = saved.dataset === formerDataset ? settings.dataset : saved.dataset;
  expectSameRun({ config: checkpoint.config, settings: { ...saved, dataset } }, { config, settings });
  await onAccepted?.(checkpoint.progress.step);
  const restored = restoreTrainingState(checkpoint);
  // One that was imported has no average yet.
  const average = settings.ema > 0 ? (restored.average ?? copyParameters(restored.generator.parameters)) : null;
  return {
    state: { ...restored, average },
    step: checkpoint.progress.step,
    best: checkpoint.progress.best,
    warnings,
  };
}

/** The batch of a run's newest checkpoint; null for an imported model, which has none yet. @throws InputError as resumeRun() */
export async function savedBatch(folder: string): Promise<number | null> {
  const { checkpoint } = await loadNewestCheckpoint(folder);
  const { options } = checkpoint.progress;
  return options === null ? null : parseRunSettings(options, checkpoint.source).batch;
}

/** A model that was trained elsewhere. */
export interface ImportedModel {
  readonly config: ModelConfig;
  /** Enc and Dec, and D1 and D2 where there are any, in PyTorch's layout; anything else is left out. */
  readonly tensors: NamedTensors;
  readonly step: number;
}

/**
 * Makes a run of a model: one checkpoint, with fresh discriminators where it has none.
 * @throws InputError when a tensor is missing or does not fit
 */
export async function importRun(
  folder: string,
  { config, tensors, step }: ImportedModel,
  seed: number,
): Promise<{ readonly checkpoint: string; readonly fresh: boolean }> {
  const fresh = !parameterSpecs(config, DISCRIMINATORS).some(({ name }) => tensors.has(name));
  const all = fresh ? new Map([...tensors, ...initialParameters(config, DISCRIMINATORS, seed)]) : tensors;
  return { checkpoint: await saveImported(folder, config, all, step), fresh };
}

interface RunFiles {
  readonly losses: LossLog;
  readonly scores: LossLog;
  readonly alarms: LossLog;
  readonly events: EventWriter;
  readonly watchdog: Watchdog;
}

/** Writes what a run leaves behind. */
export class RunWriter {
  readonly folder: string;
  private readonly settings: RunSettings;
  private readonly losses: LossLog;
  private readonly scores: LossLog;
  private readonly alarms: LossLog;
  private readonly watchdog: Watchdog;
  private readonly events: EventWriter;
  /** Of the newest checkpoint. */
  savedStep: number;
  /** The lowest score so far. */
  best: CheckpointProgress["best"];

  private constructor(folder: string, settings: RunSettings, start: Pick<RunStart, "step" | "best">, files: RunFiles) {
    this.folder = folder;
    this.settings = settings;
    this.savedStep = start.step;
    this.best = start.best;
    this.losses = files.losses;
    this.scores = files.scores;
    this.alarms = files.alarms;
    this.watchdog = files.watchdog;
    this.events = files.events;
  }

  /** @param start what is saved already; later rows of an interrupted run are dropped */
  static async open(
    folder: string,
    settings: RunSettings,
    start: Pick<RunStart, "step" | "best">,
    resumed: boolean,
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
      const [rows, said] = await Promise.all(
        [LOSSES_FILE, WATCHDOG_FILE].map((name) => readLossLog(join(folder, name))),
      );
      const watchdog = new Watchdog(rows, said);
      return new RunWriter(folder, settings, start, { losses, scores, alarms, events, watchdog });
    } catch (error) {
      await Promise.allSettled(opened.map((file) => file.close())); // the first error is the one to tell
      throw error;
    }
  }

  /** One row of the loss log. @param step counted from 1 @returns what the watchdog has to say about it */
  async log(
    step: number,
    attribute: string,
    losses: StepLosses,
    learningRate: number,
    seconds: number,
  ): Promise<readonly Alarm[]> {
    const row = { step, attribute, ...losses, learningRate, seconds: Number(seconds.toFixed(4)) };
    await this.losses.append(row);
    const alarms = this.watchdog.observe(row);
    for (const alarm of alarms) await this.alarms.append(alarm);
    return alarms;
  }

  /** The same for TensorBoard. */
  async scalars(step: number, attribute: string, losses: StepLosses, learningRate: number): Promise<void> {
    const named = Object.entries(losses).map(([name, value]) => [`${attribute}/${name}`, value] as const);
    await this.events.scalars(step, { ...Object.fromEntries(named), learningRate });
  }

  async sample(step: number, sheet: RgbaImage): Promise<void> {
    const png = await encodePng(sheet);
    await ensureDir(join(this.folder, SAMPLES_FOLDER));
    await writeFileAtomic(join(this.folder, SAMPLES_FOLDER, `step-${String(step).padStart(8, "0")}.png`), png);
    await this.events.image(step, "samples", png, sheet.width, sheet.height);
  }

  /** True when the checkpoint of this step is there. */
  isSaved(step: number): boolean {
    return step === this.savedStep;
  }

  /** Saves a checkpoint and its score. @param attributes their names, in the model's order */
  async save(step: number, state: TrainingState, { score, attributes }: RunScore): Promise<void> {
    const named = state.config.attributes.map((name, i) => [name, attributes[i]] as const);
    await this.scores.append({ step, score, ...Object.fromEntries(named) });
    await this.events.scalars(step, { score });
    // On the disk before the checkpoint that says they are there.
    await Promise.all([this.losses, this.scores, this.alarms, this.events].map((file) => file.flush()));
    if (this.best === null || score < this.best.score) this.best = { step, score };
    await saveCheckpoint(this.folder, state, { step, best: this.best, options: this.settings });
    this.savedStep = step;
    const generatedBy = `elegant-faces ${packageVersion()}, elegant train`;
    const { folder, settings, best } = this;
    await writeRunReport(folder, { config: state.config, settings, step, best, generatedBy });
  }

  /** Saves a checkpoint that nothing could score: the device works no more. */
  async saveUnscored(step: number, state: TrainingState): Promise<void> {
    if (this.isSaved(step)) return;
    await Promise.all([this.losses, this.scores, this.alarms, this.events].map((file) => file.flush()));
    await saveCheckpoint(this.folder, state, { step, best: this.best, options: this.settings });
    this.savedStep = step;
  }

  async close(): Promise<void> {
    const files = [this.losses, this.scores, this.alarms, this.events];
    const results = await Promise.allSettled(files.map((file) => file.close()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}
