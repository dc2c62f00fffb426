/**
 * Conditions that mean that a training of ELEGANT is going wrong. The bounds come from runs on painted faces and on
 * CelebA-HQ (docs/training.md). A slice starts to matter after some hundred steps. Until then the discriminators may be
 * right nearly always.
 */
import type { Condition } from "../method.js";

/** Loss of a discriminator that only guesses: 4 ln 2. */
const GUESSING = 4 * Math.LN2;
/** Size of one of 255 grey levels in the range [-1, 1]. */
const GREY_LEVEL = 2 / 255;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const levels = (value: number): string => `${(value / GREY_LEVEL).toFixed(2)} of 255 grey levels`;

export const CONDITIONS = {
  "discriminators always right": {
    begins: ({ accuracy1, accuracy2 }) => Math.min(accuracy1, accuracy2) > 0.98,
    lasts: ({ accuracy1, accuracy2 }) => Math.min(accuracy1, accuracy2) > 0.95,
    message: ({ accuracy1, accuracy2 }, window) =>
      `the discriminators judged ${percent(accuracy1)} and ${percent(accuracy2)} of the pictures correctly over ${window} steps; the generator learns little from opponents that it never deceives. Try --r1 10 or --flip, or more pictures.`,
  },
  "discriminators dead": {
    begins: ({ accuracy1, accuracy2, D1, D2 }) =>
      Math.min(D1, D2) > 0.995 * GUESSING &&
      Math.max(D1, D2) < 1.05 * GUESSING &&
      Math.max(accuracy1, accuracy2) < 0.53,
    lasts: ({ D1, D2 }) => Math.min(D1, D2) > 0.98 * GUESSING && Math.max(D1, D2) < 1.05 * GUESSING,
    message: ({ D1, D2 }, window) =>
      `the discriminators guess: their losses were ${D1.toFixed(3)} and ${D2.toFixed(3)} over ${window} steps, where ${GUESSING.toFixed(3)} is guessing; the generator learns nothing from them. Check the attribute's labels, or try another --seed or a lower --learning-rate.`,
  },
  "generator does nothing": {
    begins: ({ residual }) => residual < 0.5 * GREY_LEVEL,
    lasts: ({ residual }) => residual < GREY_LEVEL,
    message: ({ residual }, window) =>
      `edits changed ${levels(residual)} over ${window} steps: the generator has collapsed to returning its input. Start again with another --seed, or with --set lossWeights=equal.`,
  },
  "slice does not matter": {
    begins: ({ residual, exchange }) => exchange < 0.05 * residual || exchange < 0.25 * GREY_LEVEL,
    lasts: ({ residual, exchange }) => exchange < 0.1 * residual || exchange < 0.5 * GREY_LEVEL,
    message: ({ residual, exchange }, window) =>
      `exchanging this attribute's slice of the latent changed ${levels(exchange)} over ${window} steps, ${percent(residual > 0 ? exchange / residual : 0)} of the residual: the slice does not matter, and swaps would do nothing. Train longer, or check the attribute's labels.`,
  },
} as const satisfies Record<string, Condition>;
