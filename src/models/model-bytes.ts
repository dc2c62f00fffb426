/** Reads a model from the bytes of a file: a checkpoint or a generator file. */
import { describeMismatch, InputError } from "../errors.js";
import { decodeSafetensors } from "../interop/safetensors.js";
import { CHECKPOINT_FORMAT, type Checkpoint, editingTensors, parseCheckpoint } from "./checkpoint.js";
import type { FoundModel } from "./generator.js";
import { parseGenerator } from "./generator-file.js";

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

/** Refuses a model file of another tool by its name. @throws InputError for such a file */
function refuseForeign(name: string): void {
  const found = FOREIGN.find(([ending]) => ending.test(name));
  if (found === undefined) return;
  const expected = "a run's folder, a checkpoint or a generator file (.safetensors)";
  throw new InputError(describeMismatch(name, expected, found[1], found[2]));
}

/**
 * Reads a checkpoint or a generator file without a device.
 * @param bytes tensors may be views of them, so do not change them
 * @param name  the file's name, for messages
 * @throws InputError if the file is damaged or is of another tool
 */
export async function parseModelBytes(bytes: Uint8Array, name: string): Promise<FoundModel> {
  refuseForeign(name);
  const file = decodeSafetensors(bytes, name);
  // parseGenerator refuses any file that is not a checkpoint, and says what was expected.
  if (file.metadata.format === CHECKPOINT_FORMAT) return fromCheckpoint(await parseCheckpoint(file, name), []);
  return { ...parseGenerator(file, name), step: 0, source: name, warnings: [] };
}

/** The editing weights of a checkpoint. */
export function fromCheckpoint(checkpoint: Checkpoint, warnings: readonly string[]): FoundModel {
  const { model, source, progress } = checkpoint;
  const { tensors, averaged } = editingTensors(checkpoint);
  const note = `${source}: this command uses the moving average of the generator (--ema).`;
  return { model, tensors, source, step: progress.step, warnings: averaged ? [...warnings, note] : warnings };
}
