/** The choices of StarGAN's training, and the settings of one update. */
import { z } from "zod";
import { linearDecay } from "../../nn/optimizer.js";
import type { AdamSettings } from "../../types.js";
import type { Moment } from "../method.js";
import { adamFields, averageAndFlip, runFields } from "../parse.js";
import type { LossWeights } from "./losses.js";

export const methodSchema = z.object({
  /** Weight of the classification of attributes. */
  classification: z.number().nonnegative(),
  /** Weight of the reconstruction from a translated image. */
  reconstruction: z.number().nonnegative(),
  /** Weight of the gradient penalty. */
  penalty: z.number().nonnegative(),
  /** Number of updates of the discriminator for each update of the generator. */
  discriminatorUpdates: z.number().int().positive(),
  ...adamFields,
  /**
   * How the learning rate falls over the second half: linearly to 0, as the paper says, or hardly, which is a fault of
   * the published code.
   */
  decay: z.enum(["linear", "published"]),
  ...averageAndFlip,
});
export type StarganChoices = z.infer<typeof methodSchema>;
export const settingsSchema = methodSchema.extend(runFields);

/** The published code's choices. Only the learning rate's decay is the paper's, since the published one is a mistake. */
export const DEFAULTS: StarganChoices = {
  classification: 1,
  reconstruction: 10,
  penalty: 10,
  discriminatorUpdates: 5,
  learningRate: 1e-4,
  beta1: 0.5,
  beta2: 0.999,
  decay: "linear",
  ema: 0,
  flip: true,
};
export const PUBLISHED: StarganChoices = { ...DEFAULTS, decay: "published" };

/** The settings of one update of a network. */
export interface UpdateSettings {
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
  readonly ema: number;
}

const EPSILON = 1e-8;
/** Each 1,000 iterations of the second half, the published code subtracts the rate divided by this. */
const PUBLISHED_DECAY = 100_000;

/** Returns the learning rate at a moment of the run. */
export function learningRateAt({ learningRate, decay }: StarganChoices, { step, progress }: Moment): number {
  if (decay === "linear" || progress <= 0.5) return learningRate * linearDecay(progress);
  const half = step / progress / 2;
  return learningRate * (1 - Math.floor((step - half) / 1000) / PUBLISHED_DECAY);
}

export function updateSettings(choices: StarganChoices, at: Moment): UpdateSettings {
  const { classification, reconstruction, penalty, beta1, beta2, ema } = choices;
  return {
    weights: { classification, reconstruction, penalty },
    adam: { beta1, beta2, epsilon: EPSILON, weightDecay: 0 },
    learningRate: learningRateAt(choices, at),
    ema,
  };
}
