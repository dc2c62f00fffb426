/**
 * Checks consecutive training updates against numbers of the published networks in float64 (elegant-s*.json): the
 * forward quantities and all gradients of the first update, the losses of all updates, and the weights at the end.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelConfig } from "../methods/elegant/config.js";
import type { Generated } from "../methods/elegant/exchange.js";
import { DISCRIMINATORS, GENERATOR, parameterSpecs } from "../methods/elegant/parameters.js";
import { PRESETS } from "../methods/elegant/presets.js";
import { stepSettings } from "../methods/elegant/settings.js";
import { disposeState, type ElegantState } from "../methods/elegant/state.js";
import type { ForwardTrace, OnTrace, StepTrace } from "../methods/elegant/trace.js";
import { type StepLosses, trainStep } from "../methods/elegant/update.js";
import type { PairBatch } from "../methods/method.js";
import { downloadParameters, fromDeviceLayout, type ParameterSpec } from "../nn/parameters.js";
import type { OnProgress } from "../types.js";
import { compareNumber, compareTensor, type Quantity, type Summary } from "./compare.js";
import type { ElegantGolden, FirstIteration, Iteration } from "./elegant-schema.js";
import { configOf, createBatch, createState } from "./elegant-setup.js";
import { toChannelsFirst } from "./layout.js";
import { checkUpdates, type RunUpdates } from "./trials.js";
import { compareWeights, WEIGHT_GROUPS } from "./weights.js";

export const TOLERANCES = {
  /** Relative to each tensor's rms. */
  forward: 1e-4,
  /** For the first iteration. */
  losses: 1e-4,
  /** Relative to each gradient's rms. */
  gradients: 1e-3,
  /** Later losses depend on weights that float32 has already moved slightly. */
  laterLosses: 1e-3,
} as const;

/** Rounding error of residuals, which reach 2 and have 24 bits in float32. */
const RESIDUAL_ROUNDING = 2 ** -23;

/**
 * The precision that may be lost when two nearly equal residuals are subtracted: eight roundings relative to the
 * difference's own rms, but at least the forward tolerance. A missing or wrong exchange gives an error of at least 1,
 * hence the upper limit.
 */
export function differenceTolerance(rms: number): number {
  return Math.min(0.5, Math.max(TOLERANCES.forward, (8 * RESIDUAL_ROUNDING) / rms));
}

/** The published update. The files contain its first steps, before the learning rate decays. */
export const SETTINGS = stepSettings({ ...PRESETS.official.method, batch: 1, seed: 0, dataset: "" }, 0);

async function readImage(tensor: tf.Tensor): Promise<Float32Array> {
  return toChannelsFirst((await tensor.data()) as Float32Array, tensor.shape);
}

function subtract(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]);
}

