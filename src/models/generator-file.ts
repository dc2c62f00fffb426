/**
 * The file that ships a trained model: safetensors with the editing weights alone (ELEGANT's Enc and Dec), under their PyTorch
 * names and in PyTorch's layout, and the configuration as JSON in the metadata.
 */
import { describeMismatch, InputError } from "../errors.js";
import { encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import type { Model } from "../methods/method.js";
import { parseModel } from "../methods/registry.js";
import type { ParameterSpec } from "../nn/parameters.js";

export const GENERATOR_FORMAT = "elegant-faces generator 1";

/** The tensors and the metadata of a safetensors file. */
export interface DecodedFile {
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ModelFile {
  readonly model: Model;
  /** Tensors in PyTorch's layout. */
  readonly tensors: NamedTensors;
}

/** A model and where it comes from. */
export interface NamedModel extends ModelFile {
  /** Name of the model's origin in messages. */
  readonly source: string;
}

/** Lists everything that edits read: the first group's parameters, and further state if it matters for edits. */
export function editSpecs({ groups, specs, editExtras }: Model): readonly ParameterSpec[] {
  return [...specs(groups[0]), ...editExtras];
}

/**
 * Encodes a generator file; F16 halves its size and keeps 11 significant bits.
 * @param tensors those of a checkpoint, or any that contain the editing weights; others are ignored
 * @throws InputError if an editing weight is missing
 */
export function exportGenerator(
  tensors: NamedTensors,
  model: Model,
  { dtype }: { readonly dtype: "F16" | "F32" },
): Uint8Array {
  const kept: NamedTensors = new Map();
  for (const { name } of editSpecs(model)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new InputError(describeMismatch("generator", `a tensor '${name}'`, "none", "Export a whole checkpoint."));
    }
    kept.set(name, tensor);
  }
  return encodeSafetensors(kept, { format: GENERATOR_FORMAT, config: JSON.stringify(model.config) }, { dtype });
}

/**
 * Reads the data that exportGenerator() has written.
 * @param source the file's name for messages
 * @throws InputError if the file is not a generator or its configuration is not valid
 */
export function parseGenerator({ tensors, metadata }: DecodedFile, source: string): ModelFile {
  if (metadata.format !== GENERATOR_FORMAT) {
    const received = metadata.format === undefined ? "a safetensors file without a format" : `'${metadata.format}'`;
    const remedy = "Give a file that elegant has made, or make a run of it first: elegant import.";
    throw new InputError(describeMismatch(source, `'${GENERATOR_FORMAT}'`, received, remedy));
  }
  return { model: parseModel(metadata.config, source), tensors };
}
