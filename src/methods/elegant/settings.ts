/** The settings of a run of ELEGANT, and the values that one update derives from them. */
import type { z } from "zod";
import type { AdamSettings } from "../../types.js";
import { parseRunSettings, runFields } from "../parse.js";
import {
  LOSS_WEIGHTS,
  type LossWeights,
  methodSchema,
  RECONSTRUCTION_WEIGHTS,
  type Reconstruction,
} from "./presets.js";

/** The settings that must stay the same when a run is resumed. */
const settingsSchema = methodSchema.extend(runFields);
export type ElegantSettings = z.infer<typeof settingsSchema>;

/** The settings of one update. */
export interface StepSettings {
  readonly reconstruction: Reconstruction;
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
  /** Gamma of the gradient penalty, which every r1Every-th update has; 0 without a penalty. */
  readonly r1: number;
  readonly r1Every: number;
  /** Share of the other attributes' scores in the loss of a discriminator with heads. */
  readonly others: number;
  /** Decay of the generator's moving average, if the state has one. */
  readonly ema: number;
  /** Number of updates of the discriminators before the generator learns, too. */
  readonly wait: number;
}

const STEPS_PER_DECAY = 3000;
const EPSILON = 1e-8;

/**
 * Returns the learning rate at a step, counted from 0.
 * @param progress share of the run that is done, in [0, 1]
 */
export function learningRateAt(settings: ElegantSettings, step: number, progress = 0): number {
  const { learningRate, learningRateDecay, annealing } = settings;
  const share = annealing === 0 ? 1 : Math.min(1, Math.max(0, (1 - progress) / annealing));
  return share * learningRate * learningRateDecay ** Math.floor(step / STEPS_PER_DECAY);
}

/** Returns the settings of the update at a step. @param progress as for learningRateAt() */
export function stepSettings(settings: ElegantSettings, step: number, progress = 0): StepSettings {
  const {
    reconstruction,
    lossWeights,
    weightDecay,
    beta1,
    beta2,
    r1,
    r1Every,
    ema,
    slice,
    maskWeight,
    changeWeight,
    cycle,
    wait,
    others,
  } = settings;
  const weights = { ...LOSS_WEIGHTS[lossWeights], reconstruction: RECONSTRUCTION_WEIGHTS[reconstruction] };
  return {
    reconstruction,
    weights: { ...weights, slice, mask: maskWeight, change: changeWeight, cycle },
    adam: { beta1, beta2, epsilon: EPSILON, weightDecay },
    learningRate: learningRateAt(settings, step, progress),
    r1,
    r1Every,
    others,
    ema,
    wait,
  };
}

/**
 * Returns the settings in a checkpoint. Choices that its version did not have get their defaults.
 * @param source the file's name for the message
 * @throws InputError if an earlier version wrote settings that this one does not know
 */
export function parseSettings(saved: unknown, source: string): ElegantSettings {
  return parseRunSettings(settingsSchema, saved, source);
}
