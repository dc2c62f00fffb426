/**
 * A batch of pairs in parts that are computed one after the other. No layer mixes pictures and every loss is a mean over
 * pictures, so losses and gradients of the whole are those of the parts, each times its share of the pairs, up to rounding.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Gradients } from "./optimizer.js";
import type { PairBatch } from "./step.js";

/** Pairs of a batch that `residual` and `exchange` are measured on. */
const PROBED = 4;

/** Pairs of one attribute as the networks take them. */
export interface Part {
  readonly attribute: number;
  /** A, B stacked, [2n, S, S, 3] */
  readonly pictures: tf.Tensor4D;
  /** Those of A, B, C, D, [4n, attributes] */
  readonly labels: tf.Tensor2D;
  /** Those of C, D, [2n, attributes] */
  readonly fakeLabels: tf.Tensor2D;
  /** Its pairs among those of the batch. */
  readonly share: number;
  /** How many of its first pairs are probed, and their share of all that are. */
  readonly probed: number;
  readonly probedShare: number;
}

/** The labels of C and D: their own with one entry from the other's. */
export function exchangeLabels(y: tf.Tensor2D, other: tf.Tensor2D, attribute: number): tf.Tensor2D {
  return tf.tidy(() => {
    // Not tf.oneHot, which refuses a single attribute.
    const mask = tf.tensor2d([Array.from({ length: y.shape[1] }, (_, i) => (i === attribute ? 1 : 0))]);
    return tf.add(y, tf.mul(mask, tf.sub(other, y)));
  });
}

/** Pairs [from, from + count) of a batch; dispose of it with disposePart. */
export function takePart({ A, B, yA, yB, attribute }: PairBatch, from: number, count: number): Part {
  const pairs = A.shape[0];
  const tensors = tf.tidy(() => {
    const [a, b] = [A, B].map((pictures) => tf.slice(pictures, from, count));
    const [ya, yb] = [yA, yB].map((labels) => tf.slice(labels, from, count));
    const fakeLabels = tf.concat([exchangeLabels(ya, yb, attribute), exchangeLabels(yb, ya, attribute)], 0);
    return { pictures: tf.concat([a, b], 0), labels: tf.concat([ya, yb, fakeLabels], 0), fakeLabels };
  });
  const probed = Math.min(count, Math.max(0, PROBED - from));
  return { attribute, ...tensors, share: count / pairs, probed, probedShare: probed / Math.min(PROBED, pairs) };
}

export function disposePart({ pictures, labels, fakeLabels }: Part): void {
  tf.dispose([pictures, labels, fakeLabels]);
}

/**
 * The sum with one more part's gradients, in the order of calls; disposes of both.
 * @param sum null before the first part
 */
export function addGradients(sum: Gradients | null, gradients: Gradients, share: number): Gradients {
  const next = new Map<string, tf.Tensor>();
  for (const [name, gradient] of gradients) {
    const before = sum?.get(name);
    next.set(
      name,
      tf.tidy(() => {
        const scaled = tf.mul(gradient, share);
        return before === undefined ? scaled : tf.add(before, scaled);
      }),
    );
    gradient.dispose();
    before?.dispose();
  }
  return next;
}
