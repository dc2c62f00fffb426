/** Batches of tensors. */
import * as tf from "@tensorflow/tfjs-core";

/** Returns the batch itself if it has `n` items, or its single item `n` times. Any other batch is the caller's bug. */
export function repeatTo(batch: tf.Tensor4D, n: number): tf.Tensor4D {
  const [items] = batch.shape;
  if (items === n) return batch;
  if (items === 1) return tf.tile(batch, [n, 1, 1, 1]);
  throw new Error(`batch: expected 1 or ${n} items, received ${items}`);
}
