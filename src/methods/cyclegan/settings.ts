/** The choices of CycleGAN's training, and the settings of one update. */
import { z } from "zod";
import { linearDecay } from "../../nn/optimizer.js";
import type { AdamSettings } from "../../types.js";
import type { Moment } from "../method.js";
import { adamFields, averageAndFlip, runFields } from "../parse.js";
import type { LossWeights } from "./losses.js";

export const methodSchema = z.object({
  /** Weight of the reconstructions after two translations. */
  cycle: z.number().nonnegative(),
  /** Weight of what a generator changes in images of the domain to which it translates. */
  identity: z.number().nonnegative(),
  ...adamFields,
  ...averageAndFlip,
});
export type CycleganChoices = z.infer<typeof methodSchema>;
export const settingsSchema = methodSchema.extend(runFields);

/** The published code's choices. */
export const DEFAULTS: CycleganChoices = {
  cycle: 10,
  identity: 5,
  learningRate: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  ema: 0,
  flip: true,
};

/** The settings of one update. */
export interface UpdateSettings {
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
  readonly ema: number;
}

const EPSILON = 1e-8;

/**
 * Returns the learning rate at a moment of the run: constant in the first half, then falling linearly to 0.
 *
 * The published code lowers it once per epoch, and by a mistake of one its last epoch has a rate of 0. Here every
 * update has a rate of its own, and that of the last one is above 0.
 */
export function learningRateAt({ learningRate }: CycleganChoices, { progress }: Moment): number {
  return learningRate * linearDecay(progress);
}

export function updateSettings(choices: CycleganChoices, at: Moment): UpdateSettings {
  const { cycle, identity, beta1, beta2, ema } = choices;
  return {
    weights: { cycle, identity },
    adam: { beta1, beta2, epsilon: EPSILON, weightDecay: 0 },
    learningRate: learningRateAt(choices, at),
    ema,
  };
}
