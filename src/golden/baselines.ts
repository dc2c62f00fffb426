/** What the checks of the compared systems' golden files share: the formula's inputs, tolerances, and comparisons. */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { NamedTensors } from "../interop/safetensors.js";
import { countValues } from "../methods/common.js";
import { createOptimizer, type Gradients, type OptimizerState } from "../nn/optimizer.js";
import { downloadParameters, fromDeviceLayout, type ParameterSpec, uploadParameters } from "../nn/parameters.js";
import { compareNumber, compareTensor, coordinate, type Quantity, type Summary, summarySchema } from "./compare.js";
import { fillParameters, image } from "./formula.js";
import { toChannelsFirst } from "./layout.js";
import { nudge } from "./trials.js";

export const summariesSchema = z.record(z.string(), summarySchema);
export const lossesSchema = z.record(z.string(), z.number());

/** Tolerances for float32 (../shared/golden/baselines/README.md). */
export const TOLERANCES = {
  /** Relative to each tensor's rms. */
  forward: 1e-4,
  /** For the first update; relative, but numbers below 0.05 count as 0.05. */
  losses: 1e-4,
  laterLosses: 5e-3,
  /** Relative to each gradient's rms. */
  gradients: 1e-3,
  /** Relative to each parameter's rms. */
  weights: 1e-2,
} as const;

/** A ReLU on the other side of 0 changes some values of a gradient: so many of a file's points may differ by so much. */
const KINKS = { share: 0.1, gradients: 5e-2 } as const;
const SMALLEST_NUMBER = 0.05;

/** The formula's images, [N, S, S, 3] on the device. */
export function formulaImages(name: string, seed: number, batch: number, size: number): tf.Tensor4D {
  return tf.tidy(() => {
    const planes = tf.tensor4d(image(name, seed, batch, size), [batch, 3, size, size]);
    return tf.transpose(planes, [0, 2, 3, 1]);
  });
}

/** Compares a tensor on the device, [N, H, W, C], with a summary of [N, C, H, W]. */
export async function compareImages(group: string, name: string, golden: Summary, ours: tf.Tensor): Promise<Quantity> {
  const values = toChannelsFirst((await ours.data()) as Float32Array, ours.shape);
  return compareTensor(group, name, golden, values, TOLERANCES.forward);
}

/** Compares numbers that may be small. */
export function compareLoss(group: string, name: string, golden: number, ours: number, tolerance: number): Quantity {
  const error = Math.abs(ours - golden) / Math.max(Math.abs(golden), SMALLEST_NUMBER);
  return { group, name, error, tolerance, at: "" };
}

/**
 * Compares the losses of one update. Those of later updates depend on weights that rounding has moved.
 * @param ours by the golden file's names
 */
export function compareLosses(
  golden: Readonly<Record<string, number>>,
  ours: Readonly<Record<string, number>>,
  iteration: number,
): Quantity[] {
  const [group, tolerance] =
    iteration === 0 ? (["losses", TOLERANCES.losses] as const) : (["later losses", TOLERANCES.laterLosses] as const);
  return Object.entries(golden).map(([name, value]) =>
    compareLoss(group, `${name}, iteration ${iteration}`, value, ours[name] ?? Number.NaN, tolerance),
  );
}

/** Copies gradients that the update will dispose. The caller disposes the copies. */
export function copyGradients(gradients: Gradients): Gradients {
  return new Map([...gradients].map(([name, gradient]) => [name, tf.keep(tf.clone(gradient))]));
}

/**
 * Compares gradients. Each tensor's mean, rms and extremes must agree, and 9 of 10 points of all tensors; the remaining
 * points may be where a ReLU fell on the other side of 0.
 * @param skipped parameters without influence, whose gradients are rounding noise
 */
export async function compareGradients(
  group: string,
  golden: Readonly<Record<string, Summary>>,
  ours: Gradients,
  specs: ReadonlyMap<string, ParameterSpec>,
  skipped: readonly string[] = [],
): Promise<Quantity[]> {
  const quantities: Quantity[] = [];
  const points: { readonly error: number; readonly at: string }[] = [];
  for (const [name, summary] of Object.entries(golden)) {
    if (skipped.includes(name)) continue;
    const [gradient, spec] = [ours.get(name), specs.get(name)];
    if (gradient === undefined || spec === undefined) throw new Error(`golden: no parameter '${name}'`);
    const values = fromDeviceLayout(spec, (await gradient.data()) as Float32Array);
    const moments = { ...summary, at: [] };
    quantities.push(compareTensor(group, `${group} ${name}`, moments, values, KINKS.gradients));
    for (const [index, value] of summary.at) {
      const error = Math.abs(values[index] - value) / (summary.rms > 0 ? summary.rms : 1);
      points.push({ error, at: `${name} ${coordinate(summary.shape, index)}` });
    }
  }
  // NaN is sorted to the end, as the largest error.
  points.sort((a, b) => (Number.isNaN(a.error) ? 1 : Number.isNaN(b.error) ? -1 : a.error - b.error));
  const last = points[points.length - 1];
  const most = points[Math.ceil(points.length * (1 - KINKS.share)) - 1];
  quantities.push({ group, name: `${group}: 9 of 10 points`, ...most, tolerance: TOLERANCES.gradients });
  quantities.push({ group, name: `${group}: all points`, ...last, tolerance: KINKS.gradients });
  return quantities;
}

/** Compares the parameters after all updates. */
export function compareParameters(
  golden: Readonly<Record<string, Summary>>,
  after: NamedTensors,
  skipped: readonly string[] = [],
): Quantity[] {
  return Object.entries(golden)
    .filter(([name]) => !skipped.includes(name))
    .map(([name, summary]) => {
      const values = after.get(name)?.data ?? [];
      return compareTensor("weights after", `${name} after`, summary, values, TOLERANCES.weights);
    });
}

/** Compares numbers of parameters. @param golden by the beginning of the parameters' names */
export function compareCounts(
  golden: Readonly<Record<string, number>>,
  specs: readonly ParameterSpec[],
  separator = ".",
): Quantity[] {
  return Object.entries(golden).map(([network, count]) => {
    const own = specs.filter(({ name }) => name.startsWith(`${network}${separator}`));
    return compareNumber("parameters", `parameters of ${network}`, count, countValues(own), 0);
  });
}

/** Makes an optimizer of the formula's parameters, which trial number `trial` moves. @param file names it in messages */
export function formulaOptimizer(
  specs: readonly ParameterSpec[],
  seed: number,
  trial: number,
  file: string,
): OptimizerState {
  return createOptimizer(uploadParameters(specs, nudge(fillParameters(specs, seed), trial), file));
}

/** Reads the parameters of several optimizers back. */
export async function downloadAll(
  optimizers: readonly (readonly [readonly ParameterSpec[], OptimizerState])[],
): Promise<NamedTensors> {
  const all: NamedTensors = new Map();
  for (const [specs, { parameters }] of optimizers) {
    for (const [name, tensor] of await downloadParameters(specs, parameters)) all.set(name, tensor);
  }
  return all;
}
