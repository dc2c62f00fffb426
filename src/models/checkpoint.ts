/**
 * The file of a checkpoint: all data that a run needs to continue as if it had never stopped, in one safetensors file.
 * Parameters have their PyTorch names and layout, so that other tools can read them.
 */

import { z } from "zod";
import { sha256 } from "#platform";
import { describeMismatch, InputError, RetryableError } from "../errors.js";
import { encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import type { Model, TrainingState } from "../methods/method.js";
import { parseModel } from "../methods/registry.js";
import type { OptimizerState } from "../nn/optimizer.js";
import {
  downloadParameters,
  matchParameters,
  type ParameterSpec,
  type Parameters,
  uploadParameters,
} from "../nn/parameters.js";
import type { DecodedFile, ModelFile } from "./generator-file.js";

export const CHECKPOINT_FORMAT = "elegant-faces checkpoint 1";
export const NOT_FINITE_REMEDY =
  "Checkpoints written before are kept, but the same settings lead here again: start a new run with a lower --learning-rate.";
/** Adam's moments have the names of their parameters with a prefix: adam.first/Enc.main.0.0.weight. */
const FIRST_MOMENT = "adam.first/";
const SECOND_MOMENT = "adam.second/";
/** The moving average, if one is kept: ema/Enc.main.0.0.weight. */
const AVERAGE = "ema/";
const EXTRA = "extra/";

const count = z.number().int().nonnegative();
const stateSchema = z.looseObject({
  step: count,
  best: z.object({ step: count, score: z.number() }).nullable().default(null),
  options: z.unknown(),
});

export interface CheckpointProgress {
  /** Number of steps done; one step covers all attributes. */
  readonly step: number;
  /** Number of updates of each group, for Adam's bias correction. */
  readonly updates: Readonly<Record<string, number>>;
  /** Lowest score up to this step; null before the first. */
  readonly best: { readonly step: number; readonly score: number } | null;
  /** Settings of the run, for a resume and for reports; null for an imported model. */
  readonly options: unknown;
}

export interface Checkpoint extends ModelFile {
  readonly progress: CheckpointProgress;
  /** Path of the file, for messages. */
  readonly source: string;
}

/** Returns the name of a group's count of updates in the file. */
const countName = (group: string): string => `${group}Updates`;

/** The checksum covers everything: a flipped bit in the step or in a name matters as much as one in a weight. */
function checksumOf(config: string, state: string, tensors: NamedTensors): Promise<string> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [encoder.encode(`${config}\0${state}`)];
  for (const [name, { shape, data }] of tensors) {
    parts.push(encoder.encode(`\0${name}[${shape.join()}]`));
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sha256(parts);
}

/** Puts a prefix before each tensor's name. */
function prefixed(prefix: string, tensors: NamedTensors): NamedTensors {
  return new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));
}

