/** Weights that will not change: a device may keep a prepared form of them. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { currentDevice } from "../current.js";

/**
 * Declares that these tensors keep their values until they are disposed, as the weights of a model that only edits do. The
 * `wasm` device then packs each filter once instead of for every convolution; this takes as much memory again as the filters.
 * The other devices ignore it.
 */
export function freezeWeights(tensors: Iterable<Tensor>): void {
  currentDevice()?.freeze(tensors);
}
