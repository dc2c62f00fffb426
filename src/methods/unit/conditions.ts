/** What may go wrong in a training of UNIT, and the values that reports draw. */
import { PICTURES_ARE_NOT_KEPT } from "../directions.js";
import type { Condition, Curve } from "../method.js";

export const CONDITIONS = {
  "discriminators always right": {
    // Guessing costs ln 2 for each of the two terms.
    begins: ({ real, fake }) => real + fake < 0.02,
    lasts: ({ real, fake }) => real + fake < 0.1,
    message: ({ real, fake }, window) =>
      `the discriminators' losses were ${real.toFixed(3)} and ${fake.toFixed(3)} over ${window} steps: the generator never deceives them and learns little. Train on more pictures, or start again with a lower --learning-rate.`,
  },
  "pictures are not kept": PICTURES_ARE_NOT_KEPT,
} as const satisfies Record<string, Condition>;

export const CURVES: readonly Curve[] = [
  { key: "D", name: "discriminators", group: "Totals" },
  { key: "G", name: "generator", group: "Totals" },
  { key: "reconstructionA", name: "A", group: "Reconstruction" },
  { key: "reconstructionB", name: "B", group: "Reconstruction" },
  { key: "cycleA", name: "A", group: "There and back" },
  { key: "cycleB", name: "B", group: "There and back" },
  { key: "code", name: "code", group: "Mean square of the codes" },
];
