/** The choices of UNIT's training, and the settings of one update. */
import { z } from "zod";
import type { AdamSettings } from "../../types.js";
import { adamFields, averageAndFlip, runFields } from "../parse.js";
import type { LossWeights } from "./losses.js";

export const methodSchema = z.object({
  /** Weight of both discriminators' judgements. */
  adversarial: z.number().nonnegative(),
  /** Weight of the images' reconstructions from their own domain. */
  reconstruction: z.number().nonnegative(),
  /** Weight of the reconstructions after two translations. */
  cycle: z.number().nonnegative(),
  /** Weight of the squares of the images' codes. */
  code: z.number().nonnegative(),
  /** Weight of the squares of the translated images' codes. */
  cycleCode: z.number().nonnegative(),
  ...adamFields,
  /** Factor of all parameters that is added to their gradients. */
  weightDecay: z.number().nonnegative(),
  ...averageAndFlip,
});
export type UnitChoices = z.infer<typeof methodSchema>;
export const settingsSchema = methodSchema.extend(runFields);

/** The published code's choices (version_02, exps/unit/blondhair.yaml). */
export const PUBLISHED: UnitChoices = {
  adversarial: 10,
  reconstruction: 100,
  cycle: 100,
  code: 0.1,
  cycleCode: 0.1,
  learningRate: 1e-4,
  beta1: 0.5,
  beta2: 0.999,
  weightDecay: 1e-4,
  ema: 0,
  flip: true,
};

/** The settings of one update of both networks. */
export interface UpdateSettings {
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
}

const EPSILON = 1e-8;

export function updateSettings(choices: UnitChoices): UpdateSettings {
  const { adversarial, reconstruction, cycle, code, cycleCode, learningRate, beta1, beta2, weightDecay } = choices;
  const weights = { adversarial, reconstruction, cycle, code, cycleCode };
  return { weights, adam: { beta1, beta2, epsilon: EPSILON, weightDecay }, learningRate };
}
