/**
 * Checkpoints: everything that a run needs to go on as if it had never stopped, one safetensors file each, and the
 * folder that holds the newest few. Parameters have their PyTorch names and layout, so that other tools can read them.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, fromSystemError, InputError, RetryableError } from "../errors.js";
import { ensureDir, removeTemporaries, writeFileAtomic } from "../files.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import { type ModelConfig, parseConfig } from "../methods/elegant/config.js";
import type { TrainingState } from "../methods/elegant/update.js";
import type { OptimizerState } from "../nn/optimizer.js";
import {
  DISCRIMINATORS,
  downloadParameters,
  GENERATOR,
  matchParameters,
  type Network,
  type Parameters,
  parameterSpecs,
  uploadParameters,
} from "../nn/parameters.js";
import type { DecodedFile, ModelFile } from "./generator-file.js";

export const CHECKPOINT_FORMAT = "elegant-faces checkpoint 1";
export const CHECKPOINTS_FOLDER = "checkpoints";
export const NOT_FINITE_REMEDY =
  "Checkpoints written before are kept, but the same settings lead here again: start a new run with a lower --learning-rate.";
/** The newest one may be damaged and the one before may hold the fault that is being looked for. */
const KEPT_CHECKPOINTS = 3;
const FILE_PATTERN = /^step-(\d{8,})\.safetensors$/;
/** The one with the lowest score (score.ts), beside the newest few. */
const BEST = "best.safetensors";
/** Adam's moments lie beside their parameter: adam.first/Enc.main.0.0.weight. */
const FIRST_MOMENT = "adam.first/";
const SECOND_MOMENT = "adam.second/";
/** The generator's moving average, where one is kept: ema/Enc.main.0.0.weight. */
const AVERAGE = "ema/";

const count = z.number().int().nonnegative();
const progressSchema = z.object({
  /** Steps done; one goes over all attributes. */
  step: count,
  /** Updates of Enc + Dec and of D1 + D2, which Adam's bias correction counts. */
  generatorUpdates: count,
  discriminatorUpdates: count,
  /** The lowest score up to this step; null before the first. */
  best: z.object({ step: count, score: z.number() }).nullable().default(null),
  /** The run's options, for a resume and for reports; any JSON. */
  options: z.unknown(),
});
export type CheckpointProgress = z.infer<typeof progressSchema>;

export interface Checkpoint extends ModelFile {
  readonly progress: CheckpointProgress;
  /** The file, for messages. */
  readonly source: string;
}

export interface CheckpointEntry {
  readonly path: string;
  readonly step: number;
}

