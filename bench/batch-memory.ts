/**
 * Measures the memory of an update. Prints the heap's size after two updates next to the estimate by which
 * src/training/batch-memory.ts divides batches; the estimates' factors were fitted to such rows. Arguments select
 * single cases, with the choices of `elegant train --set`: node dist/bench/batch-memory.js [method preset size width
 * pairs part [r1=10] [upsampling=resize]]
 */

import * as tf from "@tensorflow/tfjs-core";
import { chooseRecipe } from "../src/cli/train-method.js";
import { openDevice } from "../src/device/open.js";
import type { SharedMemoryBackend } from "../src/device/wasm/backend.js";
import { METHOD_NAMES } from "../src/methods/recipes.js";
import { createModel } from "../src/methods/registry.js";
import { disposeBatch } from "../src/training/batches.js";
import { newTrainingState } from "../src/training/run.js";

const MEBIBYTE = 2 ** 20;
/** Methods that train a model for each attribute. */
const ONE_ATTRIBUTE = new Set(["cyclegan", "unit"]);
const GRID = [
  [64, 32, 16, 16],
  [64, 32, 16, 8],
  [64, 64, 4, 4],
  [128, 32, 6, 3],
  [128, 64, 2, 2],
  [256, 16, 4, 4],
  [256, 64, 2, 1],
  [256, 64, 2, 2],
] as const;

async function measure(
  [name, preset]: readonly string[],
  [size, width, pairs, part]: readonly number[],
  words: readonly string[],
) {
  const { network, method } = chooseRecipe({ method: name, preset, set: words });
  const attributes = ONE_ATTRIBUTE.has(name) ? ["first"] : ["first", "second"];
  const model = createModel(name, { ...network, size, width, attributes });
  const settings = { ...method, batch: pairs, seed: 1, dataset: "" };
  const device = await openDevice("wasm", 2);
  const [state, training] = [newTrainingState(model, settings), model.training(settings, "bench")];
  for (let update = 0; update < 2; update++) {
    const pictures = (): tf.Tensor4D => tf.randomUniform([pairs, size, size, 3], -1, 1);
    const labels = (value: number): tf.Tensor2D => tf.fill([pairs, attributes.length], value);
    const batch = { groups: [{ attribute: 0, pairs }], A: pictures(), B: pictures(), yA: labels(1), yB: labels(0) };
    // In step 4 StarGAN's generator learns, too.
    await training.update(state, batch, { step: 4, progress: 0 }, part);
    disposeBatch(batch);
  }
  const taken = (tf.backend() as SharedMemoryBackend).team.heap.statistics.reservedBytes / MEBIBYTE;
  await device.close();
  const estimate = training.memory.updateBytes(Math.min(part, pairs), part >= pairs) / MEBIBYTE;
  const error = `${((estimate / taken - 1) * 100).toFixed(1)} %`;
  const row = [name, preset, `${size} px, width ${width}, ${pairs} + ${pairs} by ${part}`, ...words].join(", ");
  process.stdout.write(`${row.padEnd(68)} ${taken.toFixed(1)} MiB, estimate ${estimate.toFixed(1)} MiB, ${error}\n`);
}

const [method, preset, size, width, pairs, part, ...words] = process.argv.slice(2);
if (method !== undefined) await measure([method, preset], [size, width, pairs, part].map(Number), words);
else {
  for (const name of ["official", "modern"]) for (const row of GRID) await measure(["elegant", name], row, []);
  for (const name of METHOD_NAMES.slice(1)) for (const row of GRID) await measure([name, "official"], row, []);
}
