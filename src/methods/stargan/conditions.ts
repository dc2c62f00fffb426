/** What may go wrong in a training of StarGAN, and the values that reports draw. */
import type { Condition, Curve } from "../method.js";

export const CONDITIONS = {
  "penalty out of hand": {
    begins: ({ penalty }) => penalty > 10,
    lasts: ({ penalty }) => penalty > 2,
    message: ({ penalty }, window) =>
      `the gradient penalty was ${penalty.toFixed(1)} over ${window} steps, where it should be well below 1: the discriminator diverges. Start again with a lower --learning-rate.`,
  },
  "attributes not recognised": {
    // Guessing costs ln 2 for each attribute: 20 is worse than that for up to 28 attributes.
    begins: ({ classificationD }) => classificationD > 20,
    lasts: ({ classificationD }) => classificationD > 10,
    message: ({ classificationD }, window) =>
      `the discriminator's classification loss was ${classificationD.toFixed(1)} over ${window} steps, which is worse than guessing: edits cannot learn what an attribute is. Check the labels, or start again with a lower --learning-rate.`,
  },
} as const satisfies Record<string, Condition>;

export const CURVES: readonly Curve[] = [
  { key: "D", name: "discriminator", group: "Totals" },
  { key: "G", name: "generator", group: "Totals" },
  { key: "classificationD", name: "of photos, by D", group: "Classification of attributes" },
  { key: "classificationG", name: "of edits, by G", group: "Classification of attributes" },
  { key: "reconstruction", name: "reconstruction", group: "Reconstruction" },
  { key: "penalty", name: "penalty", group: "Gradient penalty" },
];
