/** Everything that fixes a training run beside its network and its data; kept in each checkpoint. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { formatChoice } from "../methods/choice-words.js";
import type { ModelConfig } from "../methods/elegant/config.js";
import {
  LOSS_WEIGHTS,
  type LossWeights,
  methodSchema,
  RECONSTRUCTION_WEIGHTS,
  type Reconstruction,
} from "../methods/elegant/presets.js";
import type { AdamSettings } from "../types.js";

/** What must stay the same when a run is resumed. */
export const runSettingsSchema = methodSchema.extend({
  /** Pairs of an update: this many pictures with the attribute and as many without. */
  batch: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  /** Identifies files and labels of the training pictures in their order (pairs.ts). */
  dataset: z.string(),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** What one update needs to know. */
export interface StepSettings {
  readonly reconstruction: Reconstruction;
  readonly weights: LossWeights;
  readonly adam: AdamSettings;
  readonly learningRate: number;
  /** Gamma of the gradient penalty, which every r1Every-th update has; 0 is none. */
  readonly r1: number;
  readonly r1Every: number;
  /** Share of the other attributes' scores in the loss of a discriminator with heads. */
  readonly others: number;
  /** Decay of the generator's moving average, where the state has one. */
  readonly ema: number;
}

const STEPS_PER_DECAY = 3000;
const EPSILON = 1e-8;

/**
 * The rate at a step counted from 0.
 * @param progress how much of the run is done, in [0, 1]
 */
export function learningRateAt(settings: RunSettings, step: number, progress = 0): number {
  const { learningRate, learningRateDecay, annealing } = settings;
  const share = annealing === 0 ? 1 : Math.min(1, Math.max(0, (1 - progress) / annealing));
  return share * learningRate * learningRateDecay ** Math.floor(step / STEPS_PER_DECAY);
}

/** @param progress as for learningRateAt() */
export function stepSettings(settings: RunSettings, step: number, progress = 0): StepSettings {
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
    others,
  } = settings;
  const weights = { ...LOSS_WEIGHTS[lossWeights], reconstruction: RECONSTRUCTION_WEIGHTS[reconstruction] };
  return {
    reconstruction,
    weights: { ...weights, slice, mask: maskWeight, change: changeWeight },
    adam: { beta1, beta2, epsilon: EPSILON, weightDecay },
    learningRate: learningRateAt(settings, step, progress),
    r1,
    r1Every,
    others,
    ema,
  };
}

/**
 * The settings that a checkpoint of ours holds.
 * @param source names the file in the message
 * @throws InputError when an earlier version wrote them, which had other choices
 */
export function parseRunSettings(saved: unknown, source: string): RunSettings {
  const parsed = runSettingsSchema.safeParse(saved);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const remedy = "It can be used for editing; to train on, start a new run.";
  const received = `settings of an earlier version (${path.join(".")}: ${message})`;
  throw new InputError(describeMismatch(`${source}: settings`, "those of this version", received, remedy));
}

/** Refuses to go on with a run under other settings. @throws InputError naming the first that differs */
export function expectSameRun(
  saved: { readonly config: ModelConfig; readonly settings: RunSettings },
  asked: { readonly config: ModelConfig; readonly settings: RunSettings },
): void {
  const values = ({ config, settings }: typeof saved): Record<string, unknown> => {
    const { size, width, attributes, ...network } = config;
    const { batch, seed, dataset, learningRate, ...method } = settings;
    return {
      "--size": size,
      "--width": width,
      "--attributes": attributes.join(" "),
      ...Object.fromEntries(Object.entries({ ...network, ...method }).map(([name, value]) => [`--set ${name}`, value])),
      "--batch": batch,
      "--seed": seed,
      "--learning-rate": learningRate,
      "the data": `pictures and labels with fingerprint ${dataset}`,
    };
  };
  const wanted = values(asked);
  for (const [name, expected] of Object.entries(values(saved))) {
    if (wanted[name] === expected) continue;
    const remedy = "Resume with the run's own settings, or choose another --out.";
    throw new InputError(
      describeMismatch(`--resume: ${name}`, formatChoice(expected), formatChoice(wanted[name]), remedy),
    );
  }
}
