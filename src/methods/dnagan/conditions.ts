/** What may go wrong in a training of DNA-GAN, and the values that reports draw. */
import type { Condition, Curve } from "../method.js";

export const CONDITIONS = {
  "discriminator sees no difference": {
    begins: ({ addedD, removedD }) => Math.max(Math.abs(addedD), Math.abs(removedD)) < 1e-4,
    lasts: ({ addedD, removedD }) => Math.max(Math.abs(addedD), Math.abs(removedD)) < 1e-3,
    message: ({ addedD, removedD }, window) =>
      `the discriminator's scores of edited and of real pictures differed by ${addedD.toExponential(1)} and ${removedD.toExponential(1)} over ${window} steps: the generator learns nothing from them. Try --set clip=0.05, or another --seed.`,
  },
  "pictures are not kept": {
    begins: ({ reconstructionA, reconstructionB }) => Math.max(reconstructionA, reconstructionB) > 1,
    lasts: ({ reconstructionA, reconstructionB }) => Math.max(reconstructionA, reconstructionB) > 0.5,
    message: ({ reconstructionA, reconstructionB }, window) =>
      `the reconstruction losses were ${reconstructionA.toFixed(2)} and ${reconstructionB.toFixed(2)} over ${window} steps: decoded faces are not those that were encoded. Train longer, or start again with another --seed.`,
  },
} as const satisfies Record<string, Condition>;

export const CURVES: readonly Curve[] = [
  { key: "D", name: "discriminator", group: "Totals" },
  { key: "G", name: "generator", group: "Totals" },
  { key: "reconstructionA", name: "A", group: "Reconstruction, summed over attributes" },
  { key: "reconstructionB", name: "B", group: "Reconstruction, summed over attributes" },
  { key: "addedD", name: "added", group: "Edited above real pictures, by the discriminator's scores" },
  { key: "removedD", name: "removed", group: "Edited above real pictures, by the discriminator's scores" },
];
