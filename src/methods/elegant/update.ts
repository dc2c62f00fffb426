/**
 * One update of the method. The generator runs forward once, and the discriminators learn from detached C and D. Then
 * the updated discriminators score C and D again for the generator's update (../shared/facts, Training).
 */
import * as tf from "@tensorflow/tfjs-core";
import { disposingOnFailure } from "../../device/ops/scope.js";
import {
  addGradients,
  applyGradients,
  type Gradients,
  type OptimizerState,
  updateAverage,
} from "../../nn/optimizer.js";
import { disposeReadings, readMeans, type Weighted } from "../../nn/readings.js";
import type { PairBatch } from "../method.js";
import type { ModelConfig } from "./config.js";
import { generate } from "./exchange.js";
import {
  type DiscriminatorScalars,
  differentiateDiscriminators,
  differentiateGenerator,
  type GeneratorScalars,
  type RightScalars,
} from "./gradients.js";
import { disposePart, type Part, takePart } from "./parts.js";
import { probeResiduals } from "./probes.js";
import type { StepSettings } from "./settings.js";
import type { ElegantState } from "./state.js";
import { type OnTrace, TraceKeeper } from "./trace.js";

/** Values of one update, for logs. `D` and `G` are the differentiated, weighted totals. */
export interface StepLosses {
  readonly D: number;
  readonly D1: number;
  readonly D2: number;
  readonly G: number;
  readonly adversarial1: number;
  readonly adversarial2: number;
  /** Share of A, B, C and D that each discriminator judged correctly before its update. */
  readonly accuracy1: number;
  readonly accuracy2: number;
  /**
   * How much an edit and the exchange of the slice change, on a few pairs: mean |R| of C and D, and mean |R_C - R_A|
   * and |R_D - R_B|. If edits are differences, both are the latter.
   */
  readonly residual: number;
  readonly exchange: number;
  /** Parts that the method adds to G, unweighted; present only if the method has them. */
  readonly reconstruction?: number;
  readonly slice?: number;
  readonly mask?: number;
  readonly change?: number;
  readonly cycle?: number;
  /** Gradient penalties as they were added to D; present only in updates that have them. */
  readonly r1?: number;
}

export interface StepOptions {
  /**
   * Pairs computed at the same time. Fewer than the batch need less memory, but more time: the generator runs twice.
   */
  readonly part?: number;
  /** Reads values of the update before they are disposed. */
  readonly onTrace?: OnTrace | undefined;
}

/** Values that the networks' updates leave on the device to be read. */
interface Readings {
  readonly D: Weighted<DiscriminatorScalars>[];
  readonly right: Weighted<RightScalars>[];
  readonly G: Weighted<GeneratorScalars>[];
  readonly probe: Weighted<ReturnType<typeof probeResiduals>>[];
}

/** Keeps the readings of a part inside a function that disposes every other tensor. */
function probe(readings: Readings, { edit }: ModelConfig, residuals: tf.Tensor4D, { probed, probedShare }: Part): void {
  if (probed === 0) return;
  const scalars = probeResiduals(residuals, probed, edit);
  for (const scalar of Object.values(scalars)) tf.keep(scalar);
  readings.probe.push({ scalars, share: probedShare });
}

/** True if this update changes the generator. The discriminators were updated before, so their number counts this one. */
function generatorLearns({ discriminator }: ElegantState, { wait }: StepSettings): boolean {
  return discriminator.updates > wait;
}

/** Updates as the method describes, with one forward of the generator. */
function updateAtOnce(
  state: ElegantState,
  whole: Part,
  settings: StepSettings,
  readings: Readings,
  keeper?: TraceKeeper,
): void {
  const { share } = whole;
  const { losses, gradients } = differentiateGenerator(state, whole, settings, (generated) => {
    keeper?.addGenerated(generated);
    probe(readings, state.config, generated.residuals, whole);
    const between = differentiateDiscriminators(state, whole, generated.exchanged, settings, keeper);
    readings.D.push({ scalars: between.losses, share });
    readings.right.push({ scalars: between.right, share: 1 });
    applyGradients(state.discriminator, between.gradients, settings);
    tf.dispose([...between.gradients.values()]);
  });
  readings.G.push({ scalars: losses, share });
  keeper?.addGradients(gradients);
  if (generatorLearns(state, settings)) applyGradients(state.generator, gradients, settings);
  tf.dispose([...gradients.values()]);
}

