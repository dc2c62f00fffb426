/** One step of one network, from a batch that may be computed in parts. */
import * as tf from "@tensorflow/tfjs-core";
import type { AdamSettings } from "../types.js";
import { addGradients, applyGradients, type Gradients, gradientsOf, type OptimizerState } from "./optimizer.js";
import type { Weighted } from "./readings.js";

/** A batch whose losses are means over its items, so that it can be computed in parts. */
export interface Divisible<Part> {
  /** Number of items. */
  readonly count: number;
  /** Makes the tensors of items [from, from + count). They are constants for the loss, and learn() disposes them. */
  take(from: number, count: number): Part;
}

/** Divides a batch whose tensors all count its items along their first axis. */
export function divideTensors<Batch extends { readonly [Name in keyof Batch]: tf.Tensor }>(
  batch: Batch,
): Divisible<Batch> {
  const tensors = Object.entries(batch) as [string, tf.Tensor][];
  return {
    count: tensors[0][1].shape[0],
    take: (from, count) =>
      Object.fromEntries(tensors.map(([name, tensor]) => [name, tf.slice(tensor, from, count)])) as Batch,
  };
}

export interface LearnOptions {
  /** Items computed at the same time. All losses are means over items, so the result is the same up to rounding. */
  readonly part?: number;
  /** Reads the gradients before they are disposed. */
  readonly onGradients?: (gradients: Gradients) => void;
}

/**
 * Differentiates a loss in parts and updates the optimizer's parameters in place.
 * @param lossOf returns the scalar to differentiate, and the values to keep
 * @returns the values of each part, which the caller disposes
 */
export function learn<Part extends object, Losses extends object>(
  optimizer: OptimizerState,
  { count, take }: Divisible<Part>,
  settings: { readonly learningRate: number; readonly adam: AdamSettings },
  { part = Number.POSITIVE_INFINITY, onGradients }: LearnOptions,
  lossOf: (part: Part) => { readonly total: tf.Scalar; readonly losses: Losses },
): Weighted<Losses>[] {
  const size = Math.min(part, count);
  const readings: Weighted<Losses>[] = [];
  let sum: Gradients | null = null;
  for (let from = 0; from < count; from += size) {
    const items = Math.min(size, count - from);
    const share = items / count;
    const taken = take(from, items);
    const { value, gradients } = gradientsOf(optimizer, () => {
      const { total, losses } = lossOf(taken);
      for (const loss of Object.values(losses) as tf.Scalar[]) tf.keep(loss);
      readings.push({ scalars: losses, share });
      return tf.clone(total);
    });
    tf.dispose([value, ...Object.values(taken)]);
    sum = addGradients(sum, gradients, share);
  }
  if (sum === null) throw new Error("learn: the batch is empty");
  onGradients?.(sum);
  applyGradients(optimizer, sum, settings);
  tf.dispose([...sum.values()]);
  return readings;
}
