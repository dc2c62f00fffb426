/**
 * The measurements of a step stay on the device, as scalars, until its end. Then all are read together. Reading a GPU
 * means waiting for it, so each further read would leave it idle once more.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Scalars of one part of a batch, and their weight in the batch's mean. */
export interface Weighted<Scalars> {
  readonly scalars: Scalars;
  readonly share: number;
}

/** The measurements, each under its name and in parts. */
type Readings = Readonly<Record<string, readonly Weighted<object>[]>>;
type Values<Scalars> = { [Name in keyof Scalars]: number };
export type Means<Groups extends Readings> = {
  [Name in keyof Groups]: Groups[Name] extends readonly Weighted<infer Scalars>[] ? Values<Scalars> : never;
};

const scalarsOf = (groups: Readings): tf.Scalar[] =>
  Object.values(groups).flatMap((parts) => parts.flatMap(({ scalars }) => Object.values(scalars) as tf.Scalar[]));

/** Reads all with one small transfer and sums the parts, each times its share. It disposes nothing. */
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
