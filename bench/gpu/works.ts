/** What users wait for: swaps, training updates, features of pictures. */

import * as tf from "@tensorflow/tfjs-core";
import { encodeFaces } from "../../src/editing/faces.js";
import { swapMany } from "../../src/editing/swap.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { GENERATOR, initialParameters } from "../../src/methods/elegant/parameters.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { createInception, inceptionFeatures, randomInceptionTensors } from "../../src/metrics/inception.js";
import { uploadGenerator } from "../../src/models/generator.js";
import { newTrainingState } from "../../src/training/run.js";
import type { Timing } from "../measure.js";
import { ATTRIBUTES, attempt, type Bench, compare, onDevice } from "./bench.js";
import { measureQueued, measureWaited } from "./timing.js";

/** Random images, [N, size, size, 3] in [-1, 1]. */
function pictures(n: number, size: number, seed: number): tf.Tensor4D {
  return tf.randomUniform([n, size, size, 3], -1, 1, "float32", seed);
}

/** Two encodes and one decode per image: queued, and one by one with the edited image read. */
export async function measureSwaps(bench: Bench, until: number): Promise<void> {
  const { width, swap } = bench.sizes;
  const section = bench.budget.section(until, swap.batches.length + 1);
  const config = createConfig({ ...OFFICIAL_NETWORK, size: swap.size, width, attributes: ATTRIBUTES });
  const body = async (): Promise<void> => {
    const values = initialParameters(config, GENERATOR, 1);
    const found = { model: elegantModel(config), tensors: values, step: 0, source: "bench", warnings: [] };
    const generator = uploadGenerator(found);
    for (const batch of swap.batches) {
      const [input, reference] = [5, 6].map((seed) => pictures(batch, swap.size, seed));
      const edited = (): tf.Tensor4D =>
        tf.tidy(() => {
          const edit = { attribute: ATTRIBUTES[0], reference: encodeFaces(generator, reference) };
          return swapMany(generator, encodeFaces(generator, input), [edit]);
        });
      const work = `swap, ${swap.size} px, width ${width}, batch ${batch}`;
      const request = { work: "swap", size: swap.size, width, batch } as const;
      const queued = (seconds: number): Promise<Timing> => measureQueued(edited, seconds);
      await compare(bench, section, { work, ours: queued, request: { ...request, read: 0 } });
      if (batch === 1) {
        const readOne = async (): Promise<void> => {
          const made = edited();
          await made.data();
          made.dispose();
        };
        const read = (seconds: number): Promise<Timing> => measureWaited(readOne, seconds);
        await compare(bench, section, {
          work: `${work}, one by one, read`,
          ours: read,
          request: { ...request, read: 1 },
        });
      }
      tf.dispose([input, reference]);
    }
  };
  await attempt(bench, "swaps", () => onDevice(bench, body));
}

/** An update of D and G for one attribute. The update itself waits for its losses. */
function updates(size: number, width: number, batch: number, part: number): (seconds: number) => Promise<Timing> {
  const config = createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ATTRIBUTES });
  const settings = { ...PRESETS.official.method, batch, seed: 1, dataset: "bench" };
  const model = elegantModel(config);
  const [state, training] = [newTrainingState(model, settings), model.training(settings, "bench")];
  const [A, B] = [3, 4].map((seed) => pictures(batch, size, seed));
  const labels = (value: number): tf.Tensor2D => tf.fill([batch, ATTRIBUTES.length], value);
  const pairs = { groups: [{ attribute: 0, pairs: batch }], A, B, yA: labels(1), yB: labels(0) };
  return (seconds) => measureWaited(() => training.update(state, pairs, { step: 0, progress: 0 }, part), seconds);
}

/**
 * Measures each size on a device of its own. If the memory does not suffice, the batch is split into parts of a half or
 * a quarter of the pairs.
 */
export async function measureUpdates(bench: Bench, until: number): Promise<void> {
  const { sizes, batch } = bench.sizes.updates;
  const { width } = bench.sizes;
  const section = bench.budget.section(until, sizes.length);
  for (const size of sizes) {
    const request = { work: "update", size, width, batch } as const;
    const whole = `training update, ${size} px, width ${width}, batch ${batch} + ${batch}`;
    for (let part = batch; part >= Math.max(1, batch / 4); part /= 2) {
      const work = part === batch ? whole : `${whole} in parts of ${part}`;
      const done = await attempt(bench, work, () =>
        onDevice(bench, async () => {
          await compare(bench, section, { work, ours: updates(size, width, batch, part), request });
          return true; // without time for it, there is none for smaller parts either
        }),
      );
      if (done !== null) break;
    }
  }
}

/** @returns images per second; null if they were not measured */
export async function measureInception(bench: Bench, until: number): Promise<number | null> {
  const { size, batch, dims } = bench.sizes.inception;
  const section = bench.budget.section(until, 1);
  const work = `Inception, a picture of ${size} px, ${dims} dims, batch ${batch}`;
  const compared = await attempt(bench, work, () =>
    onDevice(bench, () => {
      const network = createInception(randomInceptionTensors(1, dims), dims, "bench");
      const images = pictures(batch, size, 7);
      const ours = (seconds: number): Promise<Timing> =>
        measureQueued(() => inceptionFeatures(network, images), seconds);
      const request = { work: "inception", size, batch, dims } as const;
      return compare(bench, section, { work, ours, request, items: batch });
    }),
  );
  return compared === null ? null : (1000 * batch) / compared.ours.ms;
}
