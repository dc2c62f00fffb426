/** Losses that several methods have, as pure functions. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "../device/ops/tape.js";

/**
 * Computes |x| with the slope 0 at 0, as PyTorch does. TensorFlow.js has the slope -1 there, and differences are
 * exactly 0 wherever an edit changes nothing.
 */
export function absolute(x: tf.Tensor): tf.Tensor {
  const sign = suspendTape(() => tf.sub(tf.step(x, 0), tf.step(tf.neg(x), 0)));
  return tf.mul(x, sign);
}

/** Returns the mean absolute difference. */
export function meanAbsoluteError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.mean(absolute(tf.sub(a, b)));
}

/**
 * Returns the binary cross entropy of logits, summed over attributes and averaged over the batch. It is computed from
 * logits, so that the gradient does not vanish where a sigmoid saturates.
 * @param logits [N, attributes]
 * @param labels [N, attributes] of 0 and 1
 */
export function attributeCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar {
  const entropies = tf.sub(tf.softplus(logits), tf.mul(logits, labels));
  return tf.div(tf.sum(entropies), logits.shape[0]);
}
