/** Checks updates of CycleGAN against numbers of the published networks and training loop in float64 (cyclegan-*.json). */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { type CycleganConfig, configSchema } from "../methods/cyclegan/config.js";
import type { Domains } from "../methods/cyclegan/losses.js";
import { scorePatches, translate } from "../methods/cyclegan/networks.js";
import { bothDiscriminatorsSpecs, bothGeneratorsSpecs } from "../methods/cyclegan/parameters.js";
import { type PoolDraws, poolOf, poolSpecs } from "../methods/cyclegan/pool.js";
import { DEFAULTS, updateSettings } from "../methods/cyclegan/settings.js";
import { type CycleganState, type IterationLosses, trainIteration } from "../methods/cyclegan/update.js";
import { parseFields } from "../methods/parse.js";
import { disposeOptimizer, type Gradients } from "../nn/optimizer.js";
import { disposeParameters, zeroParameters } from "../nn/parameters.js";
import type { OnProgress } from "../types.js";
import {
  compareCounts,
  compareGradients,
  compareImages,
  compareLosses,
  compareParameters,
  copyGradients,
  downloadAll,
  formulaImages,
  formulaOptimizer,
  summariesSchema,
} from "./baselines.js";
import { type Quantity, type Summary, summarySchema } from "./compare.js";
import { type Field, field } from "./formula.js";
import { checkUpdates, type RunUpdates } from "./trials.js";

/** What a full pool returned: the new image, or the one of a place that the new one then took. */
const drawSchema = z.literal("current").or(z.number().int().nonnegative());
type Draw = z.infer<typeof drawSchema>;
const networksSchema = z.object({ G_A: z.number(), G_B: z.number(), D_A: z.number(), D_B: z.number() });

export const cycleganSchema = z
  .object({
    system: z.literal("cyclegan"),
    seed: z.number().int().nonnegative(),
    img_size: z.number().int().positive(),
    batch: z.number().int().positive(),
    width: z.number().int().positive(),
    blocks: z.number().int().nonnegative(),
    pool_size: z.number().int().positive(),
    lambda_A: z.number(),
    lambda_B: z.number(),
    /** The weight of the identity losses, as a share of the others. */
    lambda_identity: z.number(),
    learning_rate: z.number().positive(),
    parameters: networksSchema,
    dead_biases: z.array(z.string()),
    forward: z.object({
      layers_of_G_A_A0: summariesSchema,
      layers_of_D_A_A0: summariesSchema,
      fake_B: summarySchema,
      rec_A: summarySchema,
      fake_A: summarySchema,
      rec_B: summarySchema,
      idt_A: summarySchema,
      idt_B: summarySchema,
    }),
    iterations: z.array(
      z
        .object({ pool: z.array(drawSchema) })
        .catchall(z.number())
        .transform(({ pool, ...losses }) => ({ pool, losses: losses as Readonly<Record<string, number>> })),
    ),
    grad_G: summariesSchema,
    grad_D: summariesSchema,
    params_after: summariesSchema,
  })
  .refine(({ lambda_A, lambda_B }) => lambda_A === lambda_B, "lambda_A and lambda_B differ");
export type CycleganGolden = z.infer<typeof cycleganSchema>;

function configOf({ img_size, width, blocks, pool_size }: CycleganGolden, file: string): CycleganConfig {
  const sizes = { size: img_size, width, generatorBlocks: blocks, poolSize: pool_size };
  return parseFields(configSchema, { method: "cyclegan", attributes: ["attribute"], ...sizes }, file);
}

function imagesOf({ seed, batch, img_size }: CycleganGolden, iteration: number): Domains {
  const [A, B] = ["A", "B"].map((domain) => formulaImages(`${domain}${iteration}`, seed, batch, img_size));
  return { A, B };
}

/** The formula's draws, and a record of the draws that were made. */
class FormulaDraws implements PoolDraws {
  made: Draw[] = [];
  private uniforms = 0;
  private indices = 0;
  private readonly uniformField: Field;
  private readonly indexField: Field;

  constructor(seed: number) {
    this.uniformField = field("pool.uniform", seed);
    this.indexField = field("pool.index", seed);
  }

  uniform(): number {
    this.made.push("current"); // unless a place is drawn next
    return (this.uniformField(this.uniforms++) + 1) / 2;
  }

  below(n: number): number {
    const place = Math.floor(((this.indexField(this.indices++) + 1) / 2) * n);
    this.made[this.made.length - 1] = place;
    return place;
  }
}

/** Compares layers and images before the first update. */
async function checkForward(
  { forward }: CycleganGolden,
  { config, generators, discriminators }: CycleganState,
  { A, B }: Domains,
): Promise<Quantity[]> {
  const layers = { G_A: new Map<string, tf.Tensor>(), D_A: new Map<string, tf.Tensor>() };
  const images = tf.tidy(() => {
    const onLayer = (network: keyof typeof layers) => (layer: string, x: tf.Tensor4D) => {
      layers[network].set(layer, tf.keep(tf.clone(x)));
    };
    const by = (network: "G_A" | "G_B", x: tf.Tensor4D) => translate(generators.parameters, config, network, x);
    const fake_B = translate(generators.parameters, config, "G_A", A, onLayer("G_A"));
    scorePatches(discriminators.parameters, "D_A", A, onLayer("D_A"));
    const fake_A = by("G_B", B);
    const [rec_A, rec_B] = [by("G_B", fake_B), by("G_A", fake_A)];
    return { fake_B, fake_A, rec_A, rec_B, idt_A: by("G_A", B), idt_B: by("G_B", A) };
  });
  const quantities: Quantity[] = [];
  const compare = async (group: string, name: string, golden: Summary, ours: tf.Tensor | undefined): Promise<void> => {
    if (ours === undefined) throw new Error(`golden: no layer '${name}'`);
    quantities.push(await compareImages(group, name, golden, ours));
  };
  for (const network of ["G_A", "D_A"] as const) {
    for (const [layer, golden] of Object.entries(forward[`layers_of_${network}_A0`])) {
      await compare(`layers of ${network}`, `${network}.${layer}`, golden, layers[network].get(layer));
    }
  }
  for (const [name, ours] of Object.entries(images)) {
    await compare("images", name, forward[name as keyof typeof images], ours);
  }
  tf.dispose([...layers.G_A.values(), ...layers.D_A.values(), ...Object.values(images)]);
  return quantities;
}

