/**
 * Measures the memory of an update. Prints the heap's size after two updates next to the estimate by which
 * src/training/batch-memory.ts divides batches; the estimate's factors were fitted to such rows. Arguments select
 * single cases, with the choices of `elegant train --set`: node dist/bench/batch-memory.js [preset size width pairs
 * part [r1=10] [upsampling=resize]]
 */

import * as tf from "@tensorflow/tfjs-core";
import { parseChoices } from "../src/cli/choices.js";
import { openDevice } from "../src/device/open.js";
import type { SharedMemoryBackend } from "../src/device/wasm/backend.js";
import { createConfig, networkSchema } from "../src/methods/elegant/config.js";
import { updateBytes } from "../src/methods/elegant/memory.js";
import { elegantModel } from "../src/methods/elegant/model.js";
import { METHODS, methodSchema, PRESETS, type Preset } from "../src/methods/elegant/presets.js";
import { disposeBatch } from "../src/training/batches.js";
import { newTrainingState } from "../src/training/run.js";

const MEBIBYTE = 2 ** 20;
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

async function measure(preset: Preset, [size, width, pairs, part]: readonly number[], words: readonly string[]) {
  const changed = { ...METHODS[preset].network, ...METHODS[preset].method, ...Object.fromEntries(parseChoices(words)) };
  const config = createConfig({ ...networkSchema.parse(changed), size, width, attributes: ["first", "second"] });
  const method = methodSchema.parse(changed);
  const settings = { ...method, batch: pairs, seed: 1, dataset: "" };
  const device = await openDevice("wasm", 2);
  const model = elegantModel(config);
  const [state, training] = [newTrainingState(model, settings), model.training(settings, "bench")];
  for (let update = 0; update < 2; update++) {
    const pictures = (): tf.Tensor4D => tf.randomUniform([pairs, size, size, 3], -1, 1);
    const labels = (value: number): tf.Tensor2D => tf.fill([pairs, 2], value);
    const batch = { groups: [{ attribute: 0, pairs }], A: pictures(), B: pictures(), yA: labels(1), yB: labels(0) };
    await training.update(state, batch, { step: 0, progress: 0 }, part);
    disposeBatch(batch);
  }
  const taken = (tf.backend() as SharedMemoryBackend).team.heap.statistics.reservedBytes / MEBIBYTE;
  await device.close();
  const estimate = updateBytes({ config, ...method }, Math.min(part, pairs), part >= pairs) / MEBIBYTE;
  const error = `${((estimate / taken - 1) * 100).toFixed(1)} %`;
  const name = [preset, `${size} px, width ${width}, ${pairs} + ${pairs} by ${part}`, ...words].join(", ");
  process.stdout.write(`${name.padEnd(60)} ${taken.toFixed(1)} MiB, estimate ${estimate.toFixed(1)} MiB, ${error}\n`);
}

const [preset, size, width, pairs, part, ...words] = process.argv.slice(2);
const chosen = PRESETS.find((name) => name === preset);
if (chosen !== undefined) await measure(chosen, [size, width, pairs, part].map(Number), words);
else for (const name of ["official", "modern"] as const) for (const row of GRID) await measure(name, row, []);
