/** Everything that fixes a training run, with the published values as defaults; kept in each checkpoint. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import type { ModelConfig } from "../model/config.js";
import { LOSS_WEIGHTS } from "./losses.js";
import type { StepSettings } from "./step.js";

export const PRESETS = ["official", "paper"] as const;
export type Preset = (typeof PRESETS)[number];

/** What must stay the same when a run is resumed. */
export const runSettingsSchema = z.object({
  preset: z.enum(PRESETS),
  /** Pairs of an update: this many pictures with the attribute and as many without. */
  batch: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  learningRate: z.number().positive(),
  /** Identifies files and labels of the training pictures in their order (pairs.ts). */
  dataset: z.string(),
});
export type RunSettings = z.infer<typeof runSettingsSchema>;

/** Published values: Adam as in the code; the decay of the learning rate and of weights is the code's alone. */
export const LEARNING_RATE = 2e-4;
const LEARNING_RATE_DECAY = 0.97;
const STEPS_PER_DECAY = 3000;
const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 } as const;
const WEIGHT_DECAY = 1e-5;

/** The rate at a step counted from 0. */
export function learningRateAt(settings: RunSettings, step: number): number {
  if (settings.preset === "paper") return settings.learningRate;
  return settings.learningRate * LEARNING_RATE_DECAY ** Math.floor(step / STEPS_PER_DECAY);
}

export function stepSettings(settings: RunSettings, step: number): StepSettings {
  return {
    weights: LOSS_WEIGHTS[settings.preset],
    adam: { ...ADAM, weightDecay: settings.preset === "official" ? WEIGHT_DECAY : 0 },
    learningRate: learningRateAt(settings, step),
  };
}

/** Refuses to go on with a run under other settings. @throws InputError naming the first that differs */
export function expectSameRun(
  saved: { readonly config: ModelConfig; readonly settings: RunSettings },
  asked: { readonly config: ModelConfig; readonly settings: RunSettings },
): void {
  const values = ({ config, settings }: typeof saved): Record<string, string> => ({
    "--size": String(config.size),
    "--width": String(config.width),
    "--attributes": config.attributes.join(" "),
    "--preset": settings.preset,
    "--batch": String(settings.batch),
    "--seed": String(settings.seed),
    "--learning-rate": String(settings.learningRate),
    "the data": `pictures and labels with fingerprint ${settings.dataset}`,
  });
  const wanted = values(asked);
  for (const [name, expected] of Object.entries(values(saved))) {
    if (wanted[name] === expected) continue;
    const remedy = "Resume with the run's own settings, or choose another --out.";
    throw new InputError(describeMismatch(`--resume: ${name}`, expected, wanted[name], remedy));
  }
}