/** Of everything that a checkpoint says: a flipped bit in the step or in a name matters as much as one in a weight. */
function checksumOf(config: string, state: string, tensors: NamedTensors): string {
  const hash = createHash("sha256").update(config).update("\0").update(state);
  for (const [name, { shape, data }] of tensors) {
    hash.update(`\0${name}[${shape.join()}]`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** One optimizer's parameters and moments under their names in the file. */
async function collect(
  state: OptimizerState,
  config: ModelConfig,
  networks: readonly Network[],
): Promise<NamedTensors> {
  const specs = parameterSpecs(config, networks);
  const parts = [
    ["", state.parameters],
    [FIRST_MOMENT, state.first],
    [SECOND_MOMENT, state.second],
  ] as const;
  const tensors: NamedTensors = new Map();
  for (const [prefix, parameters] of parts) {
    for (const [name, tensor] of await downloadParameters(specs, parameters)) tensors.set(prefix + name, tensor);
  }
  return tensors;
}

/**
 * Writes RUN/checkpoints/step-00001234.safetensors whole or not at all, and the same as best.safetensors when it is the best
 * so far, then deletes all but the newest three up to this step. The update counts are those of `state`, which must not be
 * trained on until the promise is fulfilled.
 * @returns the path of the file
 * @throws RetryableError when the disk is full or a value is not finite, InputError when the folder cannot be written
 */
export async function saveCheckpoint(
  runFolder: string,
  state: TrainingState,
  progress: Pick<CheckpointProgress, "step" | "best" | "options">,
): Promise<string> {
  const { config, generator, discriminator, average } = state;
  const { updates: generatorUpdates } = generator;
  const { updates: discriminatorUpdates } = discriminator;
  const tensors: NamedTensors = new Map([
    ...(await collect(generator, config, GENERATOR)),
    ...(await collect(discriminator, config, DISCRIMINATORS)),
  ]);
  if (average !== null) {
    const averaged = await downloadParameters(parameterSpecs(config, GENERATOR), average);
    for (const [name, tensor] of averaged) tensors.set(AVERAGE + name, tensor);
  }
  return writeCheckpoint(runFolder, config, tensors, { ...progress, generatorUpdates, discriminatorUpdates });
}

/**
 * A checkpoint of weights that come from elsewhere, before any update of ours: Adam's moments are zero.
 * @param tensors all of Enc, Dec, D1 and D2 in PyTorch's layout
 * @throws InputError when one is missing or does not fit; RetryableError as saveCheckpoint()
 */
export async function saveImported(
  runFolder: string,
  config: ModelConfig,
  tensors: NamedTensors,
  step: number,
): Promise<string> {
  const all: NamedTensors = new Map();
  for (const networks of [GENERATOR, DISCRIMINATORS]) {
    const matched = matchParameters(parameterSpecs(config, networks), tensors, "import");
    for (const prefix of ["", FIRST_MOMENT, SECOND_MOMENT]) {
      for (const { spec, data } of matched) {
        all.set(prefix + spec.name, { shape: spec.shape, data: prefix === "" ? data : new Float32Array(data.length) });
      }
    }
  }
  const progress = { step, generatorUpdates: 0, discriminatorUpdates: 0, best: null, options: null };
  return writeCheckpoint(runFolder, config, all, progress);
}

async function writeCheckpoint(
  runFolder: string,
  config: ModelConfig,
  tensors: NamedTensors,
  progress: CheckpointProgress,
): Promise<string> {
  const saved = progressSchema.parse(progress);
  for (const [name, { data }] of tensors) {
    // A checkpoint of NaN would push out the last good one.
    if (!data.every(Number.isFinite)) {
      throw new RetryableError(
        describeMismatch(`checkpoint: ${name}`, "finite values", "NaN or infinity", NOT_FINITE_REMEDY),
      );
    }
  }
  const [configText, stateText] = [JSON.stringify(config), JSON.stringify(saved)];
  const sha256 = checksumOf(configText, stateText, tensors);
  const metadata = { format: CHECKPOINT_FORMAT, config: configText, state: stateText, sha256 };
  await ensureDir(join(runFolder, CHECKPOINTS_FOLDER));
  const path = join(runFolder, CHECKPOINTS_FOLDER, `step-${String(saved.step).padStart(8, "0")}.safetensors`);
  const bytes = encodeSafetensors(tensors, metadata);
  // The best first: a run that is killed in between resumes from the checkpoint before, and comes here again.
  if (saved.best?.step === saved.step) await writeFileAtomic(join(runFolder, CHECKPOINTS_FOLDER, BEST), bytes);
  await writeFileAtomic(path, bytes);
  await removeOld(runFolder, saved.step);
  return path;
}

/** Files of a later step stay: they are damaged ones that a resume has stepped back from, and are written anew. */
async function removeOld(runFolder: string, step: number): Promise<void> {
  const upToNow = (await listCheckpoints(runFolder)).filter((entry) => entry.step <= step);
  for (const { path } of upToNow.slice(0, -KEPT_CHECKPOINTS)) {
    await rm(path, { force: true }).catch(() => {}); // the checkpoint is safe; the next save tries again
  }
  await removeTemporaries(join(runFolder, CHECKPOINTS_FOLDER));
}

/** The checkpoints of a run, oldest first; none when there is no such folder. */
export async function listCheckpoints(runFolder: string): Promise<CheckpointEntry[]> {
  const folder = join(runFolder, CHECKPOINTS_FOLDER);
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw fromSystemError(error, `Listing the checkpoints of '${runFolder}'`);
  });
  return names
    .flatMap((name) => {
      const match = FILE_PATTERN.exec(name);
      return match === null ? [] : [{ path: join(folder, name), step: Number(match[1]) }];
    })
    .sort((a, b) => a.step - b.step);
}

/** The checkpoint of the latest step, unread. @throws InputError when the run has none */
export async function newestCheckpoint(runFolder: string): Promise<CheckpointEntry> {
  const newest = (await listCheckpoints(runFolder)).at(-1);
  if (newest !== undefined) return newest;
  const remedy = "Check the path, or train first: elegant train DATA --attributes A B --out RUN.";
  throw new InputError(
    describeMismatch(runFolder, `a run with ${CHECKPOINTS_FOLDER}/step-*.safetensors`, "none", remedy),
  );
}

/** Reads the file of a checkpoint. @throws InputError when it is missing, none, of another version or damaged */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, `Reading the checkpoint '${path}'`);
  });
  return parseCheckpoint(decodeSafetensors(bytes, path), path);
}

