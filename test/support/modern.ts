/** Updates of the preset `modern` on the current device, with the names and layout of modern.py. */
import * as tf from "@tensorflow/tfjs-core";
import { fillParameters, image, labels } from "../../src/golden/formula.js";
import { toChannelsFirst } from "../../src/golden/layout.js";
import { type ModelConfig, modelConfigSchema } from "../../src/methods/elegant/config.js";
import { DISCRIMINATORS, GENERATOR, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { type StepSettings, stepSettings } from "../../src/methods/elegant/settings.js";
import { disposeState, type ElegantState } from "../../src/methods/elegant/state.js";
import type { StepTrace } from "../../src/methods/elegant/trace.js";
import { type StepLosses, trainStep } from "../../src/methods/elegant/update.js";
import type { PairBatch, PairGroup } from "../../src/methods/method.js";
import { createOptimizer } from "../../src/nn/optimizer.js";
import {
  copyParameters,
  downloadParameters,
  fromDeviceLayout,
  type ParameterSpec,
  uploadParameters,
} from "../../src/nn/parameters.js";
import { disposeBatch } from "./model.js";

export interface ModernCase {
  readonly size: number;
  readonly width: number;
  /** Number of pairs per attribute in an update. */
  readonly pairs: readonly number[];
  readonly seed: number;
  readonly updates: number;
  /** Weight of the cycle loss, which the preset omits. */
  readonly cycle?: number;
}

export interface ModernResult {
  readonly losses: readonly StepLosses[];
  /** In PyTorch's layout: tensors of the first update, and how far all updates moved the weights and their average. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

export function modernConfig(size: number, width: number, count: number): ModelConfig {
  const attributes = Array.from({ length: count }, (_, i) => `attribute${i}`);
  return modelConfigSchema.parse({ ...PRESETS.modern.network, size, width, attributes });
}

/** A state with weights filled by the formula. */
export function modernState(config: ModelConfig, seed: number): ElegantState {
  const create = (networks: typeof GENERATOR) => {
    const specs = parameterSpecs(config, networks);
    return createOptimizer(uploadParameters(specs, fillParameters(specs, seed), "the formula"));
  };
  const generator = create(GENERATOR);
  return { config, generator, average: copyParameters(generator.parameters), discriminator: create(DISCRIMINATORS) };
}

/**
 * The preset's settings of an update, plus a weight of the mask, which the preset omits.
 * @param progress finished share of the run, in [0, 1]
 */
export function modernSettings(progress: number, cycle = 0): StepSettings {
  return stepSettings(
    { ...PRESETS.modern.method, maskWeight: 0.1, cycle, batch: 1, seed: 0, dataset: "" },
    0,
    progress,
  );
}

/** Joint pairs by the formula. The labels of attributes that a pair is not about differ. */
export function modernBatch({ size, pairs, seed }: ModernCase, update: number): PairBatch {
  const groups: readonly PairGroup[] = pairs.map((count, attribute) => ({ attribute, pairs: count }));
  const all = pairs.reduce((sum, count) => sum + count, 0);
  const picture = (side: "A" | "B"): tf.Tensor4D =>
    tf.tidy(() => {
      const planes = tf.tensor4d(image(`${side}${update}`, seed, all, size), [all, 3, size, size]);
      return tf.transpose(planes, [0, 2, 3, 1]);
    });
  const rows = (side: "A" | "B"): tf.Tensor2D => {
    const own = groups.flatMap(({ attribute, pairs: count }) => [
      ...labels(side, seed, update, count, pairs.length, attribute),
    ]);
    return tf.tensor2d(own, [all, pairs.length]);
  };
  return { groups, A: picture("A"), B: picture("B"), yA: rows("A"), yB: rows("B") };
}

async function readTrace(
  { forward, gradients }: StepTrace,
  specs: ReadonlyMap<string, ParameterSpec>,
  tensors: Map<string, Float32Array>,
): Promise<void> {
  if (forward !== null) {
    const { generated, D1, D2 } = forward;
    const { skips, reconstructed, ...rest } = generated;
    const pictures = { ...rest, ...Object.fromEntries(skips.map((skip, i) => [`skips.${i}`, skip])) };
    for (const [name, tensor] of Object.entries(pictures)) {
      if (tensor === null) continue;
      tensors.set(name, toChannelsFirst((await tensor.data()) as Float32Array, tensor.shape));
    }
    for (const [name, { A, B, C, D }] of Object.entries({ D1, D2 })) {
      const values = await Promise.all([A, B, C, D].map(async ({ logits }) => [...(await logits.data())]));
      tensors.set(`scores.${name}`, Float32Array.from(values.flat()));
    }
  }
  for (const [name, tensor] of gradients) {
    const spec = specs.get(name) as ParameterSpec;
    tensors.set(`grad.${name}`, fromDeviceLayout(spec, (await tensor.data()) as Float32Array));
  }
}

/** @param part number of pairs computed at the same time */
export async function modernUpdates(of: ModernCase, part = Infinity): Promise<ModernResult> {
  const config = modernConfig(of.size, of.width, of.pairs.length);
  const [generator, discriminators] = [GENERATOR, DISCRIMINATORS].map((networks) => parameterSpecs(config, networks));
  const specs = new Map([...generator, ...discriminators].map((spec) => [spec.name, spec]));
  const state = modernState(config, of.seed);
  const tensors = new Map<string, Float32Array>();
  const losses: StepLosses[] = [];
  for (let update = 0; update < of.updates; update++) {
    const batch = modernBatch(of, update);
    const onTrace = update === 0 ? (trace: StepTrace) => readTrace(trace, specs, tensors) : undefined;
    losses.push(await trainStep(state, batch, modernSettings(update / of.updates, of.cycle), { part, onTrace }));
    disposeBatch(batch);
  }
  for (const [prefix, own, parameters] of [
    ["moved.", generator, state.generator.parameters],
    ["moved.", discriminators, state.discriminator.parameters],
    ["average.", generator, state.average ?? new Map()],
  ] as const) {
    const before = fillParameters(own, of.seed);
    for (const [name, { data }] of await downloadParameters(own, parameters)) {
      const from = before.get(name)?.data ?? [];
      tensors.set(
        prefix + name,
        data.map((value, i) => value - from[i]),
      );
    }
  }
  disposeState(state);
  return { losses, tensors };
}
