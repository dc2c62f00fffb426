/**
 * The file that ships a trained model: safetensors with the editing weights alone (ELEGANT's Enc and Dec), under their PyTorch
 * names and in PyTorch's layout, and the configuration as JSON in the metadata.
 */
import { describeMismatch, InputError } from "../errors.js";
import { encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import type { Model } from "../methods/method.js";
import { parseModel } from "../methods/registry.js";

export const GENERATOR_FORMAT = "elegant-faces generator 1";

/** The tensors and the metadata of a safetensors file. */
export interface DecodedFile {
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ModelFile {
  readonly model: Model;
  /** In PyTorch's layout. */
  readonly tensors: NamedTensors;
}

/** A model and where it comes from. */
export interface NamedModel extends ModelFile {
  /** Names it in messages. */
  readonly source: string;
}

/**
 * The bytes of a generator file; F16 halves it and keeps 11 significant bits.
 * @param tensors those of a checkpoint, or any that hold the editing weights; others are left out
 * @throws InputError when one of these is missing
 */
export function exportGenerator(
  tensors: NamedTensors,
  model: Model,
  { dtype }: { readonly dtype: "F16" | "F32" },
): Uint8Array {
  const kept: NamedTensors = new Map();
  for (const { name } of model.specs(model.groups[0])) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new InputError(describeMismatch("generator", `a tensor '${name}'`, "none", "Export a whole checkpoint."));
    }
    kept.set(name, tensor);
  }
  return encodeSafetensors(kept, { format: GENERATOR_FORMAT, config: JSON.stringify(model.config) }, { dtype });
}

/**
 * Reads what exportGenerator() has written.
 * @param source names the file in messages
 * @throws InputError when the file is no generator, or its configuration is none
 */
export function parseGenerator({ tensors, metadata }: DecodedFile, source: string): ModelFile {
  if (metadata.format !== GENERATOR_FORMAT) {
    const received = metadata.format === undefined ? "a safetensors file without a format" : `'${metadata.format}'`;
    const remedy = "Give a file that elegant has made, or make a run of it first: elegant import.";
    throw new InputError(describeMismatch(source, `'${GENERATOR_FORMAT}'`, received, remedy));
  }
  return { model: parseModel(metadata.config, source), tensors };
}
