/** The presets: for each training method, all of its choices. Loads no TensorFlow.js. */
import { z } from "zod";
import { INITIALISATIONS, type NetworkChoices, OFFICIAL_NETWORK } from "./config.js";

/** The weights of the parts of the losses; the presets differ in them. */
export interface LossWeights {
  readonly reconstruction: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  readonly discriminator1: number;
  readonly discriminator2: number;
  readonly slice: number;
  readonly mask: number;
  readonly change: number;
  readonly cycle: number;
}

/** How the discriminators' parts of the losses are weighted. */
export const LOSS_WEIGHTINGS = ["official", "equal"] as const;
export const LOSS_WEIGHTS: Readonly<
  Record<(typeof LOSS_WEIGHTINGS)[number], Omit<LossWeights, "reconstruction" | "slice" | "mask" | "change" | "cycle">>
> = {
  official: { adversarial1: 1, adversarial2: 0.5, discriminator1: 1 / 4, discriminator2: 0.5 / 4 },
  equal: { adversarial1: 1, adversarial2: 1, discriminator1: 1, discriminator2: 1 },
};

/** Mean squared error as in the published code, a norm as in the paper, or none if edits are differences. */
export const RECONSTRUCTIONS = ["squared", "norm", "none"] as const;
export type Reconstruction = (typeof RECONSTRUCTIONS)[number];
export const RECONSTRUCTION_WEIGHTS: Readonly<Record<Reconstruction, number>> = { squared: 5, norm: 1, none: 0 };
/** Name of a preset. */
export type Preset = "modern" | "official" | "paper";

/** The method's settings. A setting that is newer than a checkpoint has the published code's value there. */
export const methodSchema = z.object({
  /** Loss of the reconstructions: 5 times the mean squared error, the norm of the paper, or none if edits are differences. */
  reconstruction: z.enum(RECONSTRUCTIONS),
  /** Weights of the adversarial parts and of the discriminators: the published code's, or all 1 as in the paper. */
  lossWeights: z.enum(LOSS_WEIGHTINGS),
  /** Weight of the coupled L2 decay, on every parameter. */
  weightDecay: z.number().nonnegative(),
  /** Factor by which the learning rate is multiplied after every 3,000 steps. */
  learningRateDecay: z.number().positive().max(1),
  /** Decay per update of the generator's exponential moving average; with 0 no average is kept. */
  ema: z.number().nonnegative().lt(1),
  /** Weight gamma of the gradient penalty on real images; with 0 there is no penalty. */
  r1: z.number().nonnegative(),
  /** Whether each training image is mirrored with probability 1/2. */
  flip: z.boolean(),
  /** Distribution of the initial weights (parameters.ts). */
  initialisation: z.enum(INITIALISATIONS).default("published"),
  /** Whether an update has pairs of all attributes, an equal part of the batch for each, or pairs of one attribute. */
  joint: z.boolean().default(false),
  /** Number n: every n-th update of the discriminators computes the penalty, n times as heavy. */
  r1Every: z.number().int().positive().default(1),
  /** With heads, the share that the other attributes' scores have in an image's loss. */
  others: z.number().nonnegative().lt(1).default(0),
  /** Weight of the slice reconstruction: the encoder must find the exchanged latents in C and D. */
  slice: z.number().nonnegative().default(0),
  /** Weight of the mean of the masks. */
  maskWeight: z.number().nonnegative().default(0),
  /** Weight of the mean absolute change of C and D, which keeps edits from changing more than necessary. */
  changeWeight: z.number().nonnegative().default(0),
  /** Weight of the cycle loss: C and D, exchanged back, must give A and B. */
  cycle: z.number().nonnegative().default(0),
  /** Number of updates in which only the discriminators learn, at the beginning. */
  wait: z.number().int().nonnegative().default(0),
  /** Adam's learning rate at the beginning. */
  learningRate: z.number().positive(),
  /** Decay rate of Adam's first moments. */
  beta1: z.number().nonnegative().lt(1).default(0.5),
  /** Decay rate of Adam's second moments. */
  beta2: z.number().nonnegative().lt(1).default(0.999),
  /** Share of the run, at its end, over which the learning rate falls linearly to 0. */
  annealing: z.number().nonnegative().max(1).default(0),
});
export type MethodSettings = z.infer<typeof methodSchema>;

/** The settings of the published code. The paper's values stand in where the code does not determine one. */
const PUBLISHED: MethodSettings = {
  reconstruction: "squared",
  lossWeights: "official",
  weightDecay: 1e-5,
  learningRateDecay: 0.97,
  ema: 0,
  r1: 0,
  flip: false,
  initialisation: "published",
  joint: false,
  r1Every: 1,
  others: 0,
  slice: 0,
  maskWeight: 0,
  changeWeight: 0,
  cycle: 0,
  wait: 0,
  learningRate: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  annealing: 0,
};

/** All choices of a preset. */
export interface PresetChoices {
  /** The choices that make the network, for createConfig(). */
  readonly network: NetworkChoices;
  /** The choices of the training, for the settings of train(). */
  readonly method: MethodSettings;
}

/**
 * The presets, choice by choice. `official` follows the published code and `paper` follows the paper where they differ.
 * `modern` produced clean images in our trials: it keeps the paper's exchange of latents and both discriminators, and
 * its other choices come from later work. docs/fidelity.md has the tables, the sources and the reasons.
 */
export const PRESETS: Readonly<Record<Preset, PresetChoices>> = {
  modern: {
    network: {
      discriminatorBlocks: 4,
      decoderActivation: "relu",
      upsampling: "resize",
      generatorBlocks: 4,
      edit: "difference",
      mask: true,
      discriminatorNorm: "none",
      condition: "heads",
      mirror: true,
      shift: false,
    },
    method: {
      reconstruction: "none",
      lossWeights: "official",
      weightDecay: 0,
      learningRateDecay: 1,
      ema: 0.999,
      r1: 1,
      flip: true,
      initialisation: "he",
      joint: true,
      r1Every: 4,
      others: 0.5,
      slice: 1,
      maskWeight: 0,
      changeWeight: 2,
      cycle: 0,
      wait: 0,
      learningRate: 5e-4,
      beta1: 0,
      beta2: 0.99,
      annealing: 0.5,
    },
  },
  official: { network: OFFICIAL_NETWORK, method: PUBLISHED },
  paper: {
    network: { ...OFFICIAL_NETWORK, discriminatorBlocks: 5, decoderActivation: "leaky-relu" },
    method: { ...PUBLISHED, reconstruction: "norm", lossWeights: "equal", weightDecay: 0, learningRateDecay: 1 },
  },
};
