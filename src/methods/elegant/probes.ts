/** Measurements of an update besides its losses: how often the discriminators are right, and how much edits change. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "./config.js";
import type { Scores } from "./losses.js";

/** Counts logits on the right side of 0, by their weights: A's and B's are above it, C's and D's below. */
export function countRight({ A, B, C, D }: Scores): tf.Scalar {
  return tf.tidy(() => {
    const sided = tf.concat([A.logits, B.logits, tf.neg(C.logits), tf.neg(D.logits)], 0);
    const right = tf.cast(tf.greater(sided, 0), "float32");
    const weights = [A, B, C, D].flatMap(({ weights }) => weights ?? []);
    return tf.sum(weights.length === 0 ? right : tf.mul(right, tf.concat(weights, 0)));
  });
}

/**
 * Measures how much edits change: mean |R| of C and D, and mean |R_C - R_A| and |R_D - R_B|. If edits are differences,
 * both are the latter.
 * @param residuals R_A, R_B, R_C, R_D stacked, [4N, S, S, 3]
 * @param probed    number of the first pairs that are measured
 */
export function probeResiduals(residuals: tf.Tensor4D, probed: number, edit: ModelConfig["edit"]) {
  return tf.tidy((): { readonly residual: tf.Scalar; readonly exchange: tf.Scalar } => {
    const [A, B, C, D] = tf.split(residuals, 4, 0).map((part) => tf.slice(part, 0, probed));
    const own = tf.concat([A, B], 0);
    const exchanged = tf.concat([C, D], 0);
    const meanOf = (x: tf.Tensor): tf.Scalar => tf.mean(tf.abs(x));
    const exchange = meanOf(tf.sub(exchanged, own));
    return { residual: edit === "difference" ? tf.clone(exchange) : meanOf(exchanged), exchange };
  });
}
