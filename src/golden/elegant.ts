/**
 * Checks consecutive training updates against numbers of the published networks in float64 (elegant-s*.json): forward
 * quantities and every gradient of the first, the losses of all, the weights at the end.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { type ModelConfig, modelConfigSchema } from "../model/config.js";
import type { Generated } from "../model/exchange.js";
import {
  DISCRIMINATORS,
  disposeParameters,
  downloadParameters,
  fromDeviceLayout,
  GENERATOR,
  type Network,
  type ParameterSpec,
  parameterSpecs,
  uploadParameters,
} from "../model/parameters.js";
import { LOSS_WEIGHTS } from "../training/losses.js";
import {
  createOptimizer,
  type OptimizerState,
  type PairBatch,
  type StepLosses,
  type StepTrace,
  type TrainingState,
  trainStep,
} from "../training/step.js";
import type { OnProgress } from "../types.js";
import { compareNumber, compareTensor, type Quantity, type Summary, summarySchema } from "./compare.js";
import { fillParameters, image, labels } from "./formula.js";
import { compareWeights } from "./weights.js";

const summaries = z.record(z.string(), summarySchema);
const scores = z.array(z.number());

const iterationSchema = z.object({
  attribute_id: z.number().int().nonnegative(),
  y_A: z.array(z.array(z.number())),
  y_B: z.array(z.array(z.number())),
  d1_A: scores,
  d1_B: scores,
  d1_C: scores,
  d1_D: scores,
  d2_A: scores,
  d2_B: scores,
  d2_C: scores,
  d2_D: scores,
  loss_D: z.number(),
  loss_G: z.number(),
  "D_loss/D1": z.number(),
  "D_loss/D2": z.number(),
  "G_loss/reconstruction": z.number(),
  "G_loss/adv1": z.number(),
  "G_loss/adv2": z.number(),
});
type Iteration = z.infer<typeof iterationSchema>;

const firstIterationSchema = iterationSchema.extend({
  z_A: summarySchema,
  z_C: summarySchema,
  z_D: summarySchema,
  A_skip: z.array(summarySchema).length(4),
  R_A: summarySchema,
  R_B: summarySchema,
  R_C: summarySchema,
  R_D: summarySchema,
  A1: summarySchema,
  B1: summarySchema,
  C: summarySchema,
  D: summarySchema,
  "z_A-z_B": summarySchema,
  "R_C-R_A": summarySchema,
  "R_D-R_B": summarySchema,
  grad_D: summaries,
  grad_G: summaries,
});
type FirstIteration = z.infer<typeof firstIterationSchema>;

export const elegantSchema = z.object({
  seed: z.number().int().nonnegative(),
  img_size: z.number().int(),
  batch: z.number().int().positive(),
  n_attributes: z.number().int().positive(),
  iterations: z.tuple([firstIterationSchema], iterationSchema),
  params_after: summaries,
});
export type ElegantGolden = z.infer<typeof elegantSchema>;

export const TOLERANCES = {
  /** Of each tensor's rms. */
  forward: 1e-4,
  /** Of the first iteration. */
  losses: 1e-4,
  /** Of each gradient's rms. */
  gradients: 1e-3,
  /** Later losses depend on weights that float32 has moved a little elsewhere. */
  laterLosses: 1e-3,
} as const;

/** Residuals reach 2 and float32 keeps 24 bits of them. */
const RESIDUAL_ROUNDING = 2 ** -23;

/**
 * What may be lost when two near-equal residuals are subtracted: twenty roundings of a value near 1 beside the
 * difference's own rms, and never less than the forward tolerance. A wrong exchange gives an error near 1.
 */
export function differenceTolerance(rms: number): number {
  return Math.min(0.1, Math.max(TOLERANCES.forward, (20 * RESIDUAL_ROUNDING) / rms));
}

export const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-5 } as const;
export const LEARNING_RATE = 2e-4;

/** [N, H, W, C] values as [N, C, H, W]. */
export function toChannelsFirst(values: Float32Array, [n, h, w, c]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  let from = 0;
  for (let picture = 0; picture < n; picture++) {
    for (let pixel = 0; pixel < h * w; pixel++) {
      for (let channel = 0; channel < c; channel++) out[(picture * c + channel) * h * w + pixel] = values[from++];
    }
  }
  return out;
}

/** [N, C, H, W] values as [N, H, W, C]. */
export function toChannelsLast(values: Float32Array, [n, c, h, w]: readonly number[]): Float32Array {
  // The same exchange of two axes, with the roles of channels and pixels swapped.
  return toChannelsFirst(values, [n, c, 1, h * w]);
}

