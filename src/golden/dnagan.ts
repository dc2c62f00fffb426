/** Checks DNA-GAN against numbers of a PyTorch transcription of the published code in float64 (dnagan-*.json). */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { configSchema, type DnaganConfig, pieceOf } from "../methods/dnagan/config.js";
import { addAttribute, generate, removeAttribute } from "../methods/dnagan/exchange.js";
import { discriminatorLoss, generatorLoss } from "../methods/dnagan/losses.js";
import { movingSpecs, movingStatistics } from "../methods/dnagan/moving.js";
import { encode, normalizeByBatch, score } from "../methods/dnagan/networks.js";
import { discriminatorSpecs, generatorSpecs, normalizedLayers } from "../methods/dnagan/parameters.js";
import { PUBLISHED, type UpdateSettings, updateSettings } from "../methods/dnagan/settings.js";
import { type DnaganState, pairsOf, trainIteration } from "../methods/dnagan/update.js";
import type { PairBatch } from "../methods/method.js";
import { parseFields } from "../methods/parse.js";
import { takeChannels } from "../nn/channels.js";
import { applyRmsprop, disposeOptimizer, gradientsOf, type OptimizerState } from "../nn/optimizer.js";
import { disposeParameters, downloadParameters, zeroParameters } from "../nn/parameters.js";
import type { OnProgress } from "../types.js";
import {
  compareCounts,
  compareGradients,
  compareImages,
  compareLoss,
  compareLosses,
  compareParameters,
  downloadAll,
  formulaImages,
  formulaOptimizer,
  lossesSchema,
  summariesSchema,
  TOLERANCES,
} from "./baselines.js";
import { compareTensor, type Quantity, type Summary, summarySchema } from "./compare.js";
import { field } from "./formula.js";
import { checkUpdates, type RunUpdates } from "./trials.js";

const rowsSchema = z.array(z.array(z.number()));

export const dnaganSchema = z.object({
  system: z.literal("dnagan"),
  seed: z.number().int().nonnegative(),
  img_size: z.number().int().positive(),
  batch: z.number().int().positive(),
  n_attributes: z.number().int().positive(),
  width: z.number().int().positive(),
  second_ratio: z.number().positive(),
  learning_rate: z.number().positive(),
  parameters: z.object({ encoder: z.number(), decoder: z.number(), D: z.number() }),
  forward: z.object({
    yA: z.array(rowsSchema),
    yB: z.array(rowsSchema),
    code_A0: z.array(summarySchema),
    A2_0: summarySchema,
    B2_0: summarySchema,
    Ae: z.array(summarySchema),
    Bx: z.array(summarySchema),
    real_A: rowsSchema,
    fake_Bx: rowsSchema,
    real_B: rowsSchema,
    fake_Ae: rowsSchema,
  }),
  first_losses: lossesSchema,
  grad_D: summariesSchema,
  grad_G: summariesSchema,
  params_D_before_first_clip: summariesSchema,
  iterations: z.array(z.object({ D_updates: z.number().int().positive() }).catchall(z.number())),
  params_after: summariesSchema,
  moving_after: summariesSchema,
  edited_with_moving_statistics: z.object({ removed_from_A: summarySchema, added_to_B: summarySchema }),
});
export type DnaganGolden = z.infer<typeof dnaganSchema>;

/** Our names of the published losses. */
const LOSSES = {
  "G/cycle_A": "reconstructionA",
  "G/cycle_B": "reconstructionB",
  "G/Bx": "addedG",
  "G/Ae": "removedG",
  "D/x": "addedD",
  "D/e": "removedD",
  G: "G",
  D: "D",
} as const;

function configOf({ img_size, width, n_attributes, second_ratio }: DnaganGolden, file: string): DnaganConfig {
  const attributes = Array.from({ length: n_attributes }, (_, i) => `${i}`);
  return parseFields(configSchema, { method: "dnagan", size: img_size, width, attributes, ratio: second_ratio }, file);
}

/** The formula's pairs: `batch` of each attribute. */
function batchOf({ seed, batch, img_size, n_attributes }: DnaganGolden, iteration: number): PairBatch {
  const attributes = Array.from({ length: n_attributes }, (_, i) => i);
  const images = (side: "A" | "B"): tf.Tensor4D =>
    tf.concat(attributes.map((i) => formulaImages(`${side}${iteration}.${i}`, seed, batch, img_size)));
  const labels = (side: "A" | "B"): tf.Tensor2D => {
    const rows = attributes.flatMap((i) => {
      const value = field(`y${side}${iteration}.${i}`, seed);
      const own = side === "A" ? 1 : 0;
      return Array.from({ length: batch }, (_, k) =>
        attributes.map((j) => (j === i ? own : Number(value(k * n_attributes + j) > 0))),
      );
    });
    return tf.tensor2d(rows, [rows.length, n_attributes]);
  };
  return tf.tidy(() => ({
    groups: attributes.map((attribute) => ({ attribute, pairs: batch })),
    ...{ A: images("A"), B: images("B"), yA: labels("A"), yB: labels("B") },
  }));
}

