/** What a new, resumed or imported training run starts from: the checkpoints of its folder. */
import { readdir } from "node:fs/promises";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { isLock } from "../lock.js";
import { formatChoice } from "../methods/choice-words.js";
import type { Initialisation, ModelConfig } from "../methods/elegant/config.js";
import type { TrainingState } from "../methods/elegant/update.js";
import {
  CHECKPOINTS_FOLDER,
  type CheckpointProgress,
  listCheckpoints,
  loadNewestCheckpoint,
  restoreTrainingState,
  saveCheckpoint,
  saveImported,
} from "../models/checkpoint.js";
import type { NamedModel } from "../models/generator-file.js";
import { createOptimizer } from "../nn/optimizer.js";
import {
  copyParameters,
  DISCRIMINATORS,
  GENERATOR,
  initialParameters,
  parameterSpecs,
  uploadParameters,
} from "../nn/parameters.js";
import { expectSameRun, parseRunSettings, type RunSettings } from "./settings.js";

export interface RunStart {
  readonly state: TrainingState;
  readonly step: number;
  readonly best: CheckpointProgress["best"];
  /** Whether this call or `elegant import` made the checkpoint: no sheet and no score belong to it. */
  readonly isFresh: boolean;
  /** What the user should know, such as a damaged checkpoint that was passed over. */
  readonly warnings: readonly string[];
}

/**
 * Refuses a generator whose layers are not those of the new run. The size may differ, since encoder and decoder are
 * convolutions, and so may everything about the discriminators, which begin untrained.
 * @throws InputError naming the first difference
 */
export function expectSameGenerator(config: ModelConfig, { config: other, source }: NamedModel): void {
  const choices = ["generatorBlocks", "decoderActivation", "upsampling", "edit", "mask"] as const;
  const differences = [
    ["--attributes", config.attributes.join(" "), other.attributes.join(" ")],
    ["--width", config.width, other.width],
    ...choices.map((name) => [`--set ${name}`, config[name], other[name]] as const),
  ] as const;
  for (const [name, received, expected] of differences) {
    if (received === expected) continue;
    const remedy = "A run begins only with a generator of its own layers.";
    throw new InputError(
      describeMismatch(`--from: ${name}`, `${formatChoice(expected)}, as in ${source}`, formatChoice(received), remedy),
    );
  }
}

/** A fresh state on the current device. @param averaged keeps a moving average of the generator */
export function newTrainingState(
  config: ModelConfig,
  seed: number,
  averaged: boolean,
  initialisation: Initialisation = "published",
  from: NamedModel | null = null,
): TrainingState {
  const optimizer = (networks: typeof GENERATOR) => {
    const initial = initialParameters(config, networks, seed, initialisation);
    const specs = parameterSpecs(config, networks);
    if (networks !== GENERATOR || from === null) return createOptimizer(uploadParameters(specs, initial, "a new run"));
    return createOptimizer(uploadParameters(specs, from.tensors, from.source));
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
export async function startRun(
  folder: string,
  config: ModelConfig,
  settings: RunSettings,
  from: NamedModel | null = null,
): Promise<RunStart> {
  const { seed, ema, initialisation } = settings;
  const state = newTrainingState(config, seed, ema > 0, initialisation, from);
  await saveCheckpoint(folder, state, { step: 0, best: null, options: settings });
  return { state, step: 0, best: null, isFresh: true, warnings: [] };
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
    isFresh: options === null,
    warnings,
  };
}

/**
 * What a run trains and how, by its newest checkpoint that can be read. An imported model has no settings yet.
 * @throws InputError as resumeRun()
 */
export async function savedRun(
  folder: string,
): Promise<{ readonly config: ModelConfig; readonly settings: RunSettings | null }> {
  const { checkpoint } = await loadNewestCheckpoint(folder);
  const { options } = checkpoint.progress;
  const settings = options === null ? null : parseRunSettings(options, checkpoint.source);
  return { config: checkpoint.config, settings };
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
  // Without norms, the published weights and biases would hide the picture from the deeper layers.
  const initialisation = config.discriminatorNorm === "none" ? "he" : "published";
  const all = fresh
    ? new Map([...tensors, ...initialParameters(config, DISCRIMINATORS, seed, initialisation)])
    : tensors;
  return { checkpoint: await saveImported(folder, config, all, step), fresh };
}
