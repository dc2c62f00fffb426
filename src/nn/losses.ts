/** Losses that several methods have, as pure functions. */
import * as tf from "@tensorflow/tfjs-core";
import { knownLabels } from "./labels.js";

/**
 * Returns the binary cross entropy of logits, summed over attributes and averaged over the batch. It is computed from
 * logits, so that the gradient does not vanish where a sigmoid saturates.
 * @param logits [N, attributes]
 * @param labels [N, attributes] of 0 and 1; 0.5 is an open label, which has no weight
 */
export function attributeCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor2D): tf.Scalar {
  const entropies = tf.sub(tf.softplus(logits), tf.mul(logits, labels));
  return tf.div(tf.sum(tf.mul(entropies, knownLabels(labels))), logits.shape[0]);
}