/** Equal parts of a stacked batch, in order. */
async function readParts(tensor: tf.Tensor, parts: number): Promise<Float32Array[]> {
  const values = await readImage(tensor);
  const length = values.length / parts;
  return Array.from({ length: parts }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

async function checkForward(golden: FirstIteration, generated: Generated): Promise<Quantity[]> {
  const { forward } = TOLERANCES;
  const compare = (
    group: string,
    name: string,
    summary: Summary,
    values: Float32Array,
    tolerance: number = forward,
  ): Quantity => compareTensor(group, name, summary, values, tolerance);
  const [zA, zB, zC, zD] = await readParts(generated.latents, 4);
  const [RA, RB, RC, RD] = await readParts(generated.residuals, 4);
  const [A1, B1] = await readParts(generated.reconstructed, 2);
  const [C, D] = await readParts(generated.exchanged, 2);
  const skips: Float32Array[] = [];
  for (const skip of generated.skips) skips.push((await readParts(skip, 2))[0]);
  const exchanged = (name: "R_C-R_A" | "R_D-R_B", values: Float32Array): Quantity =>
    compare(name, name, golden[name], values, differenceTolerance(golden[name].rms));
  return [
    compare("latents", "z_A", golden.z_A, zA),
    compare("latents", "z_C", golden.z_C, zC),
    compare("latents", "z_D", golden.z_D, zD),
    compare("latents", "z_A-z_B", golden["z_A-z_B"], subtract(zA, zB)),
    ...golden.A_skip.map((summary, i) => compare("skips", `A_skip ${i + 1}`, summary, skips[i])),
    compare("residuals", "R_A", golden.R_A, RA),
    compare("residuals", "R_B", golden.R_B, RB),
    compare("residuals", "R_C", golden.R_C, RC),
    compare("residuals", "R_D", golden.R_D, RD),
    exchanged("R_C-R_A", subtract(RC, RA)),
    exchanged("R_D-R_B", subtract(RD, RB)),
    compare("images", "A1", golden.A1, A1),
    compare("images", "B1", golden.B1, B1),
    compare("images", "C", golden.C, C),
    compare("images", "D", golden.D, D),
  ];
}

type SpecsByName = ReadonlyMap<string, ParameterSpec>;

async function checkGradients(
  golden: FirstIteration,
  specs: SpecsByName,
  gradients: StepTrace["gradients"],
): Promise<Quantity[]> {
  const quantities: Quantity[] = [];
  for (const side of ["grad_D", "grad_G"] as const) {
    for (const [name, summary] of Object.entries(golden[side])) {
      const gradient = gradients.get(name);
      const spec = specs.get(name);
      const values =
        gradient === undefined || spec === undefined
          ? []
          : fromDeviceLayout(spec, (await gradient.data()) as Float32Array);
      quantities.push(compareTensor(side, `${side} ${name}`, summary, values, TOLERANCES.gradients));
    }
  }
  return quantities;
}

const PICTURES = ["A", "B", "C", "D"] as const;

async function checkScores(golden: Iteration, iteration: number, forward: ForwardTrace): Promise<Quantity[]> {
  const tolerance = iteration === 0 ? TOLERANCES.losses : TOLERANCES.laterLosses;
  const group = iteration === 0 ? "scores" : "later scores";
  const quantities: Quantity[] = [];
  for (const network of ["D1", "D2"] as const) {
    for (const picture of PICTURES) {
      const key = `${network === "D1" ? "d1" : "d2"}_${picture}` as const;
      const ours = await forward[network][picture].logits.data();
      // The published score is the sigmoid of our logit.
      const pairs = golden[key].map((score, i) => ({ score, ours: 1 / (1 + Math.exp(-ours[i])) }));
      const errors = pairs.map((pair) => Math.abs(pair.ours - pair.score) / pair.score);
      const error = ours.length === errors.length ? Math.max(...errors) : Number.POSITIVE_INFINITY;
      const at = `iteration ${iteration} [${errors.indexOf(error)}]`;
      quantities.push({ group, name: `${key}, iteration ${iteration}`, error, tolerance, at });
    }
  }
  return quantities;
}

function checkLosses(golden: Iteration, iteration: number, ours: StepLosses): Quantity[] {
  const group = iteration === 0 ? "losses" : "later losses";
  const tolerance = iteration === 0 ? TOLERANCES.losses : TOLERANCES.laterLosses;
  const pairs: readonly (readonly [keyof Iteration & string, number, number])[] = [
    ["loss_D", golden.loss_D, ours.D],
    ["loss_G", golden.loss_G, ours.G],
    ["D_loss/D1", golden["D_loss/D1"], ours.D1],
    ["D_loss/D2", golden["D_loss/D2"], ours.D2],
    ["G_loss/reconstruction", golden["G_loss/reconstruction"], Number(ours.reconstruction)],
    ["G_loss/adv1", golden["G_loss/adv1"], ours.adversarial1],
    ["G_loss/adv2", golden["G_loss/adv2"], ours.adversarial2],
  ];
  return pairs.map(([name, expected, received]) => {
    const quantity = compareNumber(group, `${name}, iteration ${iteration}`, expected, received, tolerance);
    return { ...quantity, at: `iteration ${iteration} ${name}` };
  });
}

/** Compares the file's labels with the formula's. A difference is an error of reading, not of computing. */
async function checkLabels(golden: Iteration, iteration: number, batch: PairBatch): Promise<Quantity> {
  const expected = [golden.attribute_id, ...golden.y_A.flat(), ...golden.y_B.flat()];
  const received = [batch.groups[0].attribute, ...(await batch.yA.data()), ...(await batch.yB.data())];
  const wrong = expected.length === received.length ? expected.filter((value, i) => value !== received[i]).length : 1;
  return { group: "labels", name: `labels, iteration ${iteration}`, error: wrong, tolerance: 0, at: "" };
}

async function runUpdate(
  state: ElegantState,
  golden: ElegantGolden,
  iteration: number,
  onTrace: OnTrace,
): Promise<Quantity[]> {
  const expected = golden.iterations[iteration];
  const batch = createBatch(golden, iteration);
  try {
    const labelCheck = await checkLabels(expected, iteration, batch);
    const losses = await trainStep(state, batch, SETTINGS, { onTrace });
    return [labelCheck, ...checkLosses(expected, iteration, losses)];
  } finally {
    tf.dispose([batch.A, batch.B, batch.yA, batch.yB]);
  }
}

/** Runs all updates from weights that trial number `trial` moves. */
async function runUpdates(
  golden: ElegantGolden,
  config: ModelConfig,
  trial: number,
  onUpdate: (iteration: number) => void,
): Promise<Quantity[]> {
  const specs: SpecsByName = new Map(
    parameterSpecs(config, [...GENERATOR, ...DISCRIMINATORS]).map((spec) => [spec.name, spec]),
  );
  const [first] = golden.iterations;
  const quantities: Quantity[] = [];
  const state = createState(config, golden.seed, trial);
  try {
    for (const [iteration, expected] of golden.iterations.entries()) {
      onUpdate(iteration);
      const losses = await runUpdate(state, golden, iteration, async (trace) => {
        const { forward, gradients } = trace;
        if (forward === null) throw new Error("golden: an update in parts");
        quantities.push(...(await checkScores(expected, iteration, forward)));
        if (iteration > 0) return;
        quantities.push(...(await checkForward(first, forward.generated)));
        quantities.push(...(await checkGradients(first, specs, gradients)));
      });
      quantities.push(...losses);
    }
    const after = new Map([
      ...(await downloadParameters(parameterSpecs(config, GENERATOR), state.generator.parameters)),
      ...(await downloadParameters(parameterSpecs(config, DISCRIMINATORS), state.discriminator.parameters)),
    ]);
    const way = PRESETS.official.method.learningRate * golden.iterations.length;
    return [...quantities, ...compareWeights(golden.params_after, after, way)];
  } finally {
    disposeState(state);
  }
}

/** Quantities that jump at a kink, and quantities that depend on them. */
const NEAR_KINKS: readonly string[] = ["grad_D", "grad_G", "later scores", "later losses", ...WEIGHT_GROUPS];

/**
 * Runs the file's updates on the current TensorFlow.js device and compares everything.
 *
 * @throws InputError if the model cannot be built (`file` names it in the message)
 */
export async function checkElegant(golden: ElegantGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const config = configOf(golden, file);
  const run: RunUpdates = (trial, onUpdate) => runUpdates(golden, config, trial, onUpdate);
  return checkUpdates(file, golden.iterations.length, onProgress, run, NEAR_KINKS);
}
