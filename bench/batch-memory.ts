/**
 * What memory does an update take? Prints what the heap has taken after two updates beside the estimate that
 * src/training/batch-memory.ts divides batches by; its factors were fitted to such rows. Arguments narrow it down:
 * node dist/bench/batch-memory.js [size width pairs part [r1] [resize]]
 */
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../src/device/device.js";
import type { SharedMemoryBackend } from "../src/device/shared-backend.js";
import { createConfig, OFFICIAL_NETWORK } from "../src/model/config.js";
import { updateBytes } from "../src/training/batch-memory.js";
import { disposeBatch } from "../src/training/batches.js";
import { METHODS } from "../src/training/method.js";
import { newTrainingState } from "../src/training/run.js";
import { stepSettings } from "../src/training/settings.js";
import { trainStep } from "../src/training/step.js";

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

async function measure(size: number, width: number, pairs: number, part: number, options: readonly string[]) {
  const upsampling = options.includes("resize") ? "resize" : "transposed";
  const config = createConfig({ ...OFFICIAL_NETWORK, upsampling, size, width, attributes: ["first", "second"] });
  const r1 = options.includes("r1") ? 10 : 0;
  const method = { ...METHODS.official.method, r1 };
  const settings = { ...method, batch: pairs, seed: 1, dataset: "" };
  const device = await openDevice("wasm", 2);
  const state = newTrainingState(config, 1, false);
  for (let update = 0; update < 2; update++) {
    const pictures = (): tf.Tensor4D => tf.randomUniform([pairs, size, size, 3], -1, 1);
    const labels = (value: number): tf.Tensor2D => tf.fill([pairs, 2], value);
    const batch = { groups: [{ attribute: 0, pairs }], A: pictures(), B: pictures(), yA: labels(1), yB: labels(0) };
    await trainStep(state, batch, stepSettings(settings, 0), { part });
    disposeBatch(batch);
  }
  const taken = (tf.backend() as SharedMemoryBackend).team.heap.statistics.reservedBytes / MEBIBYTE;
  await device.close();
  const estimate = updateBytes({ config, r1, ema: 0 }, Math.min(part, pairs), part >= pairs) / MEBIBYTE;
  const error = `${((estimate / taken - 1) * 100).toFixed(1)} %`;
  const name = [`${size} px, width ${width}, ${pairs} + ${pairs} by ${part}`, ...options].join(", ");
  process.stdout.write(`${name.padEnd(48)} ${taken.toFixed(1)} MiB, estimate ${estimate.toFixed(1)} MiB, ${error}\n`);
}

const [size, width, pairs, part, ...options] = process.argv.slice(2);
if (part === undefined) for (const [s, w, n, m] of GRID) await measure(s, w, n, m, []);
else await measure(Number(size), Number(width), Number(pairs), Number(part), options);
