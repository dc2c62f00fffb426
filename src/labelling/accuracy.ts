/** How often a labeller is right on held-out images, for each attribute and for several bounds of the confidence. */
import { OPEN } from "../dataset/lists.js";

export interface AttributeAccuracy {
  /** Share of right labels, 0 to 1; null if no held-out label is known. */
  readonly accuracy: number | null;
  /** Mean of the shares on both sides; null if one has no image. */
  readonly balanced: number | null;
  /** Share of right labels of a guess that is always the training images' more frequent side. */
  readonly majority: number | null;
}

export interface ConfidenceAccuracy {
  readonly confidence: number;
  /** Share of labels that are open with this bound, over all attributes. */
  readonly open: number;
  /** Share of right labels among the others; null if all are open. */
  readonly accuracy: number | null;
}

/** Bounds for which the accuracy is stated. */
export const CONFIDENCES = [0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95] as const;

/** How sure a probability is of the more probable side: 0.5 to 1. */
export const confidenceOf = (probability: number): number => Math.max(probability, 1 - probability);

/** The label of a probability: 1, 0, or OPEN if it is less sure than `confidence`. */
export function labelFor(probability: number, confidence: number): number {
  if (confidenceOf(probability) < confidence) return OPEN;
  return probability >= 0.5 ? 1 : 0;
}

const share = (part: number, all: number): number | null => (all === 0 ? null : part / all);

/**
 * @param probabilities [n, attributes]
 * @param labels        0, 1 or OPEN: [n, attributes]
 * @param usual         the more frequent label of the training images, for each attribute
 */
export function accuracyOf(
  probabilities: Float64Array,
  labels: Int8Array,
  usual: readonly number[],
): readonly AttributeAccuracy[] {
  const attributes = usual.length;
  return usual.map((guess, a) => {
    const right = [0, 0];
    const all = [0, 0];
    for (let at = a; at < labels.length; at += attributes) {
      if (labels[at] === OPEN) continue;
      all[labels[at]]++;
      if (labelFor(probabilities[at], 0.5) === labels[at]) right[labels[at]]++;
    }
    const known = all[0] + all[1];
    const isOneSided = all[0] === 0 || all[1] === 0;
    return {
      accuracy: share(right[0] + right[1], known),
      balanced: isOneSided ? null : (right[0] / all[0] + right[1] / all[1]) / 2,
      majority: share(all[guess], known),
    };
  });
}

/** The accuracy over all attributes for each of CONFIDENCES. Parameters as for accuracyOf(). */
export function accuracyByConfidence(probabilities: Float64Array, labels: Int8Array): readonly ConfidenceAccuracy[] {
  return CONFIDENCES.map((confidence) => {
    let [known, decided, right] = [0, 0, 0];
    for (const [at, label] of labels.entries()) {
      if (label === OPEN) continue;
      known++;
      const own = labelFor(probabilities[at], confidence);
      if (own === OPEN) continue;
      decided++;
      if (own === label) right++;
    }
    return { confidence, open: known === 0 ? 0 : 1 - decided / known, accuracy: share(right, decided) };
  });
}

/** Mean of the attributes' values; null if none has one. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const some = values.filter((value) => value !== null);
  return share(
    some.reduce((sum, value) => sum + value, 0),
    some.length,
  );
}
