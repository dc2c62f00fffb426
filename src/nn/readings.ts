/**
 * What a step measures stays on the device, as scalars, until its end, and is then read all together: a GPU can only be
 * read by waiting for it, so each further read would be one more time that it has nothing to do.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../methods/elegant/config.js";
import type { Scores } from "../methods/elegant/losses.js";

/** Scalars of one part of a batch, and what they weigh in the batch's. */
export interface Weighted<Scalars> {
  readonly scalars: Scalars;
  readonly share: number;
}

/** What was measured, each under its name and in parts. */
type Readings = Readonly<Record<string, readonly Weighted<object>[]>>;
type Values<Scalars> = { [Name in keyof Scalars]: number };
export type Means<Groups extends Readings> = {
  [Name in keyof Groups]: Groups[Name] extends readonly Weighted<infer Scalars>[] ? Values<Scalars> : never;
};

const scalarsOf = (groups: Readings): tf.Scalar[] =>
  Object.values(groups).flatMap((parts) => parts.flatMap(({ scalars }) => Object.values(scalars) as tf.Scalar[]));

/** Reads everything with one small transfer and sums the parts, each times its share; disposes of nothing. */
export async function readMeans<Groups extends Readings>(groups: Groups): Promise<Means<Groups>> {
  const packed = tf.tidy(() =>
    tf.concat(
      scalarsOf(groups).map((scalar) => tf.reshape(scalar, [1])),
      0,
    ),
  );
  try {
    const values = (await packed.data()).values();
    const means = Object.entries(groups).map(([group, parts]) => {
      const sums: Record<string, number> = {};
      for (const { scalars, share } of parts) {
        for (const name of Object.keys(scalars)) sums[name] = (sums[name] ?? 0) + share * Number(values.next().value);
      }
      return [group, sums];
    });
    return Object.fromEntries(means) as Means<Groups>;
  } finally {
    packed.dispose();
  }
}

export function disposeReadings(groups: Readings): void {
  tf.dispose(scalarsOf(groups));
}

/** How many logits are on the right side of 0, by their weights: A's and B's above, C's and D's below. */
export function countRight({ A, B, C, D }: Scores): tf.Scalar {
  return tf.tidy(() => {
    const sided = tf.concat([A.logits, B.logits, tf.neg(C.logits), tf.neg(D.logits)], 0);
    const right = tf.cast(tf.greater(sided, 0), "float32");
    const weights = [A, B, C, D].flatMap(({ weights }) => weights ?? []);
    return tf.sum(weights.length === 0 ? right : tf.mul(right, tf.concat(weights, 0)));
  });
}

/**
 * What edits change: mean |R| of C and D, and mean |R_C - R_A| and |R_D - R_B|, which is both where edits are differences.
 * @param residuals R_A, R_B, R_C, R_D stacked, [4N, S, S, 3]
 * @param probed    how many of the first pairs are measured
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
