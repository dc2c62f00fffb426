/**
 * One update of the method for one attribute: one forward of the generator; the discriminators learn from detached C and
 * D; the updated discriminators score C and D again for the generator's update (../shared/facts, Training).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { AdamSettings } from "../device/adam.js";
import type { ModelConfig } from "../model/config.js";
import { type Generated, generate } from "../model/exchange.js";
import type { Parameters } from "../model/parameters.js";
import {
  type DiscriminatorLosses,
  differentiateDiscriminators,
  differentiateGenerator,
  type GeneratorLosses,
  type Probe,
  probeResiduals,
} from "./gradients.js";
import type { Scores } from "./losses.js";
import type { LossWeights, Reconstruction } from "./method.js";
import { applyGradients, type Gradients, type OptimizerState, updateAverage } from "./optimizer.js";
import { addGradients, disposePart, type Part, takePart, weightedMean } from "./parts.js";

export interface TrainingState {
  readonly config: ModelConfig;
  /** Enc and Dec. */
  readonly generator: OptimizerState;
  /** Exponential moving average of Enc and Dec; null when none is kept. */
  readonly average: Parameters | null;
  /** D1 and D2. */
  readonly discriminator: OptimizerState;
}

/** A batch of pairs for one attribute: A has it, B has not. */
export interface PairBatch {
  readonly attribute: number;
  /** [N, S, S, 3] in [-1, 1] */
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
  /** [N, attributes] of 0 and 1 */
  readonly yA: tf.Tensor2D;
  readonly yB: tf.Tensor2D;
}

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

/** Values of one update, for logs. `D` and `G` are the weighted totals that were differentiated. */
export interface StepLosses {
  readonly D: number;
  readonly D1: number;
  readonly D2: number;
  readonly G: number;
  readonly reconstruction: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  /** Share of A, B, C and D that each discriminator told right before its update. */
  readonly accuracy1: number;
  readonly accuracy2: number;
  /** Mean |R| of C and D, and mean |R_C - R_A| and |R_D - R_B|, of a few pairs: what an edit and the slice change. */
  readonly residual: number;
  readonly exchange: number;
  /** The gradient penalties as they were added to D; only where they are on. */
  readonly r1?: number;
}

/**
 * What a caller may look at before it is disposed of: golden checks read all of it. Of a batch in parts there are the summed
 * gradients only.
 */
export interface StepTrace {
  readonly generated: Generated;
  /** Scores by the discriminators before their update. */
  readonly D1: Scores;
  readonly D2: Scores;
  readonly gradients: Gradients;
}
export type OnTrace = (part: Partial<StepTrace>) => void;

export interface StepOptions {
  /** Pairs computed at once; fewer than the batch has take less memory and, as the generator runs twice, more time. */
  readonly part?: number;
  readonly onTrace?: OnTrace;
}

interface Updated {
  readonly D: DiscriminatorLosses;
  readonly G: GeneratorLosses;
  readonly probe: Probe;
}

/** The update as the method has it, with one forward of the generator. */
function updateAtOnce(state: TrainingState, whole: Part, settings: StepSettings, onTrace?: OnTrace): Updated {
  let between: Pick<Updated, "D" | "probe"> | undefined;
  const { losses, gradients } = differentiateGenerator(state, whole, settings, (generated) => {
    if (onTrace !== undefined) onTrace({ generated });
    const probe = probeResiduals(generated, whole);
    const { exchanged } = generated;
    const { losses, gradients } = differentiateDiscriminators(state, whole, exchanged, settings, onTrace);
    applyGradients(state.discriminator, gradients, settings);
    tf.dispose([...gradients.values()]);
    between = { D: losses, probe };
  });
  if (onTrace !== undefined) onTrace({ gradients });
  applyGradients(state.generator, gradients, settings);
  tf.dispose([...gradients.values()]);
  if (between === undefined) throw new Error("training step: nothing was updated");
  return { ...between, G: losses };
}

/**
 * The same in parts: the discriminators must have learnt from the C and D of all of them before any is scored for the
 * generator, so each part's forward runs once for either update. Gradients are summed in the order of the parts.
 */
function updateInParts(
  state: TrainingState,
  parts: readonly Part[],
  settings: StepSettings,
  onTrace?: OnTrace,
): Updated {
  const { generator, discriminator, config } = state;
  /** Sums what each part gives, updates, and returns the losses of the whole batch. */
  const update = <Losses extends object>(
    optimizer: OptimizerState,
    differentiate: (part: Part) => { readonly losses: Losses; readonly gradients: Gradients },
  ): Losses => {
    let sum: Gradients | null = null;
    const values = parts.map((part) => {
      const { losses, gradients } = differentiate(part);
      sum = addGradients(sum, gradients, part.share);
      return { values: losses, share: part.share };
    });
    const gradients = sum as Gradients | null;
    if (gradients === null) throw new Error("training step: no parts");
    if (onTrace !== undefined) onTrace({ gradients });
    applyGradients(optimizer, gradients, settings);
    tf.dispose([...gradients.values()]);
    return weightedMean(values);
  };

  const probes: { readonly values: Probe; readonly share: number }[] = [];
  const D = update(discriminator, (part) => {
    const exchanged = tf.tidy(() => {
      const generated = generate(generator.parameters, config, part.pictures, part.attribute);
      probes.push({ values: probeResiduals(generated, part), share: part.probedShare });
      return generated.exchanged;
    });
    const differentiated = differentiateDiscriminators(state, part, exchanged, settings);
    exchanged.dispose();
    return differentiated;
  });
  const G = update(generator, (part) => differentiateGenerator(state, part, settings));
  return { D, G, probe: weightedMean(probes) };
}

/**
 * One update of D1 and D2, then of Enc and Dec; changes `state` in place.
 * Reads the losses synchronously (devices without dataSync come with their own issue).
 */
export function trainStep(
  state: TrainingState,
  batch: PairBatch,
  settings: StepSettings,
  { part = Infinity, onTrace }: StepOptions = {},
): StepLosses {
  const pairs = batch.A.shape[0];
  const size = Math.min(part, pairs);
  const parts = Array.from({ length: Math.ceil(pairs / size) }, (_, i) =>
    takePart(batch, i * size, Math.min(size, pairs - i * size)),
  );
  const updated =
    parts.length === 1
      ? updateAtOnce(state, parts[0], settings, onTrace)
      : updateInParts(state, parts, settings, onTrace);
  for (const taken of parts) disposePart(taken);
  if (state.average !== null) updateAverage(state.average, state.generator, settings.ema);
  const { accuracy1, accuracy2, r1, ...losses } = updated.D;
  const penalty = r1 === undefined ? {} : { r1 };
  return { ...losses, ...updated.G, accuracy1, accuracy2, ...updated.probe, ...penalty };
}
