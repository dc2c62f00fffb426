/** Which method is trained: the published code's or the paper's, choice by choice. Loads no TensorFlow.js. */
import { z } from "zod";
import { type ModelConfig, OFFICIAL_NETWORK } from "../model/config.js";

/** Weights of the parts; the presets differ in them. */
export interface LossWeights {
  readonly reconstruction: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  readonly discriminator1: number;
  readonly discriminator2: number;
}

/** Those of the discriminators' parts; the reconstruction's belongs to its form (METHODS). */
export const LOSS_WEIGHTINGS = ["official", "equal"] as const;
export const LOSS_WEIGHTS: Readonly<Record<(typeof LOSS_WEIGHTINGS)[number], Omit<LossWeights, "reconstruction">>> = {
  official: { adversarial1: 1, adversarial2: 0.5, discriminator1: 1 / 4, discriminator2: 0.5 / 4 },
  equal: { adversarial1: 1, adversarial2: 1, discriminator1: 1, discriminator2: 1 },
};

/** Mean squared error as in the published code, or a norm as in the paper. */
export const RECONSTRUCTIONS = ["squared", "norm"] as const;
export type Reconstruction = (typeof RECONSTRUCTIONS)[number];
export const PRESETS = ["official", "paper"] as const;
export type Preset = (typeof PRESETS)[number];

export const methodSchema = z.object({
  reconstruction: z.enum(RECONSTRUCTIONS),
  /** Of the generator's adversarial parts and of the discriminators: as in the published code, or all 1 as in the paper. */
  lossWeights: z.enum(LOSS_WEIGHTINGS),
  /** Coupled L2, on every parameter. */
  weightDecay: z.number().nonnegative(),
  /** Factor of the learning rate after each 3,000 steps. */
  learningRateDecay: z.number().positive().max(1),
  /** Decay of the generator's exponential moving average an update; 0 keeps none. */
  ema: z.number().nonnegative().lt(1),
  /** Weight gamma of the gradient penalty on real pictures; 0 is none. */
  r1: z.number().nonnegative(),
  /** Mirrors each training picture with probability 1/2. */
  flip: z.boolean(),
});
export type MethodSettings = z.infer<typeof methodSchema>;

export type Network = Pick<ModelConfig, "discriminatorBlocks" | "decoderActivation" | "upsampling">;

/** The published code and the paper where they differ; docs/fidelity.md has the table and the reasons. */
export const METHODS: Readonly<Record<Preset, { readonly network: Network; readonly method: MethodSettings }>> = {
  official: {
    network: OFFICIAL_NETWORK,
    method: {
      reconstruction: "squared",
      lossWeights: "official",
      weightDecay: 1e-5,
      learningRateDecay: 0.97,
      ema: 0,
      r1: 0,
      flip: false,
    },
  },
  paper: {
    network: { discriminatorBlocks: 5, decoderActivation: "leaky-relu", upsampling: "transposed" },
    method: {
      reconstruction: "norm",
      lossWeights: "equal",
      weightDecay: 0,
      learningRateDecay: 1,
      ema: 0,
      r1: 0,
      flip: false,
    },
  },
};
