/** What may go wrong in a training of CycleGAN, and the values that reports draw. */
import { PICTURES_ARE_NOT_KEPT } from "../directions.js";
import type { Condition, Curve } from "../method.js";

export const CONDITIONS = {
  "discriminators always right": {
    // Guessing costs 0.25 for each discriminator.
    begins: ({ D }) => D < 0.01,
    lasts: ({ D }) => D < 0.05,
    message: ({ D }, window) =>
      `the discriminators' loss was ${D.toFixed(4)} over ${window} steps, where 0.5 is guessing: the generators never deceive them and learn little. Train on more pictures, or start again with a lower --learning-rate.`,
  },
  "pictures are not kept": PICTURES_ARE_NOT_KEPT,
} as const satisfies Record<string, Condition>;

export const CURVES: readonly Curve[] = [
  { key: "D", name: "discriminators", group: "Totals" },
  { key: "G", name: "generators", group: "Totals" },
  { key: "cycleA", name: "A", group: "There and back" },
  { key: "cycleB", name: "B", group: "There and back" },
  { key: "identityA", name: "B by G_A", group: "Pictures that are in the domain already" },
  { key: "identityB", name: "A by G_B", group: "Pictures that are in the domain already" },
];
