/** Weights that will not change: a device may keep what it makes of them. */
import * as tf from "@tensorflow/tfjs-core";
import { SharedMemoryBackend } from "../wasm/backend.js";

/**
 * Declares that these tensors keep their values for as long as they live, as a model's do that only edits. The `wasm` device then
 * packs each filter once instead of with each convolution: as much memory again as the filters take. Elsewhere nothing happens.
 */
export function freezeWeights(tensors: Iterable<tf.Tensor>): void {
  const backend = tf.backend();
  if (backend instanceof SharedMemoryBackend) for (const tensor of tensors) backend.freeze(tensor);
}
