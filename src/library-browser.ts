/** Models for users of the package in a browser, with our own types (library.ts). */
import type { Generator } from "./library.js";
import { uploadGenerator } from "./models/generator.js";
import { parseModelBytes } from "./models/model-bytes.js";

/**
 * Puts a model on the current device. Call openDevice() first.
 * @param bytes the bytes of a generator file or a checkpoint, as fetch() or a file dialog gives them
 * @param name  the file's name, for messages
 * @returns the model's generator, to be disposed before the device is closed
 * @throws InputError if the file is damaged or is not a model of elegant-faces
 */
export async function openGenerator(bytes: Uint8Array, name: string): Promise<Generator> {
  return uploadGenerator(await parseModelBytes(bytes, name));
}