/**
 * Updates in parts. The discriminators must have learnt from the C and D of all parts before any is scored for the
 * generator, so each part's forward runs once for each of the two updates. Gradients are summed in the parts'
 * order.
 */
function updateInParts(
  state: ElegantState,
  parts: readonly Part[],
  settings: StepSettings,
  readings: Readings,
  keeper?: TraceKeeper,
): void {
  const { generator, discriminator, config } = state;
  const update = (optimizer: OptimizerState, differentiate: (part: Part) => Gradients): void => {
    let sum: Gradients | null = null;
    for (const part of parts) sum = addGradients(sum, differentiate(part), part.share);
    if (sum === null) throw new Error("training step: no parts");
    keeper?.addGradients(sum);
    if (optimizer === discriminator || generatorLearns(state, settings)) applyGradients(optimizer, sum, settings);
    tf.dispose([...sum.values()]);
  };
  update(discriminator, (part) => {
    const exchanged = tf.tidy(() => {
      const generated = generate(generator.parameters, config, part.pictures, part.groups);
      probe(readings, config, generated.residuals, part);
      return generated.exchanged;
    });
    const { losses, right, gradients } = differentiateDiscriminators(state, part, exchanged, settings);
    exchanged.dispose();
    readings.D.push({ scalars: losses, share: part.share });
    readings.right.push({ scalars: right, share: 1 });
    return gradients;
  });
  update(generator, (part) => {
    const { losses, gradients } = differentiateGenerator(state, part, settings);
    readings.G.push({ scalars: losses, share: part.share });
    return gradients;
  });
}

/** Makes both updates. All results stay on the device, and nothing waits for it. */
function update(
  state: ElegantState,
  batch: PairBatch,
  settings: StepSettings,
  part: number,
  readings: Readings,
  keeper?: TraceKeeper,
): void {
  const pairs = batch.A.shape[0];
  const size = Math.min(part, pairs);
  const parts = Array.from({ length: Math.ceil(pairs / size) }, (_, i) =>
    takePart(state.config, batch, i * size, Math.min(size, pairs - i * size), settings.others),
  );
  if (parts.length === 1) updateAtOnce(state, parts[0], settings, readings, keeper);
  else updateInParts(state, parts, settings, readings, keeper);
  for (const taken of parts) disposePart(taken);
  if (state.average !== null && generatorLearns(state, settings))
    updateAverage(state.average, state.generator, settings.ema);
}

/**
 * Updates D1 and D2, then Enc and Dec, and changes `state` in place. It waits for the device once, at the end. The
 * promise rejects if the device fails, for example because its memory is full.
 */
export async function trainStep(
  state: ElegantState,
  batch: PairBatch,
  settings: StepSettings,
  { part = Infinity, onTrace }: StepOptions = {},
): Promise<StepLosses> {
  const keeper = onTrace === undefined ? undefined : new TraceKeeper();
  const readings: Readings = { D: [], right: [], G: [], probe: [] };
  try {
    // Tensors that a failure leaves on the device are freed: the memory is needed if the program continues.
    disposingOnFailure(() => update(state, batch, settings, part, readings, keeper));
    const { D, right, G, probe } = await readMeans({ ...readings });
    if (keeper !== undefined) await onTrace?.(keeper.trace());
    const { r1, ...losses } = D;
    const scored = 4 * batch.A.shape[0];
    const accuracies = { accuracy1: right.D1 / scored, accuracy2: right.D2 / scored };
    return { ...losses, ...G, ...accuracies, ...probe, ...(r1 === undefined ? {} : { r1 }) };
  } finally {
    disposeReadings({ ...readings });
    keeper?.dispose();
  }
}
