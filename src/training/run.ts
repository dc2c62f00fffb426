/** The start of a new, resumed or imported training run: the checkpoints of its folder. */
import { readdir } from "node:fs/promises";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { isLock } from "../lock.js";
import type { Model, RunSettings, TrainingState } from "../methods/method.js";
import { type Checkpoint, type CheckpointProgress, restoreTrainingState } from "../models/checkpoint.js";
import {
  CHECKPOINTS_FOLDER,
  listCheckpoints,
  loadNewestCheckpoint,
  saveCheckpoint,
  saveImported,
} from "../models/checkpoint-store.js";
import type { NamedModel } from "../models/generator-file.js";
import { createOptimizer, disposeOptimizer } from "../nn/optimizer.js";
import { copyParameters, disposeParameters, uploadParameters, zeroParameters } from "../nn/parameters.js";
import { expectSameRun } from "./settings.js";

export interface RunStart {
  readonly state: TrainingState;
  readonly step: number;
  readonly best: CheckpointProgress["best"];
  /** Whether this call or `elegant import` made the checkpoint, so that it has no sheet and no score. */
  readonly isFresh: boolean;
  /** Warnings for the user, for example that a damaged checkpoint was skipped. */
  readonly warnings: readonly string[];
}

/** Makes a fresh state on the current device. @param from the model with whose editing weights the run begins */
export function newTrainingState(model: Model, settings: RunSettings, from: NamedModel | null = null): TrainingState {
  const [edited] = model.groups;
  const optimizers = model.groups.map((group) => {
    const specs = model.specs(group);
    const parameters =
      group === edited && from !== null
        ? uploadParameters(specs, from.tensors, from.source)
        : uploadParameters(specs, model.initial(group, settings.seed, settings), "a new run");
    return [group, createOptimizer(parameters)] as const;
  });
  const averages = model.training(settings, "a new run").averages;
  const average = averages ? copyParameters(optimizers[0][1].parameters) : null;
  return { model, optimizers: new Map(optimizers), average, extras: zeroParameters(model.extras) };
}

/** Frees the variables of all networks and their optimizers. */
export function disposeState({ optimizers, average, extras }: TrainingState): void {
  if (average !== null) disposeParameters(average);
  for (const optimizer of optimizers.values()) disposeOptimizer(optimizer);
  disposeParameters(extras);
}

/** Refuses to begin with another model's generator if it does not fit. @throws InputError that says why */
export function expectSameModel(model: Model, { model: other, source }: NamedModel): void {
  if (other.method !== model.method) {
    const remedy = `Add --method ${other.method}, or choose a run of ${model.method}.`;
    throw new InputError(
      describeMismatch("--from", `a model of ${model.method}`, `${source} of ${other.method}`, remedy),
    );
  }
  model.expectSameLayers(other, source);
}

/** Refuses to write into an existing run or other files. @param remedy for a folder with files @throws InputError */
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
  // A training that was killed before its first checkpoint leaves its lock and an empty checkpoints folder.
  const isStarted = entries.includes(CHECKPOINTS_FOLDER) && (await listCheckpoints(folder)).length > 0;
  if (isStarted) refuse("a run with checkpoints", remedy);
  const strange = entries.find((name) => name !== CHECKPOINTS_FOLDER && !isLock(name));
  if (strange !== undefined) refuse(`one that holds ${strange}`, remedy);
}

/**
 * Starts a new run. It writes the first checkpoint before the first step, so --resume works from then on.
 * @throws RetryableError if the disk is full
 */
export async function startRun(
  folder: string,
  model: Model,
  settings: RunSettings,
  from: NamedModel | null = null,
): Promise<RunStart> {
  const state = newTrainingState(model, settings, from);
  await saveCheckpoint(folder, state, { step: 0, best: null, options: settings });
  return { state, step: 0, best: null, isFresh: true, warnings: [] };
}

/**
 * Resumes from the newest checkpoint that can be read. An imported one has no settings yet and gets the requested ones.
 * @param onAccepted called when the run fits, before any of it is on the device
 * @throws InputError if there is no checkpoint or settings differ
 */
export async function resumeRun(
  folder: string,
  model: Model,
  settings: RunSettings,
  onAccepted?: (step: number) => Promise<void>,
): Promise<RunStart> {
  const { checkpoint, warnings } = await loadNewestCheckpoint(folder);
  const { options } = checkpoint.progress;
  const saved = options === null ? settings : savedSettings(checkpoint);
  const { config } = checkpoint.model;
  expectSameRun({ config, settings: saved }, { config: model.config, settings });
  await onAccepted?.(checkpoint.progress.step);
  const restored = restoreTrainingState(checkpoint);
  // An imported run has no average yet.
  const edited = restored.optimizers.get(model.groups[0]);
  if (edited === undefined) throw new Error("checkpoint: no editing weights");
  const { averages } = model.training(settings, folder);
  const average = averages ? (restored.average ?? copyParameters(edited.parameters)) : null;
  return {
    state: { ...restored, average },
    step: checkpoint.progress.step,
    best: checkpoint.progress.best,
    isFresh: options === null,
    warnings,
  };
}

/** Returns the settings of a training's checkpoint. Choices that its version did not have get their defaults. */
function savedSettings({ model, progress, source }: Checkpoint): RunSettings {
  return model.training(progress.options as RunSettings, source).settings;
}

/**
 * Returns a run's model and settings, from its newest checkpoint that can be read. An imported model has no settings
 * yet.
 * @throws InputError as resumeRun()
 */
export async function savedRun(
  folder: string,
): Promise<{ readonly model: Model; readonly settings: RunSettings | null; readonly progress: CheckpointProgress }> {
  const { checkpoint } = await loadNewestCheckpoint(folder);
  const { model, progress } = checkpoint;
  return { model, settings: progress.options === null ? null : savedSettings(checkpoint), progress };
}

/** A model that was trained elsewhere. */
export interface ImportedModel {
  readonly model: Model;
  /** Editing weights, and those of further groups if there are any, in PyTorch's layout; others are ignored. */
  readonly tensors: NamedTensors;
  readonly step: number;
}

/**
 * Makes a run from a model: one checkpoint, with fresh values for the groups that it lacks.
 * @returns whether some values were fresh
 * @throws InputError if a tensor is missing or does not fit
 */
export async function importRun(
  folder: string,
  { model, tensors, step }: ImportedModel,
  seed: number,
): Promise<{ readonly checkpoint: string; readonly fresh: boolean }> {
  const lacking = model.groups.filter((group) => !model.specs(group).some(({ name }) => tensors.has(name)));
  const fresh = lacking.filter((group) => group !== model.groups[0]);
  const all = new Map([...tensors, ...fresh.flatMap((group) => [...model.initial(group, seed, null)])]);
  return { checkpoint: await saveImported(folder, model, all, step), fresh: fresh.length > 0 };
}
