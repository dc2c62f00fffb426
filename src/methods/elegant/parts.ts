/**
 * A batch of pairs in parts that are computed one after the other. No layer mixes images, and every loss is a mean over
 * images. Up to rounding, losses and gradients of the whole are the sums over the parts, each times its share of the
 * pairs.
 */
import * as tf from "@tensorflow/tfjs-core";
import { attributeRow, knownLabels } from "../../nn/labels.js";
import type { PairBatch, PairGroup } from "../method.js";
import type { ModelConfig } from "./config.js";

/** Number of pairs of a batch on which `residual` and `exchange` are measured. */
const PROBED = 4;

/** Pairs in the form that the networks need. */
export interface Part {
  readonly groups: readonly PairGroup[];
  /** A and B stacked, [2n, S, S, 3]. */
  readonly pictures: tf.Tensor4D;
  /** Labels of A, B, C and D, [4n, attributes]. */
  readonly labels: tf.Tensor2D;
  /** Weight of each of their scores (scoreWeights), [4n, 2 attributes]; null for discriminators with one score. */
  readonly weights: tf.Tensor2D | null;
  /** Labels and weights of C and D alone, [2n, ...]. */
  readonly fakeLabels: tf.Tensor2D;
  readonly fakeWeights: tf.Tensor2D | null;
  /** Share of the batch's pairs that this part has. */
  readonly share: number;
  /** Number of its first pairs that are probed, and their share of all probed pairs. */
  readonly probed: number;
  readonly probedShare: number;
}

/** Returns the pairs [from, from + count) of the groups. */
function takeGroups(groups: readonly PairGroup[], from: number, count: number): readonly PairGroup[] {
  let begin = 0;
  return groups.flatMap(({ attribute, pairs }) => {
    const first = Math.max(from, begin);
    begin += pairs;
    const taken = Math.min(from + count, begin) - first;
    return taken > 0 ? [{ attribute, pairs: taken }] : [];
  });
}

/** Makes rows with 1 at each pair's attribute: [pairs, attributes]. */
function ownAttributes(groups: readonly PairGroup[], attributes: number): tf.Tensor2D {
  return tf.tensor2d(
    groups.flatMap(({ attribute, pairs }) => Array<number[]>(pairs).fill(attributeRow(attribute, attributes))),
  );
}

/**
 * Makes the labels of C or D: `y` with one entry from `other`.
 * @param own 1 at the pair's attribute, [N, attributes]
 */
function exchangeLabels(y: tf.Tensor2D, other: tf.Tensor2D, own: tf.Tensor2D): tf.Tensor2D {
  return tf.add(y, tf.mul(own, tf.sub(other, y)));
}

/**
 * Computes the weight of each score of a discriminator with heads. Only the scores for an image's own labels count: the
 * pair's attribute has the weight 1 - others, and the other attributes share `others`. An edit that spoils another
 * attribute is therefore noticed, too.
 * @param y      labels, [N, attributes] of 0 and 1; 0.5 is an open label, whose two scores do not count
 * @param own    1 at the pair's attribute, same shape as y
 * @param others share of the other attributes, in [0, 1)
 * @returns weights [N, 2 attributes]; each row sums to 1, or to less if some of its labels are open
 */
export function scoreWeights(y: tf.Tensor2D, own: tf.Tensor2D, others: number): tf.Tensor2D {
  const [n, attributes] = y.shape;
  const [ofOwn, ofOther] = attributes === 1 ? [1, 0] : [1 - others, others / (attributes - 1)];
  const each = tf.mul(tf.add(tf.mul(own, ofOwn - ofOther), ofOther), knownLabels(y));
  const withIt = tf.mul(each, y);
  return tf.reshape(tf.stack([tf.sub(each, withIt), withIt], 2), [n, 2 * attributes]);
}

/** Copies pairs [from, from + count) of a batch; free it with disposePart(). @param others as for scoreWeights() */
export function takePart(
  { condition }: ModelConfig,
  { A, B, yA, yB, groups: all }: PairBatch,
  from: number,
  count: number,
  others: number,
): Part {
  const pairs = A.shape[0];
  const groups = takeGroups(all, from, count);
  const tensors = tf.tidy(() => {
    const [a, b] = [A, B].map((pictures) => tf.slice(pictures, from, count));
    const [ya, yb] = [yA, yB].map((labels) => tf.slice(labels, from, count));
    const own = ownAttributes(groups, yA.shape[1]);
    const fakes = [exchangeLabels(ya, yb, own), exchangeLabels(yb, ya, own)];
    const labels = tf.concat([ya, yb, ...fakes], 0);
    const fakeLabels = tf.concat(fakes, 0);
    const pictures = tf.concat([a, b], 0) as tf.Tensor4D;
    if (condition === "planes") return { pictures, labels, fakeLabels };
    const [weights, fakeWeights] = [[ya, yb, ...fakes], fakes].map((several) =>
      tf.concat(
        several.map((y) => scoreWeights(y, own, others)),
        0,
      ),
    );
    return { pictures, labels, fakeLabels, weights, fakeWeights };
  });
  const { weights = null, fakeWeights = null } = tensors;
  const probed = Math.min(count, Math.max(0, PROBED - from));
  return {
    groups,
    ...tensors,
    weights,
    fakeWeights,
    share: count / pairs,
    probed,
    probedShare: probed / Math.min(PROBED, pairs),
  };
}

export function disposePart({ pictures, labels, weights, fakeLabels, fakeWeights }: Part): void {
  tf.dispose([pictures, labels, weights, fakeLabels, fakeWeights].filter((tensor) => tensor !== null));
}
