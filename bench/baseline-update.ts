/**
 * Runs updates of a compared system in a process of their own, as the peers do, so that threads and memory belong only
 * to this work. Usage: node dist/bench/baseline-update.js METHOD SIZE WIDTH PAIRS THREADS ROUNDS. Prints JSON: the seconds
 * of one update in each round. For StarGAN, a round has five iterations, and only the last one updates the generator. Its
 * time is divided by five.
 */

import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../src/device/open.js";
import { recipesOf } from "../src/methods/recipes.js";
import { createModel } from "../src/methods/registry.js";
import { newTrainingState } from "../src/training/run.js";

const WARM_UP = 2;
const STARGAN_ATTRIBUTES = ["Bangs", "Eyeglasses", "Male", "Mustache", "Smiling"];
const STARGAN_CYCLE = 5;

const [method, ...numbers] = process.argv.slice(2);
const [size, width, pairs, threads, rounds] = numbers.map(Number);
const [attributes, cycle] = method === "stargan" ? [STARGAN_ATTRIBUTES, STARGAN_CYCLE] : [["Bangs"], 1];
const device = await openDevice("wasm", threads);
const { presets } = recipesOf(method);
const recipe = presets.official;
const model = createModel(method, { ...recipe.network, size, width, attributes });
const settings = { ...recipe.method, batch: pairs, seed: 1, dataset: "bench" };
const [state, training] = [newTrainingState(model, settings), model.training(settings, "bench")];
// The pools are full, as they are after the first updates of a run.
for (const [name, value] of state.extras) {
  if (name.endsWith(".stored")) value.assign(tf.fill(value.shape, Number(recipe.network.poolSize)));
}
const [A, B] = [3, 4].map((seed) => tf.randomUniform([pairs, size, size, 3], -1, 1, "float32", seed) as tf.Tensor4D);
const labels = [tf.ones, tf.zeros].map((make) => make([pairs, attributes.length]) as tf.Tensor2D);
const batch = { groups: [{ attribute: 0, pairs }], A, B, yA: labels[0], yB: labels[1] };

const seconds: number[] = [];
// DNA-GAN's step 0 has 100 updates of the discriminator, and the steps after it have one.
let step = method === "dnagan" ? 1 : 0;
for (let round = -WARM_UP; round < rounds; round++) {
  const began = performance.now();
  for (let i = 0; i < cycle; i++) await training.update(state, batch, { step: step++, progress: 0 }, pairs);
  if (round >= 0) seconds.push((performance.now() - began) / 1000 / cycle);
}
process.stdout.write(JSON.stringify({ seconds }));
await device.close();
process.exit(0);
