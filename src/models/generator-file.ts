/**
 * The file that ships a trained model: safetensors with Enc and Dec alone, under their PyTorch names and in PyTorch's
 * layout, and the configuration as JSON in the metadata.
 */
import { describeMismatch, InputError } from "../errors.js";
import { encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import { type ModelConfig, parseConfig } from "../methods/elegant/config.js";
import { GENERATOR, parameterSpecs } from "../nn/parameters.js";

export const GENERATOR_FORMAT = "elegant-faces generator 1";

/** The tensors and the metadata of a safetensors file. */
export interface DecodedFile {
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ModelFile {
  readonly config: ModelConfig;
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
 * @param tensors of a checkpoint, or any that hold Enc and Dec; others are left out
 * @throws InputError when one of Enc and Dec is missing
 */
export function exportGenerator(
  tensors: NamedTensors,
  config: ModelConfig,
  { dtype }: { readonly dtype: "F16" | "F32" },
): Uint8Array {
  const kept: NamedTensors = new Map();
  for (const { name } of parameterSpecs(config, GENERATOR)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new InputError(describeMismatch("generator", `a tensor '${name}'`, "none", "Export a whole checkpoint."));
    }
    kept.set(name, tensor);
  }
  return encodeSafetensors(kept, { format: GENERATOR_FORMAT, config: JSON.stringify(config) }, { dtype });
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
  return { config: parseConfig(metadata.config, source), tensors };
}
