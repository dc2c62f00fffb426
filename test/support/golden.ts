/** Makes a golden file of our own: the results of the current device for a tiny model filled by the formula. */
import type * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { moments, type Summary } from "../../src/golden/compare.js";
import { SETTINGS } from "../../src/golden/elegant.js";
import { type ElegantGolden, elegantSchema } from "../../src/golden/elegant-schema.js";
import { createBatch, createState } from "../../src/golden/elegant-setup.js";
import { toChannelsFirst } from "../../src/golden/layout.js";
import { type ModelConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { DISCRIMINATORS, GENERATOR, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { disposeState } from "../../src/methods/elegant/state.js";
import type { StepTrace } from "../../src/methods/elegant/trace.js";
import { trainStep } from "../../src/methods/elegant/update.js";
import { downloadParameters, fromDeviceLayout, type ParameterSpec } from "../../src/nn/parameters.js";
import { Random } from "../../src/random.js";
import { disposeBatch } from "./model.js";

/** A summary with twelve points, in the form of the golden files. */
export function summarize(values: Float32Array, shape: readonly number[]): Summary {
  const random = Random.fromSeed(1, "points");
  const indices = Array.from({ length: 12 }, () => random.below(values.length));
  const at = indices.map((i): [number, number] => [i, values[i]]);
  return { shape: [...shape], ...moments(values), at };
}

/** Summaries of the equal parts of a stacked batch: [N, H, W, C], summarised as [N, C, H, W]. */
async function summarizeParts(
  tensor: tf.Tensor,
  parts: number,
): Promise<{ summaries: Summary[]; values: Float32Array[] }> {
  const [n, h, w, c] = tensor.shape;
  const all = toChannelsFirst((await tensor.data()) as Float32Array, tensor.shape);
  const length = all.length / parts;
  const values = Array.from({ length: parts }, (_, i) => all.slice(i * length, (i + 1) * length));
  return { values, summaries: values.map((part) => summarize(part, [n / parts, c, h, w])) };
}

const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i]);

async function traceToFields(
  { forward, gradients }: StepTrace,
  specs: ReadonlyMap<string, ParameterSpec>,
): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  if (forward === null) throw new Error("an update in parts");
  const { generated, ...scores } = forward;
  for (const network of ["D1", "D2"] as const) {
    for (const picture of ["A", "B", "C", "D"] as const) {
      const values = [...(await scores[network][picture].logits.data())];
      fields[`${network.toLowerCase()}_${picture}`] = values.map((x) => 1 / (1 + Math.exp(-x)));
    }
  }
  const z = await summarizeParts(generated.latents, 4);
  const R = await summarizeParts(generated.residuals, 4);
  [fields.z_A, , fields.z_C, fields.z_D] = z.summaries;
  [fields.R_A, fields.R_B, fields.R_C, fields.R_D] = R.summaries;
  [fields.A1, fields.B1] = (await summarizeParts(generated.reconstructed, 2)).summaries;
  [fields.C, fields.D] = (await summarizeParts(generated.exchanged, 2)).summaries;
  const skips = await Promise.all(generated.skips.map((skip) => summarizeParts(skip, 2)));
  fields.A_skip = skips.map(({ summaries }) => summaries[0]);
  fields["z_A-z_B"] = summarize(minus(z.values[0], z.values[1]), z.summaries[0].shape);
  fields["R_C-R_A"] = summarize(minus(R.values[2], R.values[0]), R.summaries[0].shape);
  fields["R_D-R_B"] = summarize(minus(R.values[3], R.values[1]), R.summaries[0].shape);
  const sides: Record<"grad_D" | "grad_G", Record<string, Summary>> = { grad_D: {}, grad_G: {} };
  for (const [name, tensor] of gradients) {
    const spec = specs.get(name) as ParameterSpec;
    const values = fromDeviceLayout(spec, (await tensor.data()) as Float32Array);
    sides[/^D\d\./.test(name) ? "grad_D" : "grad_G"][name] = summarize(values, spec.shape);
  }
  return { ...fields, ...sides };
}

/** Two updates of one pair of 64 px at width 4, with two attributes. */
export async function makeGolden(seed: number): Promise<ElegantGolden> {
  const config: ModelConfig = { ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ["first", "second"] };
  const specs = new Map(parameterSpecs(config, [...GENERATOR, ...DISCRIMINATORS]).map((spec) => [spec.name, spec]));
  const head = { seed, img_size: 64, batch: 1, n_attributes: 2 };
  const state = createState(config, seed, 0);
  const iterations: unknown[] = [];
  for (const iteration of [0, 1]) {
    const batch = createBatch({ ...head } as ElegantGolden, iteration);
    const fields: Record<string, unknown> = { attribute_id: batch.groups[0].attribute };
    fields.y_A = [[...(await batch.yA.data())]];
    fields.y_B = [[...(await batch.yB.data())]];
    const losses = await trainStep(state, batch, SETTINGS, {
      onTrace: async (trace) => {
        Object.assign(fields, await traceToFields(trace, specs));
      },
    });
    disposeBatch(batch);
    const { D, G, D1, D2, reconstruction, adversarial1, adversarial2 } = losses;
    const parts = { "G_loss/reconstruction": reconstruction, "G_loss/adv1": adversarial1, "G_loss/adv2": adversarial2 };
    iterations.push({ ...fields, loss_D: D, loss_G: G, "D_loss/D1": D1, "D_loss/D2": D2, ...parts });
  }
  const after = [
    ...(await downloadParameters(parameterSpecs(config, GENERATOR), state.generator.parameters)),
    ...(await downloadParameters(parameterSpecs(config, DISCRIMINATORS), state.discriminator.parameters)),
  ];
  disposeState(state);
  const weights = Object.fromEntries(after.map(([name, { shape, data }]) => [name, summarize(data, shape)]));
  return elegantSchema.parse({ ...head, iterations, params_after: weights });
}

/** Makes a golden file on stock TensorFlow.js before the tests of the enclosing describe(). @returns its accessor */
export function useOwnGolden(): () => ElegantGolden {
  let own: ElegantGolden;
  before(async () => {
    const device = await openDevice("cpu", 1);
    own = await makeGolden(9);
    await device.close();
  });
  return () => own;
}