const disposeBatch = ({ A, B, yA, yB }: PairBatch): void => tf.dispose([A, B, yA, yB]);

/** Compares codes, images and scores with the first weights. The scope around it disposes its tensors. */
async function checkForward(
  { forward }: DnaganGolden,
  { config, generator, discriminator }: DnaganState,
  batch: PairBatch,
): Promise<Quantity[]> {
  const [G, D] = [generator.parameters, discriminator.parameters];
  const pairs = pairsOf(batch);
  const generated = generate(G, config, pairs, normalizeByBatch);
  const quantities: Quantity[] = [];
  const image = async (name: string, summary: Summary, ours: tf.Tensor): Promise<void> => {
    quantities.push(await compareImages("forward", name, summary, ours));
  };
  const numbers = async (group: string, name: string, expected: number[], ours: tf.Tensor): Promise<void> => {
    const values = await ours.data();
    for (const [i, value] of expected.entries()) {
      quantities.push(compareLoss(group, `${name} ${i}`, value, values[i], TOLERANCES.forward));
    }
  };
  const code = encode(G, pairs[0].A, normalizeByBatch);
  for (const [i, summary] of forward.code_A0.entries()) {
    const [begin, end] = i < pairs.length ? pieceOf(config, i) : [pieceOf(config, i)[0], code.shape[3]];
    await image(`code of A0, piece ${i}`, summary, takeChannels(code, begin, end));
  }
  await image("A2_0", forward.A2_0, generated[0].A2);
  await image("B2_0", forward.B2_0, generated[0].B2);
  for (const [i, { attribute, A, B, yA, yB }] of pairs.entries()) {
    const { Ae, Bx } = generated[i];
    await image(`Ae ${i}`, forward.Ae[i], Ae);
    await image(`Bx ${i}`, forward.Bx[i], Bx);
    await numbers("labels", `yA ${i}`, forward.yA[i].flat(), tf.sub(tf.mul(yA, 2), 1));
    await numbers("labels", `yB ${i}`, forward.yB[i].flat(), tf.sub(tf.mul(yB, 2), 1));
    await numbers("scores", `real_A ${i}`, forward.real_A[i], score(D, A, yA, attribute));
    await numbers("scores", `fake_Bx ${i}`, forward.fake_Bx[i], score(D, Bx, yA, attribute));
    await numbers("scores", `real_B ${i}`, forward.real_B[i], score(D, B, yB, attribute));
    await numbers("scores", `fake_Ae ${i}`, forward.fake_Ae[i], score(D, Ae, yB, attribute));
  }
  return quantities;
}

/**
 * Compares the losses and gradients of both networks with the first weights, and what the discriminator's first update
 * makes of them before it clips.
 * @param unclipped an optimizer of the first weights of the discriminator, which this changes
 */
async function checkFirstUpdate(
  golden: DnaganGolden,
  { config, generator }: DnaganState,
  unclipped: OptimizerState,
  batch: PairBatch,
  settings: UpdateSettings,
): Promise<Quantity[]> {
  const [ofG, ofD] = [generatorSpecs(config), discriminatorSpecs(config)];
  const specs = new Map([...ofG, ...ofD].map((spec) => [spec.name, spec]));
  const pairs = pairsOf(batch);
  const generated = generate(generator.parameters, config, pairs, normalizeByBatch);
  const losses: Record<string, tf.Scalar> = {
    ...discriminatorLoss(unclipped.parameters, pairs, generated),
    ...generatorLoss(unclipped.parameters, pairs, generated),
  };
  const quantities: Quantity[] = [];
  for (const [name, value] of Object.entries(golden.first_losses)) {
    const [ours] = await losses[LOSSES[name as keyof typeof LOSSES]].data();
    quantities.push(compareLoss("losses", `${name} at first`, value, ours, TOLERANCES.losses));
  }
  const { gradients: ofGenerator } = gradientsOf(generator, () => {
    const made = generate(generator.parameters, config, pairs, normalizeByBatch);
    return generatorLoss(unclipped.parameters, pairs, made).G;
  });
  const { gradients } = gradientsOf(unclipped, () => discriminatorLoss(unclipped.parameters, pairs, generated).D);
  quantities.push(...(await compareGradients("grad_G", golden.grad_G, ofGenerator, specs)));
  quantities.push(...(await compareGradients("grad_D", golden.grad_D, gradients, specs)));
  for (let i = 0; i < settings.applications; i++) applyRmsprop(unclipped, gradients, settings);
  const after = await downloadParameters(ofD, unclipped.parameters);
  for (const [name, summary] of Object.entries(golden.params_D_before_first_clip)) {
    // An update moves a weight by 1e-3 of its rms, so the tolerance of later weights would not notice a missing one.
    const values = after.get(name)?.data ?? [];
    quantities.push(compareTensor("before clipping", `${name} before`, summary, values, TOLERANCES.forward));
  }
  return quantities;
}

