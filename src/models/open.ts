/** Finds a model by the value of --model: a run's folder, a checkpoint, a generator file or a shipped model's name. */
import { readFile, stat } from "node:fs/promises";
import { fromSystemError } from "../errors.js";
import { loadNewestCheckpoint } from "./checkpoint-store.js";
import { type FoundModel, type Generator, uploadGenerator } from "./generator.js";
import { fromCheckpoint, parseModelBytes } from "./model-bytes.js";
import { locateModel } from "./shipped.js";

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
  return parseModelBytes(await readFile(path).catch(failed), path);
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