/** Finds the parameters whose gradients are 0. */
async function deadAmong(gradients: Gradients): Promise<string[]> {
  const dead: string[] = [];
  for (const [name, gradient] of gradients) if ((await gradient.data()).every((value) => value === 0)) dead.push(name);
  return dead;
}

/** Compares lists: the error is the number of items that are different. */
function compareLists(group: string, name: string, golden: readonly unknown[], ours: readonly unknown[]): Quantity {
  const longer = golden.length > ours.length ? golden : ours;
  const error = longer.filter((_, i) => golden[i] !== ours[i]).length;
  return { group, name, error, tolerance: 0, at: error === 0 ? "" : `[${ours}] instead of [${golden}]` };
}

/** Our losses by the published names. Those of cycles and identities have their weights in the file. */
function publishedLosses(
  { lambda_A: cycle, lambda_identity }: CycleganGolden,
  ours: IterationLosses,
): Readonly<Record<string, number>> {
  const identity = cycle * lambda_identity;
  return {
    D_A: ours.discriminatorA,
    D_B: ours.discriminatorB,
    G_A: ours.adversarialA,
    G_B: ours.adversarialB,
    cycle_A: cycle * ours.cycleA,
    cycle_B: cycle * ours.cycleB,
    idt_A: identity * ours.identityA,
    idt_B: identity * ours.identityB,
    G: ours.G,
  };
}

/** Runs all iterations from weights that trial number `trial` moves. */
async function runIterations(
  golden: CycleganGolden,
  file: string,
  trial: number,
  onIteration: (done: number) => void,
): Promise<Quantity[]> {
  const { seed, learning_rate: learningRate, lambda_A: cycle, lambda_identity, dead_biases: dead } = golden;
  const config = configOf(golden, file);
  const [ofGenerators, ofDiscriminators] = [bothGeneratorsSpecs(config), bothDiscriminatorsSpecs(config)];
  const all = [...ofGenerators, ...ofDiscriminators];
  const specs = new Map(all.map((spec) => [spec.name, spec]));
  const [generators, discriminators] = [ofGenerators, ofDiscriminators].map((list) =>
    formulaOptimizer(list, seed, trial, file),
  );
  const pools = zeroParameters(poolSpecs(config));
  const [poolA, poolB] = (["A", "B"] as const).map((domain) => poolOf(pools, domain));
  const state: CycleganState = { config, generators, discriminators, average: null, poolA, poolB };
  const choices = { ...DEFAULTS, learningRate, cycle, identity: cycle * lambda_identity };
  const settings = updateSettings(choices, { step: 0, progress: 0 });
  const draws = new FormulaDraws(seed);
  const quantities = compareCounts(golden.parameters, all);
  try {
    for (const [i, expected] of golden.iterations.entries()) {
      onIteration(i);
      const batch = imagesOf(golden, i);
      if (i === 0) quantities.push(...(await checkForward(golden, state, batch)));
      const kept: Gradients[] = [];
      draws.made = [];
      const losses = await trainIteration(state, batch, settings, draws, {
        onGradients: (gradients) => kept.push(copyGradients(gradients)),
      });
      quantities.push(...compareLosses(expected.losses, publishedLosses(golden, losses), i));
      quantities.push(compareLists("pool", `pool, iteration ${i}`, expected.pool, draws.made));
      if (i === 0) {
        quantities.push(...(await compareGradients("grad_G", golden.grad_G, kept[0], specs, dead)));
        quantities.push(...(await compareGradients("grad_D", golden.grad_D, kept[1], specs, dead)));
        const ours = [...(await deadAmong(kept[0])), ...(await deadAmong(kept[1]))];
        quantities.push(compareLists("dead biases", "dead biases", dead, ours));
      }
      tf.dispose([batch.A, batch.B, ...kept.flatMap((gradients) => [...gradients.values()])]);
    }
    const after = await downloadAll([
      [ofGenerators, generators],
      [ofDiscriminators, discriminators],
    ]);
    return [...quantities, ...compareParameters(golden.params_after, after, dead)];
  } finally {
    for (const optimizer of [generators, discriminators]) disposeOptimizer(optimizer);
    disposeParameters(pools);
  }
}

/** Runs the file's iterations on the current device and compares everything. @param file names it in messages */
export function checkCyclegan(golden: CycleganGolden, file: string, onProgress: OnProgress): Promise<Quantity[]> {
  const run: RunUpdates = (trial, onUpdate) => runIterations(golden, file, trial, onUpdate);
  return checkUpdates(file, golden.iterations.length, onProgress, run);
}
