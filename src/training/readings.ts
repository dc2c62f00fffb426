/**
 * What a step measures stays on the device, as scalars, until its end, and is then read all together: a GPU can only be
 * read by waiting for it, so each further read would be one more time that it has nothing to do.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Scores } from "./losses.js";

/** Reads scalars with one small transfer; disposes of nothing. */
export async function readScalars<Scalars extends Readonly<Record<string, tf.Tensor>>>(
  scalars: Scalars,
): Promise<{ [Name in keyof Scalars]: number }> {
  const packed = tf.tidy(() =>
    tf.concat(
      Object.values(scalars).map((scalar) => tf.reshape(scalar, [1])),
      0,
    ),
  );
  try {
    const values = await packed.data();
    const named = Object.keys(scalars).map((name, i) => [name, values[i]]);
    return Object.fromEntries(named) as { [Name in keyof Scalars]: number };
  } finally {
    packed.dispose();
  }
}

/** How many logits are on the right side of 0: A's and B's above, C's and D's below. */
export function countRight({ A, B, C, D }: Scores): tf.Scalar {
  return tf.tidy(() => {
    const sided = tf.concat([A, B, tf.neg(C), tf.neg(D)], 0);
    return tf.sum(tf.cast(tf.greater(sided, 0), "float32"));
  });
}

/** Pairs of a batch that `residual` and `exchange` are measured on. */
const PROBED = 4;

/**
 * Mean |R| of C and D, and mean |R_C - R_A| and |R_D - R_B|.
 * @param residuals R_A, R_B, R_C, R_D stacked, [4N, S, S, 3]
 */
export function probeResiduals(residuals: tf.Tensor4D): { readonly residual: tf.Scalar; readonly exchange: tf.Scalar } {
  const n = residuals.shape[0] / 4;
  return tf.tidy(() => {
    const [A, B, C, D] = tf.split(residuals, 4, 0).map((part) => tf.slice(part, 0, Math.min(PROBED, n)));
    const own = tf.concat([A, B], 0);
    const exchanged = tf.concat([C, D], 0);
    const meanOf = (x: tf.Tensor): tf.Scalar => tf.mean(tf.abs(x));
    return { residual: meanOf(exchanged), exchange: meanOf(tf.sub(exchanged, own)) };
  });
}
