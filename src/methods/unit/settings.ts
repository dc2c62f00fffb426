/** The choices of UNIT's training, and the settings of one update. */
import type { AdamSettings } from "../../types.js";
import type { LossWeights } from "./losses.js";

export interface UnitChoices extends LossWeights {
  /** Constant over the whole run. */
  readonly learningRate: number;
  /** Decay rates of Adam's moments. */
  readonly beta1: number;
  readonly beta2: number;
  /** Factor of all parameters that is added to their gradients. */
  readonly weightDecay: number;
}

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
};

/** The settings of one update of both networks. */
export interface UpdateSettings {
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
}

const EPSILON = 1e-8;

export function updateSettings(choices: UnitChoices): UpdateSettings {
  const { learningRate, beta1, beta2, weightDecay, ...weights } = choices;
  return { weights, adam: { beta1, beta2, epsilon: EPSILON, weightDecay }, learningRate };
}
