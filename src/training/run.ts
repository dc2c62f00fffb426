/** The folder of a training run: its checkpoints, logs and sample sheets, and what a new or resumed run starts from. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir, writeFileAtomic } from "../files.js";
import { encodePng } from "../image/codec.js";
import type { NamedTensors } from "../interop/safetensors.js";
import type { ModelConfig } from "../model/config.js";
import { DISCRIMINATORS, GENERATOR, initialParameters, parameterSpecs, uploadParameters } from "../model/parameters.js";
import type { RgbaImage } from "../types.js";
import { loadNewestCheckpoint, restoreTrainingState, saveCheckpoint, saveImported } from "./checkpoint.js";
import { EventWriter } from "./events.js";
import { LossLog } from "./log.js";
import { expectSameRun, parseRunSettings, type RunSettings } from "./settings.js";
import { createOptimizer, type StepLosses, type TrainingState } from "./step.js";

/** Names within the run's folder; docs/training.md describes them. */
export const LOSSES_FILE = "losses.jsonl";
const SAMPLES_FOLDER = "samples";
const EVENTS_FOLDER = "events";

export interface RunStart {
  readonly state: TrainingState;
  readonly step: number;
  /** What the user should know, such as a damaged checkpoint that was passed over. */
  readonly warnings: readonly string[];
}

/** A fresh state on the current device. */
export function newTrainingState(config: ModelConfig, seed: number): TrainingState {
  const optimizer = (networks: typeof GENERATOR) => {
    const specs = parameterSpecs(config, networks);
    return createOptimizer(uploadParameters(specs, initialParameters(config, networks, seed), "initial parameters"));
  };
  return { config, generator: optimizer(GENERATOR), discriminator: optimizer(DISCRIMINATORS) };
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
  if (entries.length === 0) return;
  refuse(entries.includes("checkpoints") ? "a run with checkpoints" : `one that holds ${entries[0]}`, remedy);
}

/**
 * Goes on from the newest checkpoint that can be read; one that was imported has no settings yet and takes those asked for.
 * @throws InputError when there is none or settings differ
 */
export async function resumeRun(folder: string, config: ModelConfig, settings: RunSettings): Promise<RunStart> {
  const { checkpoint, warnings } = await loadNewestCheckpoint(folder);
  const { options } = checkpoint.progress;
  const saved = options === null ? settings : parseRunSettings(options, checkpoint.source);
  expectSameRun({ config: checkpoint.config, settings: saved }, { config, settings });
  return { state: restoreTrainingState(checkpoint), step: checkpoint.progress.step, warnings };
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

/** Writes what a run leaves behind. */
export class RunWriter {
  readonly folder: string;
  private readonly settings: RunSettings;
  private readonly losses: LossLog;
  private readonly events: EventWriter;
  /** Null until the first checkpoint, so that a run which is interrupted before its first step can be resumed too. */
  private savedStep: number | null;

  private constructor(
    folder: string,
    settings: RunSettings,
    losses: LossLog,
    events: EventWriter,
    step: number | null,
  ) {
    this.folder = folder;
    this.settings = settings;
    this.losses = losses;
    this.events = events;
    this.savedStep = step;
  }

  /** @param resumedFrom null for a new run; later rows of an interrupted one are dropped */
  static async open(folder: string, settings: RunSettings, resumedFrom: number | null): Promise<RunWriter> {
    const losses = await LossLog.open(join(folder, LOSSES_FILE), resumedFrom ?? 0);
    try {
      const events = await EventWriter.open(join(folder, EVENTS_FOLDER), resumedFrom === null ? {} : { resumedFrom });
      return new RunWriter(folder, settings, losses, events, resumedFrom);
    } catch (error) {
      await losses.close();
      throw error;
    }
  }

  /** One row of the loss log. @param step counted from 1 */
  async log(step: number, attribute: string, losses: StepLosses, learningRate: number, seconds: number): Promise<void> {
    await this.losses.append({ step, attribute, ...losses, learningRate, seconds: Number(seconds.toFixed(4)) });
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

  /** Saves unless this step is saved already. */
  async save(step: number, state: TrainingState): Promise<void> {
    if (step === this.savedStep) return;
    await this.events.flush();
    await saveCheckpoint(this.folder, state, { step, sampler: null, options: this.settings });
    this.savedStep = step;
  }

  async close(): Promise<void> {
    try {
      await this.losses.close();
    } finally {
      await this.events.close();
    }
  }
}
