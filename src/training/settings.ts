/** Everything that fixes a training run beside its network and its data; kept in each checkpoint. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import type { ModelConfig } from "../model/config.js";
import type { AdamSettings } from "../types.js";
import { LOSS_WEIGHTS, type LossWeights, methodSchema, type Reconstruction } from "./method.js";

/** What must stay the same when a run is resumed. */
export const runSettingsSchema = methodSchema.extend({
  /** Pairs of an update: this many pictures with the attribute and as many without. */
  batch: z.number().int().positive(),
  seed: z.number().int().nonnegative(),
  learningRate: z.number().positive(),
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
  /** Gamma of the gradient penalty; 0 is none. */
  readonly r1: number;
  /** Decay of the generator's moving average, where the state has one. */
  readonly ema: number;
}

/** Adam's published values. */
export const LEARNING_RATE = 2e-4;
const STEPS_PER_DECAY = 3000;
const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 } as const;

/** The rate at a step counted from 0. */
export function learningRateAt(settings: RunSettings, step: number): number {
  return settings.learningRate * settings.learningRateDecay ** Math.floor(step / STEPS_PER_DECAY);
}

export function stepSettings(settings: RunSettings, step: number): StepSettings {
  const { reconstruction, lossWeights, weightDecay, r1, ema } = settings;
  return {
    reconstruction,
    weights: { ...LOSS_WEIGHTS[lossWeights], reconstruction: reconstruction === "squared" ? 5 : 1 },
    adam: { ...ADAM, weightDecay },
    learningRate: learningRateAt(settings, step),
    r1,
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
  const values = ({ config, settings }: typeof saved): Record<string, string> => ({
    "--size": String(config.size),
    "--width": String(config.width),
    "--attributes": config.attributes.join(" "),
    "--discriminator-blocks": String(config.discriminatorBlocks),
    "--decoder-activation": config.decoderActivation,
    "--upsampling": config.upsampling,
    "--reconstruction": settings.reconstruction,
    "--loss-weights": settings.lossWeights,
    "--weight-decay": String(settings.weightDecay),
    "--learning-rate-decay": String(settings.learningRateDecay),
    "--ema": String(settings.ema),
    "--r1": String(settings.r1),
    "--flip": settings.flip ? "on" : "off",
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