/**
 * A checkpoint from the contents of its file.
 * @param source names the file in messages
 * @throws InputError when it is none, of another version or damaged
 */
export function parseCheckpoint({ tensors, metadata }: DecodedFile, source: string): Checkpoint {
  const { format, config = "", state = "", sha256 } = metadata;
  if (format !== CHECKPOINT_FORMAT) {
    const received = format === undefined ? "a safetensors file without a format" : `'${format}'`;
    const remedy = "Give a checkpoint that this version of elegant can read.";
    throw new InputError(describeMismatch(source, `'${CHECKPOINT_FORMAT}'`, received, remedy));
  }
  const checksum = checksumOf(config, state, tensors);
  if (checksum !== sha256) {
    const remedy = "The file is damaged; use the checkpoint before it.";
    const expected = `${sha256?.slice(0, 12) ?? "none"}...`;
    throw new InputError(describeMismatch(`${source}: checksum`, expected, `${checksum.slice(0, 12)}...`, remedy));
  }
  const progress = progressSchema.parse(JSON.parse(state)); // the checksum vouches for what we wrote
  return { config: parseConfig(config, source), tensors, progress, source };
}

/**
 * The newest checkpoint of a run that can be read; a damaged one is passed over, with a warning for the user.
 * @throws InputError when the run has none that can be read
 */
export async function loadNewestCheckpoint(
  runFolder: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly path: string; readonly warnings: readonly string[] }> {
  await newestCheckpoint(runFolder); // says what to do when there is none
  const warnings: string[] = [];
  const newestFirst = (await listCheckpoints(runFolder)).reverse().map(({ path }) => path);
  const folder = join(runFolder, CHECKPOINTS_FOLDER);
  const best = (await readdir(folder)).includes(BEST) ? [join(folder, BEST)] : [];
  for (const path of [...newestFirst, ...best]) {
    try {
      return { checkpoint: await loadCheckpoint(path), path, warnings };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      warnings.push(`Passed over a checkpoint: ${error.message}`);
    }
  }
  const remedy = `Restore a copy or train again. ${warnings[0]}`;
  throw new InputError(describeMismatch(runFolder, "a checkpoint", `${warnings.length} damaged`, remedy));
}

/**
 * Puts a checkpoint on the current device: parameters, Adam's moments and the counts of updates.
 * @throws InputError when a tensor is missing or does not fit the configuration
 */
export function restoreTrainingState(checkpoint: Checkpoint): TrainingState {
  const { config, progress } = checkpoint;
  return {
    config,
    generator: restoreOptimizer(checkpoint, GENERATOR, progress.generatorUpdates),
    discriminator: restoreOptimizer(checkpoint, DISCRIMINATORS, progress.discriminatorUpdates),
    average: hasAverage(checkpoint) ? restoreParameters(checkpoint, GENERATOR, AVERAGE) : null,
  };
}

function hasAverage({ tensors }: Checkpoint): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(AVERAGE));
}

/** The generator to edit with: the moving average where the checkpoint has one, under the plain names. */
export function editingTensors(checkpoint: Checkpoint): { readonly tensors: NamedTensors; readonly averaged: boolean } {
  if (!hasAverage(checkpoint)) return { tensors: checkpoint.tensors, averaged: false };
  return { tensors: new Map([...checkpoint.tensors, ...withPrefix(checkpoint, AVERAGE)]), averaged: true };
}

/** Tensors whose names begin with a prefix, without it. */
function withPrefix({ tensors }: Checkpoint, prefix: string): NamedTensors {
  const named = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(named.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function restoreParameters(checkpoint: Checkpoint, networks: readonly Network[], prefix: string): Parameters {
  const specs = parameterSpecs(checkpoint.config, networks);
  return uploadParameters(specs, withPrefix(checkpoint, prefix), `${checkpoint.source} ${prefix}`.trimEnd());
}

function restoreOptimizer(checkpoint: Checkpoint, networks: readonly Network[], updates: number): OptimizerState {
  const restore = (prefix: string): Parameters => restoreParameters(checkpoint, networks, prefix);
  return { parameters: restore(""), first: restore(FIRST_MOMENT), second: restore(SECOND_MOMENT), updates };
}
