/** Checks updates of StarGAN against numbers of the published networks and training loop in float64 (stargan-*.json). */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { parseFields } from "../methods/parse.js";
import { configSchema, type StarganConfig } from "../methods/stargan/config.js";
import { gradientPenalty, pointsBetween } from "../methods/stargan/losses.js";
import { judge, scorePatches, translate } from "../methods/stargan/networks.js";
import { discriminatorSpecs, generatorSpecs } from "../methods/stargan/parameters.js";
import { PUBLISHED, updateSettings } from "../methods/stargan/settings.js";
import { type Iteration, type StarganState, trainIteration } from "../methods/stargan/update.js";
import { disposeOptimizer, type Gradients, gradientsOf } from "../nn/optimizer.js";
import type { ParameterSpec } from "../nn/parameters.js";
import type { OnProgress } from "../types.js";
import {
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
import { type Quantity, summarySchema } from "./compare.js";
import { field } from "./formula.js";
import { checkUpdates, type RunUpdates } from "./trials.js";

const rowsSchema = z.array(z.array(z.number()));
const gradientsSchema = z
  .object({ iteration: z.number().int().nonnegative() })
  .catchall(summarySchema.or(z.number()))
  .transform(({ iteration, ...tensors }) => ({ iteration, tensors: tensors as z.infer<typeof summariesSchema> }));

export const starganSchema = z.object({
  system: z.literal("stargan"),
  seed: z.number().int().nonnegative(),
  img_size: z.number().int().positive(),
  batch: z.number().int().positive(),
  attributes: z.array(z.string()),
  width: z.number().int().positive(),
  g_blocks: z.number().int().nonnegative(),
  d_layers: z.number().int().positive(),
  n_critic: z.number().int().positive(),
  learning_rate: z.number().positive(),
  parameters: z.object({ G: z.number(), D: z.number() }),
  forward: z.object({
    layers_of_G_x_c_org: summariesSchema,
    fake: summarySchema,
    reconstructed: summarySchema,
    src_real: summarySchema,
    src_fake: summarySchema,
    cls_real: rowsSchema,
    cls_fake: rowsSchema,
  }),
  edits: z.record(z.string(), z.object({ labels: rowsSchema, picture: summarySchema })),
  penalty: z.object({
    slopes: summarySchema,
    norms: z.array(z.number()),
    loss_gp: z.number(),
    grad_of_loss_gp: summariesSchema,
  }),
  grad_D: gradientsSchema,
  grad_G: gradientsSchema,
  iterations: z.array(lossesSchema),
  params_after: summariesSchema,
});
export type StarganGolden = z.infer<typeof starganSchema>;

/** Our names of the published losses. */
const LOSSES = {
  "D/loss_real": "real",
  "D/loss_fake": "fake",
  "D/loss_cls": "classificationD",
  "D/loss_gp": "penalty",
  "G/loss_fake": "adversarial",
  "G/loss_rec": "reconstruction",
  "G/loss_cls": "classificationG",
} as const;

function configOf({ img_size, width, attributes, g_blocks, d_layers }: StarganGolden, file: string): StarganConfig {
  const layers = { generatorBlocks: g_blocks, discriminatorLayers: d_layers };
  return parseFields(configSchema, { method: "stargan", size: img_size, width, attributes, ...layers }, file);
}

/** The formula's images, labels and places of the penalty. An image's target labels are those of the next image. */
function iterationOf({ seed, batch, img_size, attributes }: StarganGolden, iteration: number): Iteration {
  const count = attributes.length;
  const [label, share] = [field(`y${iteration}`, seed), field(`alpha${iteration}`, seed)];
  const own = Array.from({ length: batch }, (_, j) =>
    Array.from({ length: count }, (_, i) => {
      if (i === j % count) return 1;
      return i === (j + 1) % count ? 0 : Number(label(j * count + i) > 0);
    }),
  );
  return {
    images: formulaImages(`x${iteration}`, seed, batch, img_size),
    own: tf.tensor2d(own, [batch, count]),
    targets: tf.tensor2d(
      own.map((_, j) => own[(j + 1) % batch]),
      [batch, count],
    ),
    alpha: tf.tensor1d(Array.from({ length: batch }, (_, j) => (share(j) + 1) / 2)),
  };
}

const disposeIteration = ({ images, own, targets, alpha }: Iteration): void =>
  tf.dispose([images, own, targets, alpha]);

async function checkForward(golden: StarganGolden, state: StarganState, batch: Iteration): Promise<Quantity[]> {
  const { config, generator, discriminator } = state;
  const { forward, edits } = golden;
  const [G, D] = [generator.parameters, discriminator.parameters];
  const quantities: Quantity[] = [];
  const image = async (group: string, name: string, summary: z.infer<typeof summarySchema>, ours: tf.Tensor) => {
    quantities.push(await compareImages(group, name, summary, ours));
    ours.dispose();
  };
  const fake = translate(G, config, batch.images, batch.targets);
  const reconstructed = translate(G, config, fake, batch.own);
  const [real, faked] = [batch.images, fake].map((images) => judge(D, config, images));
  for (const [name, { source, logits }, summary, rows] of [
    ["real", real, forward.src_real, forward.cls_real],
    ["fake", faked, forward.src_fake, forward.cls_fake],
  ] as const) {
    await image("scores", `src_${name}`, summary, source);
    const ours = await logits.data();
    for (const [i, value] of rows.flat().entries()) {
      quantities.push(compareLoss("scores", `cls_${name} ${i}`, value, ours[i], TOLERANCES.forward));
    }
    logits.dispose();
  }
  await image("images", "fake", forward.fake, fake);
  await image("images", "reconstructed", forward.reconstructed, reconstructed);
  for (const [name, { labels, picture }] of Object.entries(edits)) {
    const wanted = tf.tensor2d(labels);
    await image("edits", `edit of ${name}`, picture, translate(G, config, batch.images, wanted));
    wanted.dispose();
  }
  return quantities;
}

/** Checks the penalty by itself: slopes, norms, and its gradient, which needs the second derivative. */
async function checkPenalty(
  golden: StarganGolden,
  { config, generator, discriminator }: StarganState,
  batch: Iteration,
  specs: ReadonlyMap<string, ParameterSpec>,
): Promise<Quantity[]> {
  const { slopes, norms, loss_gp, grad_of_loss_gp } = golden.penalty;
  const between = tf.tidy(() => {
    const fakes = translate(generator.parameters, config, batch.images, batch.targets);
    return pointsBetween(batch.images, fakes, batch.alpha);
  });
  const ofScores = (x: tf.Tensor): tf.Tensor =>
    tf.sum(scorePatches(discriminator.parameters, config, x as tf.Tensor4D));
  const ours = tf.tidy(() => tf.grad(ofScores)(between));
  const lengths = tf.tidy(() => tf.sqrt(tf.sum(tf.square(ours), [1, 2, 3])));
  const quantities = [await compareImages("penalty", "slopes", slopes, ours)];
  for (const [i, value] of (await lengths.data()).entries()) {
    quantities.push(compareLoss("penalty", `norm ${i}`, norms[i], value, TOLERANCES.forward));
  }
  const { value, gradients } = gradientsOf(discriminator, () =>
    gradientPenalty(discriminator.parameters, config, between),
  );
  quantities.push(compareLoss("penalty", "loss_gp", loss_gp, (await value.data())[0], TOLERANCES.losses));
  quantities.push(...(await compareGradients("grad of penalty", grad_of_loss_gp, gradients, specs)));
  tf.dispose([between, ours, lengths, value, ...gradients.values()]);
  return quantities;
}

/** Runs all iterations from weights that trial number `trial` moves. */
async function runIterations(
  golden: StarganGolden,
  file: string,
  trial: number,
  onIteration: (done: number) => void,
): Promise<Quantity[]> {
  const config = configOf(golden, file);
  const [ofGenerator, ofDiscriminator] = [generatorSpecs(config), discriminatorSpecs(config)];
  const specs = new Map([...ofGenerator, ...ofDiscriminator].map((spec) => [spec.name, spec]));
  const [generator, discriminator] = [ofGenerator, ofDiscriminator].map((list) =>
    formulaOptimizer(list, golden.seed, trial, file),
  );
  const state: StarganState = { config, generator, discriminator, average: null };
  const settings = updateSettings({ ...PUBLISHED, learningRate: golden.learning_rate }, { step: 0, progress: 0 });
  const quantities: Quantity[] = [];
  try {
    const first = iterationOf(golden, 0);
    quantities.push(...(await checkForward(golden, state, first)));
    quantities.push(...(await checkPenalty(golden, state, first, specs)));
    disposeIteration(first);
    for (const [i, expected] of golden.iterations.entries()) {
      onIteration(i);
      const batch = iterationOf(golden, i);
      const kept: Gradients[] = [];
      const learns = (i + 1) % golden.n_critic === 0;
      const losses = await trainIteration(state, batch, settings, {
        learns,
        onGradients: (gradients) => kept.push(copyGradients(gradients)),
      });
      disposeIteration(batch);
      for (const [k, { iteration, tensors }] of [golden.grad_D, golden.grad_G].entries()) {
        const gradients = kept[k];
        if (iteration !== i || gradients === undefined) continue;
        quantities.push(...(await compareGradients(k === 0 ? "grad_D" : "grad_G", tensors, gradients, specs)));
      }
      tf.dispose(kept.flatMap((gradients) => [...gradients.values()]));
      const ours = Object.entries(LOSSES).map(([published, name]) => [published, losses[name] ?? Number.NaN]);
      quantities.push(...compareLosses(expected, Object.fromEntries(ours), i));
    }
    const after = await downloadAll([
      [ofGenerator, generator],
      [ofDiscriminator, discriminator],
    ]);
    return [...quantities, ...compareParameters(golden.params_after, after)];
  } finally {
    for (const optimizer of [generator, discriminator]) disposeOptimizer(optimizer);
  }
}

/** Runs the file's iterations on the current device and compares everything. @param file names it in messages */
export function checkStargan(golden: StarganGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const run: RunUpdates = (trial, onUpdate) => runIterations(golden, file, trial, onUpdate);
  return checkUpdates(file, golden.iterations.length, onProgress, run);
}