function readImage(tensor: tf.Tensor): Float32Array {
  return toChannelsFirst(tensor.dataSync() as Float32Array, tensor.shape);
}

function subtract(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]);
}

/** Equal parts of a stacked batch, in order. */
function readParts(tensor: tf.Tensor, parts: number): Float32Array[] {
  const values = readImage(tensor);
  const length = values.length / parts;
  return Array.from({ length: parts }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

function checkForward(golden: FirstIteration, generated: Generated): Quantity[] {
  const { forward } = TOLERANCES;
  const compare = (
    group: string,
    name: string,
    summary: Summary,
    values: Float32Array,
    tolerance: number = forward,
  ): Quantity => compareTensor(group, name, summary, values, tolerance);
  const [zA, zB, zC, zD] = readParts(generated.latents, 4);
  const [RA, RB, RC, RD] = readParts(generated.residuals, 4);
  const [A1, B1] = readParts(generated.reconstructed, 2);
  const [C, D] = readParts(generated.exchanged, 2);
  const exchanged = (name: "R_C-R_A" | "R_D-R_B", values: Float32Array): Quantity =>
    compare(name, name, golden[name], values, differenceTolerance(golden[name].rms));
  return [
    compare("latents", "z_A", golden.z_A, zA),
    compare("latents", "z_C", golden.z_C, zC),
    compare("latents", "z_D", golden.z_D, zD),
    compare("latents", "z_A-z_B", golden["z_A-z_B"], subtract(zA, zB)),
    ...golden.A_skip.map((summary, i) => {
      return compare("skips", `A_skip ${i + 1}`, summary, readParts(generated.skips[i], 2)[0]);
    }),
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

function checkGradients(
  golden: FirstIteration,
  specs: ReadonlyMap<string, ParameterSpec>,
  gradients: StepTrace["gradients"],
): Quantity[] {
  const side = gradients.has("D1.linear.0.weight") ? "grad_D" : "grad_G";
  return Object.entries(golden[side]).map(([name, summary]) => {
    const gradient = gradients.get(name);
    const spec = specs.get(name);
    const values =
      gradient === undefined || spec === undefined ? [] : fromDeviceLayout(spec, gradient.dataSync() as Float32Array);
    return compareTensor(side, `${side} ${name}`, summary, values, TOLERANCES.gradients);
  });
}

const PICTURES = ["A", "B", "C", "D"] as const;

function checkScores(golden: Iteration, iteration: number, trace: Partial<StepTrace>): Quantity[] {
  const tolerance = iteration === 0 ? TOLERANCES.losses : TOLERANCES.laterLosses;
  return (["D1", "D2"] as const).flatMap((network) => {
    const logits = trace[network];
    if (logits === undefined) return [];
    const group = iteration === 0 ? "scores" : "later scores";
    return PICTURES.map((picture) => {
      const key = `${network === "D1" ? "d1" : "d2"}_${picture}` as const;
      const ours = logits[picture].dataSync();
      // The published score is the sigmoid of our logit.
      const pairs = golden[key].map((score, i) => ({ score, ours: 1 / (1 + Math.exp(-ours[i])) }));
      const errors = pairs.map((pair) => Math.abs(pair.ours - pair.score) / pair.score);
      const error = ours.length === errors.length ? Math.max(...errors) : Number.POSITIVE_INFINITY;
      const at = `iteration ${iteration} [${errors.indexOf(error)}]`;
      return { group, name: `${key}, iteration ${iteration}`, error, tolerance, at };
    });
  });
}

function checkLosses(golden: Iteration, iteration: number, ours: StepLosses): Quantity[] {
  const group = iteration === 0 ? "losses" : "later losses";
  const tolerance = iteration === 0 ? TOLERANCES.losses : TOLERANCES.laterLosses;
  const pairs: readonly (readonly [keyof Iteration & string, number, number])[] = [
    ["loss_D", golden.loss_D, ours.D],
    ["loss_G", golden.loss_G, ours.G],
    ["D_loss/D1", golden["D_loss/D1"], ours.D1],
    ["D_loss/D2", golden["D_loss/D2"], ours.D2],
    ["G_loss/reconstruction", golden["G_loss/reconstruction"], ours.reconstruction],
    ["G_loss/adv1", golden["G_loss/adv1"], ours.adversarial1],
    ["G_loss/adv2", golden["G_loss/adv2"], ours.adversarial2],
  ];
  return pairs.map(([name, expected, received]) => {
    const quantity = compareNumber(group, `${name}, iteration ${iteration}`, expected, received, tolerance);
    return { ...quantity, at: `iteration ${iteration} ${name}` };
  });
}

/** The model that a file is about; its width is read off the first layer. @throws InputError for sizes we do not train */
export function configOf(golden: ElegantGolden, file: string): ModelConfig {
  const width = golden.params_after["Enc.main.0.0.weight"]?.shape[0];
  const attributes = Array.from({ length: golden.n_attributes }, (_, i) => `attribute${i}`);
  const parsed = modelConfigSchema.safeParse({ size: golden.img_size, width, attributes });
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const expected = "a model of size 64, 128 or 256";
  throw new InputError(
    describeMismatch(file, expected, `${path.join(".")}: ${message}`, "Choose another golden file."),
  );
}

function createOptimizerFor(config: ModelConfig, networks: readonly Network[], seed: number): OptimizerState {
  const specs = parameterSpecs(config, networks);
  return createOptimizer(uploadParameters(specs, fillParameters(specs, seed), "formula"));
}

function createBatch(golden: ElegantGolden, iteration: number): PairBatch {
  const { seed, batch, img_size: size, n_attributes: count } = golden;
  const attribute = iteration % count;
  const picture = (side: "A" | "B"): tf.Tensor4D => {
    const values = image(`${side}${iteration}`, seed, batch, size);
    return tf.tensor4d(toChannelsLast(values, [batch, 3, size, size]), [batch, size, size, 3]);
  };
  const label = (side: "A" | "B"): tf.Tensor2D =>
    tf.tensor2d(labels(side, seed, iteration, batch, count, attribute), [batch, count]);
  return { attribute, A: picture("A"), B: picture("B"), yA: label("A"), yB: label("B") };
}

/** The file's labels beside the formula's: a difference is a fault of reading, not of computing. */
function checkLabels(golden: Iteration, iteration: number, batch: PairBatch): Quantity {
  const expected = [golden.attribute_id, ...golden.y_A.flat(), ...golden.y_B.flat()];
  const received = [batch.attribute, ...batch.yA.dataSync(), ...batch.yB.dataSync()];
  const wrong = expected.length === received.length ? expected.filter((value, i) => value !== received[i]).length : 1;
  return { group: "labels", name: `labels, iteration ${iteration}`, error: wrong, tolerance: 0, at: "" };
}

/**
 * Runs the file's updates on the current TensorFlow.js device and compares everything.
 * @throws InputError when the model cannot be built (`file` names it in the message)
 */
export async function checkElegant(golden: ElegantGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const config = configOf(golden, file);
  const specs = parameterSpecs(config, [...GENERATOR, ...DISCRIMINATORS]);
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const generator = createOptimizerFor(config, GENERATOR, golden.seed);
  const discriminator = createOptimizerFor(config, DISCRIMINATORS, golden.seed);
  const state: TrainingState = { config, generator, discriminator };
  const settings = { weights: LOSS_WEIGHTS.official, adam: ADAM, learningRate: LEARNING_RATE };
  const quantities: Quantity[] = [];
  const [first] = golden.iterations;
  try {
    golden.iterations.forEach((expected, iteration) => {
      const stage = `Check ${file}`;
      onProgress({ stage, done: iteration, total: golden.iterations.length, unit: "updates" });
      const batch = createBatch(golden, iteration);
      quantities.push(checkLabels(expected, iteration, batch));
      const losses = trainStep(state, batch, settings, (trace) => {
        // The tensors are gone after this call: read them now.
        quantities.push(...checkScores(expected, iteration, trace));
        if (iteration > 0) return;
        if (trace.generated !== undefined) quantities.push(...checkForward(first, trace.generated));
        if (trace.gradients !== undefined) quantities.push(...checkGradients(first, byName, trace.gradients));
      });
      quantities.push(...checkLosses(expected, iteration, losses));
      tf.dispose([batch.A, batch.B, batch.yA, batch.yB]);
    });
    const after = new Map([
      ...(await downloadParameters(parameterSpecs(config, GENERATOR), generator.parameters)),
      ...(await downloadParameters(parameterSpecs(config, DISCRIMINATORS), discriminator.parameters)),
    ]);
    quantities.push(...compareWeights(golden.params_after, after, LEARNING_RATE * golden.iterations.length));
  } finally {
    for (const { parameters, first: m, second: v } of [generator, discriminator]) {
      for (const set of [parameters, m, v]) disposeParameters(set);
    }
  }
  return quantities;
}
