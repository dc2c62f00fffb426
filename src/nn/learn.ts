/** One update of the parameters of one optimizer. Large batches are computed in parts. */
import * as tf from "@tensorflow/tfjs-core";
import type { AdamSettings } from "../types.js";
import { addGradients, applyGradients, type Gradients, gradientsOf, type OptimizerState } from "./optimizer.js";
import type { Weighted } from "./readings.js";

/** A batch: tensors whose first axis counts its items. */
type Tensors<Batch> = { readonly [Name in keyof Batch]: tf.Tensor };

export interface LearnOptions {
  /** Items computed at the same time. All losses are means over items, so the result is the same up to rounding. */
  readonly part?: number;
  /** Reads the gradients before they are disposed. */
  readonly onGradients?: (gradients: Gradients) => void;
}

/** Copies items [from, from + count) of a batch. */
function takePart<Batch extends Tensors<Batch>>(batch: Batch, from: number, count: number): Batch {
  const tensors = Object.entries(batch) as [string, tf.Tensor][];
  return Object.fromEntries(tensors.map(([name, tensor]) => [name, tf.slice(tensor, from, count)])) as Batch;
}

/**
 * Differentiates a loss in parts, and updates the parameters in place.
 * @param lossOf computes the loss of a part, which is a mean over the part's items. `losses` has it and its parts, and
 *   they stay on the device.
 * @returns the losses of each part. The caller disposes them.
 */
export function learn<Batch extends Tensors<Batch>, Losses extends object>(
  optimizer: OptimizerState,
  batch: Batch,
  settings: { readonly learningRate: number; readonly adam: AdamSettings },
  { part = Infinity, onGradients }: LearnOptions,
  lossOf: (part: Batch) => { readonly total: tf.Scalar; readonly losses: Losses },
): Weighted<Losses>[] {
  const [items] = Object.values(batch) as tf.Tensor[];
  const count = items.shape[0];
  const size = Math.min(part, count);
  const readings: Weighted<Losses>[] = [];
  let sum: Gradients | null = null;
  for (let from = 0; from < count; from += size) {
    const taken = takePart(batch, from, Math.min(size, count - from));
    const share = Math.min(size, count - from) / count;
    const { value, gradients } = gradientsOf(optimizer, () => {
      const { total, losses } = lossOf(taken);
      for (const loss of Object.values(losses) as tf.Scalar[]) tf.keep(loss);
      readings.push({ scalars: losses, share });
      return tf.clone(total);
    });
    tf.dispose([value, ...(Object.values(taken) as tf.Tensor[])]);
    sum = addGradients(sum, gradients, share);
  }
  if (sum === null) throw new Error("learn: the batch has no items");
  onGradients?.(sum);
  applyGradients(optimizer, sum, settings);
  tf.dispose([...sum.values()]);
  return readings;
}
