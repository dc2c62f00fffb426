/** A trained generator on the current device: from a run, a checkpoint or a generator file. */

import { readFile, stat } from "node:fs/promises";
import { currentDevice } from "../device/current.js";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { decodeSafetensors } from "../interop/safetensors.js";
import type { ModelConfig } from "../methods/elegant/config.js";
import { disposeParameters, GENERATOR, type Parameters, parameterSpecs, uploadParameters } from "../nn/parameters.js";
import {
  CHECKPOINT_FORMAT,
  type Checkpoint,
  editingTensors,
  loadNewestCheckpoint,
  parseCheckpoint,
} from "./checkpoint.js";
import { type ModelFile, parseGenerator } from "./generator-file.js";
import { locateModel } from "./shipped.js";

export interface Generator {
  readonly config: ModelConfig;
  /** Enc and Dec alone. */
  readonly parameters: Parameters;
  /** The file that was read, for captions and messages. */
  readonly source: string;
  /** What the user should know, such as a damaged checkpoint that was passed over. */
  readonly warnings: readonly string[];
  /** Frees the device's memory; before the device is closed. */
  dispose(): void;
}

export interface FoundModel extends ModelFile {
  /** Steps of its training, 0 where the file does not tell. */
  readonly step: number;
  readonly source: string;
  readonly warnings: readonly string[];
}

/** Files of models that are none of ours, and what to do with them, by the ends of their names. */
const FOREIGN: readonly (readonly [RegExp, received: string, remedy: string])[] = [
  [
    /\.(pth|pt|ckpt|bin|pkl)$/i,
    "a file of PyTorch",
    "Make a run of it with 'elegant import', and use the run as --model.",
  ],
  [/\.onnx$/i, "an ONNX graph", "Use the run that it was exported from: graphs are for other tools."],
  [/\.(h5|keras|pb|tflite|npz|npy)$/i, "a file of another tool", "Only files of elegant-faces can be opened."],
];

/** @throws InputError for a file that another tool has to read */
function refuseForeign(path: string): void {
  const found = FOREIGN.find(([ending]) => ending.test(path));
  if (found === undefined) return;
  const expected = "a run's folder, a checkpoint or a generator file (.safetensors)";
  throw new InputError(describeMismatch(path, expected, found[1], found[2]));
}

/**
 * Reads a model without a device.
 * @param model a run's folder (its newest checkpoint), a checkpoint, a generator file or the short name of a shipped model
 * @throws InputError when there is none or when it is damaged
 */
export async function readModel(model: string): Promise<FoundModel> {
  const { path, warnings } = locateModel(model);
  const found = await readModelFile(path);
  return { ...found, warnings: [...warnings, ...found.warnings] };
}

async function readModelFile(path: string): Promise<FoundModel> {
  const failed = (error: unknown): never => {
    throw fromSystemError(error, `Reading the model '${path}'`);
  };
  if ((await stat(path).catch(failed)).isDirectory()) {
    const { checkpoint, warnings } = await loadNewestCheckpoint(path);
    return fromCheckpoint(checkpoint, warnings);
  }
  refuseForeign(path);
  const file = decodeSafetensors(await readFile(path).catch(failed), path);
  // Anything but a checkpoint is refused by parseGenerator, which says what was expected.
  if (file.metadata.format === CHECKPOINT_FORMAT) return fromCheckpoint(parseCheckpoint(file, path), []);
  return { ...parseGenerator(file, path), step: 0, source: path, warnings: [] };
}

function fromCheckpoint(checkpoint: Checkpoint, warnings: readonly string[]): FoundModel {
  const { config, source, progress } = checkpoint;
  const { tensors, averaged } = editingTensors(checkpoint);
  const note = `${source}: the moving average of the generator (--ema) is what is used.`;
  return { config, tensors, source, step: progress.step, warnings: averaged ? [...warnings, note] : warnings };
}

/**
 * Opens a model on the current device.
 * @param model a run's folder (its newest checkpoint), a checkpoint, a generator file or the short name of a shipped model
 * @throws InputError when there is none, when it is damaged, or when its tensors do not fit its configuration
 */
export async function openGenerator(model: string): Promise<Generator> {
  const { config, tensors, source, warnings } = await readModel(model);
  const parameters = uploadParameters(parameterSpecs(config, GENERATOR), tensors, source);
  currentDevice()?.freeze(parameters.values());
  return { config, parameters, source, warnings, dispose: () => disposeParameters(parameters) };
}