/** Compares the moving statistics after all updates, and edits with them. */
async function checkMoving(golden: DnaganGolden, state: DnaganState): Promise<Quantity[]> {
  const { config, moving, generator } = state;
  const quantities: Quantity[] = [];
  for (const { name } of normalizedLayers(config)) {
    for (const [part, ours] of Object.entries(movingStatistics(moving, name))) {
      const published = `${name}/batch_normalization/moving_${part}`;
      const [summary, values] = [golden.moving_after[published], await ours.data()];
      quantities.push(compareTensor("moving statistics", published, summary, values, TOLERANCES.forward));
    }
  }
  const [{ A, B }] = pairsOf(batchOf(golden, 0));
  const { removed_from_A, added_to_B } = golden.edited_with_moving_statistics;
  const all = new Map([...generator.parameters, ...moving]);
  const removed = removeAttribute(all, config, A, 0);
  const added = addAttribute(all, config, B, A, 0);
  quantities.push(await compareImages("edits", "removed from A", removed_from_A, removed));
  quantities.push(await compareImages("edits", "added to B", added_to_B, added));
  return quantities;
}

/** Runs a check in a scope that disposes its tensors. */
async function inScope<T>(body: () => Promise<T>): Promise<T> {
  tf.engine().startScope();
  try {
    return await body();
  } finally {
    tf.engine().endScope();
  }
}

/** Runs all iterations from weights that trial number `trial` moves. */
async function runIterations(
  golden: DnaganGolden,
  file: string,
  trial: number,
  onIteration: (done: number) => void,
): Promise<Quantity[]> {
  const config = configOf(golden, file);
  const [ofG, ofD] = [generatorSpecs(config), discriminatorSpecs(config)];
  const [generator, discriminator, unclipped] = [ofG, ofD, ofD].map((specs) =>
    formulaOptimizer(specs, golden.seed, trial, file),
  );
  const state: DnaganState = { config, generator, discriminator, moving: zeroParameters(movingSpecs(config)) };
  const settings = updateSettings({ ...PUBLISHED, learningRate: golden.learning_rate }, { step: 0 });
  const quantities = compareCounts(golden.parameters, [...ofG, ...ofD], "/");
  try {
    await inScope(async () => {
      const first = batchOf(golden, 0);
      quantities.push(...(await checkForward(golden, state, first)));
      quantities.push(...(await checkFirstUpdate(golden, state, unclipped, first, settings)));
    });
    for (const [i, { D_updates, ...expected }] of golden.iterations.entries()) {
      onIteration(i);
      const batch = batchOf(golden, i);
      const losses = await trainIteration(state, batch, { ...settings, discriminatorUpdates: D_updates });
      disposeBatch(batch);
      const ours = Object.entries(LOSSES).map(([published, name]) => [published, losses[name]]);
      quantities.push(...compareLosses(expected, Object.fromEntries(ours), i));
    }
    const after = await downloadAll([
      [ofG, generator],
      [ofD, discriminator],
    ]);
    quantities.push(...compareParameters(golden.params_after, after));
    return [...quantities, ...(await inScope(() => checkMoving(golden, state)))];
  } finally {
    for (const optimizer of [generator, discriminator, unclipped]) disposeOptimizer(optimizer);
    disposeParameters(state.moving);
  }
}

/** Quantities that jump at a kink, and quantities that depend on them. */
const NEAR_KINKS: readonly string[] = [
  ...["grad_D", "grad_G", "before clipping", "later losses", "weights after", "moving statistics", "edits"],
];

/** Runs the file's iterations on the current device and compares everything. @param file names it in messages */
export function checkDnagan(golden: DnaganGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const run: RunUpdates = (trial, onUpdate) => runIterations(golden, file, trial, onUpdate);
  return checkUpdates(file, golden.iterations.length, onProgress, run, NEAR_KINKS);
}
