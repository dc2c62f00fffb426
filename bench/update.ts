/**
 * Runs training updates in a process of their own, as the peers do, so that memory and threads belong only to this
 * work. Usage: node dist/bench/update.js THREADS SIZE WIDTH BATCH ROUNDS. Prints JSON: milliseconds of each round, the
 * largest resident size in MiB, the resident size at ten moments, and the number of live tensors.
 */

import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../src/device/open.js";
import { createConfig, OFFICIAL_NETWORK } from "../src/methods/elegant/config.js";
import { elegantModel } from "../src/methods/elegant/model.js";
import { PRESETS } from "../src/methods/elegant/presets.js";
import { newTrainingState } from "../src/training/run.js";

const WARM_UP = 2;
const [threads, size, width, batch, rounds] = process.argv.slice(2).map(Number);
const device = await openDevice("wasm", threads);
const model = elegantModel(createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ["Bangs", "Eyeglasses"] }));
const settings = { ...PRESETS.official.method, batch, seed: 1, dataset: "bench" };
const [state, training] = [newTrainingState(model, settings), model.training(settings, "bench")];
const [A, B] = [3, 4].map((seed) => tf.randomUniform([batch, size, size, 3], -1, 1, "float32", seed) as tf.Tensor4D);
const groups = [{ attribute: 0, pairs: batch }];
const pairs = { groups, A, B, yA: tf.ones([batch, 2]) as tf.Tensor2D, yB: tf.zeros([batch, 2]) as tf.Tensor2D };
const update: number[] = [];
const resident: number[] = [];
const tensors: number[] = [];
for (let round = -WARM_UP; round < rounds; round++) {
  const began = performance.now();
  await training.update(state, pairs, { step: 0, progress: 0 }, batch);
  if (round < 0) continue;
  update.push(performance.now() - began);
  if ((round + 1) % Math.ceil(rounds / 10) !== 0) continue;
  resident.push(Math.round(process.memoryUsage.rss() / 2 ** 20));
  tensors.push(tf.memory().numTensors);
}
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ update, peakMiB, resident, tensors }));
await device.close();
process.exit(0);