/** Returns the tensors whose names begin with a prefix, under their names without it. */
function withPrefix({ tensors }: Pick<Checkpoint, "tensors">, prefix: string): NamedTensors {
  const named = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(named.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** Reads the tensors of a training from the device, under their names in the file. */
export async function downloadState({ model, optimizers, average, extras }: TrainingState): Promise<NamedTensors> {
  const tensors: NamedTensors = new Map();
  const add = async (prefix: string, specs: readonly ParameterSpec[], parameters: Parameters): Promise<void> => {
    for (const [name, tensor] of prefixed(prefix, await downloadParameters(specs, parameters))) {
      tensors.set(name, tensor);
    }
  };
  for (const [group, { parameters, first, second }] of optimizers) {
    const specs = model.specs(group);
    await add("", specs, parameters);
    await add(FIRST_MOMENT, specs, first);
    await add(SECOND_MOMENT, specs, second);
  }
  if (average !== null) await add(AVERAGE, model.specs(model.groups[0]), average);
  await add(EXTRA, model.extras, extras);
  return tensors;
}

/** Returns the number of updates of each group, by its name. */
export function countUpdates({ optimizers }: TrainingState): Readonly<Record<string, number>> {
  return Object.fromEntries([...optimizers].map(([group, { updates }]) => [group, updates]));
}

/**
 * Makes the tensors of a checkpoint from weights from elsewhere. Moments are zero, and so is further state that they
 * lack.
 * @param tensors all groups' parameters in PyTorch's layout
 * @throws InputError if one is missing or does not fit
 */
export function importedTensors(model: Model, tensors: NamedTensors): NamedTensors {
  const all: NamedTensors = new Map();
  for (const group of model.groups) {
    const matched = matchParameters(model.specs(group), tensors, "import");
    for (const prefix of ["", FIRST_MOMENT, SECOND_MOMENT]) {
      for (const { spec, data } of matched) {
        all.set(prefix + spec.name, { shape: spec.shape, data: prefix === "" ? data : new Float32Array(data.length) });
      }
    }
  }
  for (const { name, shape } of model.extras) {
    const zeros = { shape, data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) };
    all.set(EXTRA + name, tensors.get(name) ?? zeros);
  }
  return all;
}

/**
 * Encodes a checkpoint as the bytes of its file.
 * @throws RetryableError if a value is not finite
 */
export async function encodeCheckpoint(
  model: Model,
  tensors: NamedTensors,
  { step, updates, best, options }: CheckpointProgress,
): Promise<Uint8Array> {
  for (const [name, { data }] of tensors) {
    // A checkpoint of NaN would displace the last good one.
    if (!data.every(Number.isFinite)) {
      throw new RetryableError(
        describeMismatch(`checkpoint: ${name}`, "finite values", "NaN or infinity", NOT_FINITE_REMEDY),
      );
    }
  }
  const counts = model.groups.map((group) => [countName(group), updates[group]]);
  const config = JSON.stringify(model.config);
  const state = JSON.stringify({ step, ...Object.fromEntries(counts), best, options });
  const checksum = await checksumOf(config, state, tensors);
  return encodeSafetensors(tensors, { format: CHECKPOINT_FORMAT, config, state, sha256: checksum });
}

/**
 * Reads a checkpoint from the contents of its file.
 * @param source the file's name for messages
 * @throws InputError if it is not a checkpoint, is of another version or is damaged
 */
export async function parseCheckpoint({ tensors, metadata }: DecodedFile, source: string): Promise<Checkpoint> {
  const { format, config = "", state = "", sha256: expected } = metadata;
  if (format !== CHECKPOINT_FORMAT) {
    const received = format === undefined ? "a safetensors file without a format" : `'${format}'`;
    const remedy = "Give a checkpoint that this version of elegant can read.";
    throw new InputError(describeMismatch(source, `'${CHECKPOINT_FORMAT}'`, received, remedy));
  }
  const checksum = await checksumOf(config, state, tensors);
  if (checksum !== expected) {
    const remedy = "The file is damaged; use the checkpoint before it.";
    const wanted = `${expected?.slice(0, 12) ?? "none"}...`;
    throw new InputError(describeMismatch(`${source}: checksum`, wanted, `${checksum.slice(0, 12)}...`, remedy));
  }
  const model = parseModel(config, source);
  const saved = stateSchema.parse(JSON.parse(state)); // The checksum vouches for the data that we wrote.
  const updates = Object.fromEntries(model.groups.map((group) => [group, count.parse(saved[countName(group)])]));
  const { step, best, options } = saved;
  return { model, tensors, progress: { step, updates, best, options }, source };
}

function hasAverage({ tensors }: Pick<Checkpoint, "tensors">): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(AVERAGE));
}

/**
 * Returns the weights for editing, under the plain names: the moving average if the checkpoint has one. Further state has
 * plain names, too.
 */
export function editingTensors(checkpoint: Checkpoint): { readonly tensors: NamedTensors; readonly averaged: boolean } {
  const averaged = hasAverage(checkpoint);
  const average = averaged ? withPrefix(checkpoint, AVERAGE) : [];
  return { tensors: new Map([...checkpoint.tensors, ...withPrefix(checkpoint, EXTRA), ...average]), averaged };
}

/**
 * Puts a checkpoint on the current device: parameters, Adam's moments and the counts of updates.
 * @throws InputError if a tensor is missing or does not fit the configuration
 */
export function restoreTrainingState(checkpoint: Checkpoint): TrainingState {
  const { model, progress } = checkpoint;
  const restore = (specs: readonly ParameterSpec[], prefix: string): Parameters =>
    uploadParameters(specs, withPrefix(checkpoint, prefix), `${checkpoint.source} ${prefix}`.trimEnd());
  const optimizers = model.groups.map((group): readonly [string, OptimizerState] => {
    const specs = model.specs(group);
    const [parameters, first, second] = ["", FIRST_MOMENT, SECOND_MOMENT].map((prefix) => restore(specs, prefix));
    return [group, { parameters, first, second, updates: progress.updates[group] }];
  });
  return {
    model,
    optimizers: new Map(optimizers),
    average: hasAverage(checkpoint) ? restore(model.specs(model.groups[0]), AVERAGE) : null,
    extras: restore(model.extras, EXTRA),
  };
}
