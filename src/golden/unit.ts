/** Checks updates of UNIT against numbers of the published networks and training loop in float64 (unit-*.json). */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { parseFields } from "../methods/parse.js";
import { configSchema } from "../methods/unit/config.js";
import { type Images, runCycles } from "../methods/unit/losses.js";
import { cross, domainLayers, encode, judge, sharedLayers, translate } from "../methods/unit/networks.js";
import { type Noises, noiseShapes } from "../methods/unit/noise.js";
import { discriminatorSpecs, generatorSpecs } from "../methods/unit/parameters.js";
import { PUBLISHED, type UnitChoices, updateSettings } from "../methods/unit/settings.js";
import { trainPairs, type UnitBatch } from "../methods/unit/update.js";
import { disposeOptimizer, type Gradients } from "../nn/optimizer.js";
import type { Parameters } from "../nn/parameters.js";
import type { OnProgress } from "../types.js";
import {
  compareCounts,
  compareGradients,
  compareImages,
  compareLoss,
  compareLosses,
  compareParameters,
  copyGradients,
  downloadAll,
  formulaImages,
  formulaOptimizer,
  lossesSchema,
  summariesSchema,
  TOLERANCES,
} from "./baselines.js";
import { type Quantity, type Summary, summarySchema } from "./compare.js";
import { filled } from "./formula.js";
import { checkUpdates, type RunUpdates } from "./trials.js";

const crossedSchema = z.object({ x_aa: summarySchema, x_ba: summarySchema, x_ab: summarySchema, x_bb: summarySchema });

export const unitSchema = z.object({
  system: z.literal("unit"),
  seed: z.number().int().nonnegative(),
  img_size: z.number().int().positive(),
  batch: z.number().int().positive(),
  gen_width: z.number().int().positive(),
  dis_width: z.number().int().positive(),
  weights: z.object({
    gan_w: z.number(),
    ll_direct_link_w: z.number(),
    ll_cycle_link_w: z.number(),
    kl_direct_link_w: z.number(),
    kl_cycle_link_w: z.number(),
  }),
  learning_rate: z.number().positive(),
  weight_decay: z.number().nonnegative(),
  parameters: z.object({ gen: z.number(), dis: z.number() }),
  dead_biases: z.array(z.string()),
  forward: crossedSchema.extend({
    encode_A: summarySchema,
    encode_B: summarySchema,
    quiet_a2b: summarySchema,
    quiet_code_a2b: summarySchema,
    quiet_b2a: summarySchema,
    quiet_code_b2a: summarySchema,
    code: summarySchema,
    dis_A_of_A0: z.array(z.number()),
    dis_B_of_B0: z.array(z.number()),
    layers_of_dis_A0: summariesSchema,
  }),
  iterations: z.array(lossesSchema),
  grad_D: summariesSchema,
  grad_G: summariesSchema,
  forward_G: crossedSchema.extend({ x_aba: summarySchema, x_bab: summarySchema }),
  params_after: summariesSchema,
});
export type UnitGolden = z.infer<typeof unitSchema>;

/** Our names of the published losses. */
const LOSSES = {
  dis_loss: "D",
  gen_total_loss: "G",
  gen_ad_loss_a: "adversarialA",
  gen_ad_loss_b: "adversarialB",
  gen_ll_loss_a: "reconstructionA",
  gen_ll_loss_b: "reconstructionB",
  gen_ll_loss_aba: "cycleA",
  gen_ll_loss_bab: "cycleB",
  gen_enc_loss: "code",
  gen_enc_bab_loss: "cycleCodeB",
  gen_enc_aba_loss: "cycleCodeA",
} as const;

const UNIFORM_TO_UNIT_VARIANCE = Math.sqrt(3);

/** The networks and choices that the file was made with. */
function setupOf(golden: UnitGolden, file: string) {
  const { img_size, gen_width, dis_width, weights, learning_rate, weight_decay } = golden;
  if (gen_width !== dis_width) throw new Error(`${file}: widths ${gen_width} and ${dis_width}, ours are the same`);
  const config = parseFields(
    configSchema,
    { method: "unit", size: img_size, width: gen_width, attributes: ["A"] },
    file,
  );
  const choices: UnitChoices = {
    ...PUBLISHED,
    adversarial: weights.gan_w,
    reconstruction: weights.ll_direct_link_w,
    cycle: weights.ll_cycle_link_w,
    code: weights.kl_direct_link_w,
    cycleCode: weights.kl_cycle_link_w,
    learningRate: learning_rate,
    weightDecay: weight_decay,
  };
  return { config, settings: updateSettings(choices), G: generatorSpecs(config), D: discriminatorSpecs(config) };
}
type Setup = ReturnType<typeof setupOf>;

/** The formula's images and noise. */
function batchOf({ seed, batch, img_size }: UnitGolden, { config }: Setup, iteration: number): UnitBatch {
  const shapes = noiseShapes(config, batch);
  const noise = (name: keyof Noises, number: number): tf.Tensor4D =>
    tf.tidy(() => {
      const [n, height, width, channels] = shapes[name];
      const count = n * height * width * channels;
      const values = filled(`noise${iteration}.${number}`, seed, count, UNIFORM_TO_UNIT_VARIANCE);
      return tf.transpose(tf.tensor4d(values, [n, channels, height, width]), [0, 2, 3, 1]);
    });
  return {
    A: formulaImages(`A${iteration}`, seed, batch, img_size),
    B: formulaImages(`B${iteration}`, seed, batch, img_size),
    noises: {
      discriminator: noise("discriminator", 0),
      generator: noise("generator", 1),
      bab: noise("bab", 2),
      aba: noise("aba", 3),
    },
  };
}

