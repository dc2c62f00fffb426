/**
 * How fast are the model's kernels, a training update and a swap on this machine's cores?
 * Usage: node dist/bench/cpu.js. Peers, each in a process of its own with as many threads: stock tfjs-backend-wasm
 * (a devDependency), and PyTorch where PYTHON (by default /usr/bin/python3, Debian's, for which there is python3-torch)
 * can import torch.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../src/device/device.js";
import { encodeFaces } from "../src/editing/faces.js";
import type { Generator } from "../src/editing/generator.js";
import { swapMany } from "../src/editing/swap.js";
import { type ModelConfig, OFFICIAL_NETWORK } from "../src/model/config.js";
import {
  disposeParameters,
  GENERATOR,
  initialParameters,
  parameterSpecs,
  uploadParameters,
} from "../src/model/parameters.js";
import { METHODS } from "../src/training/method.js";
import { newTrainingState } from "../src/training/run.js";
import { stepSettings } from "../src/training/settings.js";
import { trainStep } from "../src/training/step.js";
import { measure, type Row, report, row, type Timing, timingOf } from "./measure.js";

const ROUNDS = 9;
const TRAINING = { size: 64, batch: 16 } as const;
const TRAINING_WIDTHS = [32, 64] as const;
const SWAP = { size: 256, width: 64 } as const;
const ATTRIBUTES = ["Bangs", "Eyeglasses"];
/** Convolutions of the encoder at 256 pixels and width 64: side of the input, channels in and out. */
const LAYERS = [
  [256, 3, 64],
  [128, 64, 128],
  [64, 128, 256],
  [32, 256, 512],
  [16, 512, 512],
] as const;

const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

const threads = availableParallelism();
const peer = (name: string): string => fileURLToPath(new URL(`../../bench/peers/${name}`, import.meta.url));

/** The milliseconds that a peer's process prints, or null when it cannot run. */
function runPeer(command: string, values: readonly (string | number)[]): Record<string, number[]> | null {
  const { status, stdout } = spawnSync(command, values.map(String), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? (JSON.parse(stdout) as Record<string, number[]>) : null;
}

function asPeer(name: string, times: readonly number[] | undefined): { name: string; timing: Timing } | undefined {
  return times === undefined ? undefined : { name, timing: timingOf(times) };
}

async function benchUpdate(width: number): Promise<Timing> {
  const { size, batch } = TRAINING;
  const config: ModelConfig = { ...OFFICIAL_NETWORK, size, width, attributes: ATTRIBUTES };
  const state = newTrainingState(config, 1, false);
  const settings = stepSettings(
    { ...METHODS.official.method, batch, seed: 1, learningRate: 2e-4, dataset: "bench" },
    0,
  );
  const [A, B] = [3, 4].map((seed) => tf.randomUniform([batch, size, size, 3], -1, 1, "float32", seed) as tf.Tensor4D);
  const pairs = { attribute: 0, A, B, yA: tf.ones([batch, 2]) as tf.Tensor2D, yB: tf.zeros([batch, 2]) as tf.Tensor2D };
  const timing = await measure(() => trainStep(state, pairs, settings), ROUNDS);
  tf.dispose([A, B, pairs.yA, pairs.yB]);
  for (const { parameters, first, second } of [state.generator, state.discriminator]) {
    for (const named of [parameters, first, second]) disposeParameters(named);
  }
  return timing;
}

/** Two encodes and one decode of one picture. */
async function benchSwap(): Promise<Timing> {
  const config: ModelConfig = { ...OFFICIAL_NETWORK, ...SWAP, attributes: ATTRIBUTES };
  const specs = parameterSpecs(config, GENERATOR);
  const parameters = uploadParameters(specs, initialParameters(config, GENERATOR, 1), "bench");
  const generator: Generator = { config, parameters, source: "bench", warnings: [], dispose: () => {} };
  const shape: [number, number, number, number] = [1, SWAP.size, SWAP.size, 3];
  const [input, reference] = [5, 6].map((seed) => tf.randomUniform(shape, -1, 1, "float32", seed) as tf.Tensor4D);
  const timing = await measure(() => {
    tf.tidy(() => {
      const edit = { attribute: ATTRIBUTES[0], reference: encodeFaces(generator, reference) };
      swapMany(generator, encodeFaces(generator, input), [edit]).dataSync();
    });
  }, ROUNDS);
  tf.dispose([input, reference]);
  disposeParameters(parameters);
  return timing;
}

async function benchLayers(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [side, from, to] of LAYERS) {
    const x = tf.randomUniform([4, side, side, from]) as tf.Tensor4D;
    const filter = tf.randomUniform([3, 3, from, to]) as tf.Tensor4D;
    const dy = tf.randomUniform([4, side / 2, side / 2, to]) as tf.Tensor4D;
    const operations = (2 * 4 * (side / 2) ** 2 * 9 * from * to) / 1e6; // thousands of millions a second = this / ms
    const works: [string, () => tf.Tensor][] = [
      ["forward", () => tf.conv2d(x, filter, 2, 1)],
      ["input gradient", () => tf.conv2dTranspose(dy, filter, [4, side, side, from], 2, 1)],
      [
        "filter gradient",
        () => {
          const attrs = { strides: 2, pad: 1, dataFormat: "NHWC", filterShape: filter.shape };
          return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy } as tf.NamedTensorMap, attrs) as tf.Tensor;
        },
      ],
    ];
    for (const [name, work] of works) {
      const timing = await measure(() => work().dispose(), ROUNDS);
      const speed = (operations / timing.ms).toFixed(0);
      rows.push(row(`conv ${side} px ${from}-${to}, batch 4, ${name} (${speed} GFLOP/s)`, timing, 1));
    }
    tf.dispose([x, filter, dy]);
  }
  return rows;
}

const device = await openDevice("wasm", threads);
console.log(device.description);
const rows: Row[] = [];
for (const width of TRAINING_WIDTHS) {
  const { size, batch } = TRAINING;
  const ours = await benchUpdate(width);
  const torch = runPeer(PYTHON, [peer("pytorch.py"), threads, ROUNDS, size, width, batch, SWAP.size, SWAP.width]);
  rows.push(
    row(
      `training update, ${size} px, width ${width}, batch ${batch} + ${batch}`,
      ours,
      1,
      asPeer("PyTorch", torch?.update),
    ),
  );
  if (width !== SWAP.width) continue;
  const swap = await benchSwap();
  const stock = runPeer(process.execPath, [peer("stock_wasm.cjs"), SWAP.size, SWAP.width, ROUNDS]);
  const work = `swap, ${SWAP.size} px, width ${SWAP.width}`;
  rows.push(row(work, swap, 1, asPeer("PyTorch", torch?.swap)));
  rows.push(row(work, swap, 1, asPeer("stock tfjs-backend-wasm", stock?.swap)));
}
rows.push(...(await benchLayers()));
await report("cpu", rows);
await device.close();
