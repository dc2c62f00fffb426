/** Finds a model by the value of --model: a run's folder, a checkpoint, a generator file or a shipped model's name. */
import { readFile, stat } from "node:fs/promises";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { decodeSafetensors } from "../interop/safetensors.js";
import { CHECKPOINT_FORMAT, type Checkpoint, editingTensors, parseCheckpoint } from "./checkpoint.js";
import { loadNewestCheckpoint } from "./checkpoint-store.js";
import { type FoundModel, type Generator, uploadGenerator } from "./generator.js";
import { parseGenerator } from "./generator-file.js";
import { locateModel } from "./shipped.js";

/** Model files of other tools, by the endings of their names, and what to do with them. */
const FOREIGN: readonly (readonly [RegExp, received: string, remedy: string])[] = [
  [
    /\.(pth|pt|ckpt|bin|pkl)$/i,
    "a file of PyTorch",
    "Make a run of it with 'elegant import', and use the run as --model.",
  ],
  [/\.onnx$/i, "an ONNX graph", "Use the run that it was exported from: graphs are for other tools."],
  [/\.(h5|keras|pb|tflite|npz|npy)$/i, "a file of another tool", "Only files of elegant-faces can be opened."],
];

/** Refuses a model file of another tool. @throws InputError for such a file */
function refuseForeign(path: string): void {
  const found = FOREIGN.find(([ending]) => ending.test(path));
  if (found === undefined) return;
  const expected = "a run's folder, a checkpoint or a generator file (.safetensors)";
  throw new InputError(describeMismatch(path, expected, found[1], found[2]));
}

/**
 * Reads a model without a device.
 * @param model a run's folder (its newest checkpoint), a checkpoint, a generator file or the short name of a shipped
 *              model
 * @throws InputError if the model does not exist or is damaged
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
  // parseGenerator refuses any file that is not a checkpoint, and says what was expected.
  if (file.metadata.format === CHECKPOINT_FORMAT) return fromCheckpoint(await parseCheckpoint(file, path), []);
  return { ...parseGenerator(file, path), step: 0, source: path, warnings: [] };
}

function fromCheckpoint(checkpoint: Checkpoint, warnings: readonly string[]): FoundModel {
  const { model, source, progress } = checkpoint;
  const { tensors, averaged } = editingTensors(checkpoint);
  const note = `${source}: the moving average of the generator (--ema) is what is used.`;
  return { model, tensors, source, step: progress.step, warnings: averaged ? [...warnings, note] : warnings };
}

/**
 * Opens a model on the current device.
 * @param model a run's folder (its newest checkpoint), a checkpoint, a generator file or the short name of a shipped
 *              model
 * @throws InputError if the model does not exist, is damaged, or has tensors that do not fit its configuration
 */
export async function openGenerator(model: string): Promise<Generator> {
  return uploadGenerator(await readModel(model));
}