const disposeBatch = ({ A, B, noises }: UnitBatch): void => tf.dispose([A, B, ...Object.values(noises)]);

/** Compares tensors with the summaries of the same names, and disposes them. */
async function compareAll(
  group: string,
  golden: Readonly<Record<string, Summary>>,
  ours: Readonly<Record<string, tf.Tensor>>,
): Promise<Quantity[]> {
  const quantities: Quantity[] = [];
  for (const [name, tensor] of Object.entries(ours)) {
    const summary = golden[name];
    if (summary === undefined) throw new Error(`golden: no '${name}' in ${group}`);
    quantities.push(await compareImages(group, `${group}: ${name}`, summary, tensor));
  }
  tf.dispose(Object.values(ours));
  return quantities;
}

/** Checks both networks' forward passes, and the edits, which have no noise. */
async function checkForward(
  golden: UnitGolden,
  generator: Parameters,
  discriminator: Parameters,
  batch: UnitBatch,
): Promise<Quantity[]> {
  const { dis_A_of_A0, dis_B_of_B0, layers_of_dis_A0, ...summaries } = golden.forward;
  const images: Images = batch;
  const encoded = tf.tidy(() => ({
    encode_A: encode(generator, "A", images.A),
    encode_B: encode(generator, "B", images.B),
  }));
  const edits = tf.tidy(() => {
    const [a2b, b2a] = [translate(generator, "A", images.A, null), translate(generator, "B", images.B, null)];
    return {
      quiet_a2b: a2b.images,
      quiet_code_a2b: a2b.code,
      quiet_b2a: b2a.images,
      quiet_code_b2a: b2a.code,
    };
  });
  const crossed = tf.tidy(() => {
    const { aa, ba, ab, bb, code } = cross(generator, images.A, images.B, batch.noises.discriminator);
    return { x_aa: aa, x_ba: ba, x_ab: ab, x_bb: bb, code };
  });
  const cycled = tf.tidy(() => {
    const { aa, ba, ab, bb, aba, bab } = runCycles(generator, images, batch.noises);
    return { x_aa: aa, x_ba: ba, x_ab: ab, x_bb: bb, x_aba: aba.images, x_bab: bab.images };
  });
  const layers = tf.tidy(() => {
    const own = domainLayers(discriminator, "A", images.A);
    const { activations, logits } = sharedLayers(discriminator, own[1]);
    const shared = [...activations, logits].map((tensor, i) => [`model_S.${i}`, tensor] as const);
    return { ...Object.fromEntries(shared), "model_A.0": own[0], "model_A.1": own[1] };
  });
  const quantities = [
    ...(await compareAll("encoded", summaries, encoded)),
    ...(await compareAll("edits", summaries, edits)),
    ...(await compareAll("crossed", summaries, crossed)),
    ...(await compareAll("cycled", golden.forward_G, cycled)),
    ...(await compareAll("layers of D", layers_of_dis_A0, layers)),
  ];
  const logits = tf.tidy(() => judge(discriminator, images.A, images.B));
  for (const [k, rows] of [dis_A_of_A0, dis_B_of_B0].entries()) {
    const ours = await logits[k].data();
    for (const [i, value] of rows.entries()) {
      quantities.push(compareLoss("logits", `dis_${"AB"[k]}, image ${i}`, value, ours[i], TOLERANCES.forward));
    }
  }
  tf.dispose(logits);
  return quantities;
}

/** Runs all iterations from weights that trial number `trial` moves. */
async function runIterations(
  golden: UnitGolden,
  file: string,
  trial: number,
  onIteration: (done: number) => void,
): Promise<Quantity[]> {
  const setup = setupOf(golden, file);
  const { settings, G, D } = setup;
  const specs = new Map([...G, ...D].map((spec) => [spec.name, spec]));
  const [generator, discriminator] = [G, D].map((list) => formulaOptimizer(list, golden.seed, trial, file));
  const quantities = compareCounts(golden.parameters, [...G, ...D]);
  try {
    for (const [i, expected] of golden.iterations.entries()) {
      onIteration(i);
      const batch = batchOf(golden, setup, i);
      if (i === 0) {
        quantities.push(...(await checkForward(golden, generator.parameters, discriminator.parameters, batch)));
      }
      const kept: Gradients[] = [];
      const losses = await trainPairs({ generator, discriminator }, batch, settings, {
        onGradients: (gradients) => {
          if (i === 0) kept.push(copyGradients(gradients));
        },
      });
      disposeBatch(batch);
      for (const [k, gradients] of kept.entries()) {
        const [name, tensors] = k === 0 ? (["grad_D", golden.grad_D] as const) : (["grad_G", golden.grad_G] as const);
        quantities.push(...(await compareGradients(name, tensors, gradients, specs, golden.dead_biases)));
        tf.dispose([...gradients.values()]);
      }
      const ours = Object.entries(LOSSES).map(([published, name]) => [published, losses[name]]);
      quantities.push(...compareLosses(expected, Object.fromEntries(ours), i));
    }
    const after = await downloadAll([
      [G, generator],
      [D, discriminator],
    ]);
    return [...quantities, ...compareParameters(golden.params_after, after, golden.dead_biases)];
  } finally {
    for (const optimizer of [generator, discriminator]) disposeOptimizer(optimizer);
  }
}

/** Runs the file's iterations on the current device and compares everything. @param file names it in messages */
export function checkUnit(golden: UnitGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const run: RunUpdates = (trial, onUpdate) => runIterations(golden, file, trial, onUpdate);
  return checkUpdates(file, golden.iterations.length, onProgress, run);
}
