/**
 * How fast are a swap, a training update, Inception's features and the convolutions on this machine's cores?
 * Usage: npm run bench:cpu. Peers, each in a process of its own on as many threads: stock tfjs-backend-wasm and onnxruntime-web
 * (devDependencies), and PyTorch where PYTHON (by default /usr/bin/python3, Debian's, for which there is python3-torch) has it.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { currentDevice } from "../src/device/current.js";
import { openDevice } from "../src/device/open.js";
import type { SharedMemoryBackend } from "../src/device/wasm/backend.js";
import { encodeFaces } from "../src/editing/faces.js";
import { swapMany } from "../src/editing/swap.js";
import { encodeOnnx } from "../src/interop/onnx.js";
import { type ModelConfig, OFFICIAL_NETWORK } from "../src/methods/elegant/config.js";
import { onnxGraphs, onnxMetadata } from "../src/methods/elegant/onnx-graphs.js";
import { createInception, inceptionFeatures, randomInceptionTensors } from "../src/metrics/inception.js";
import type { Generator } from "../src/models/open.js";
import {
  disposeParameters,
  GENERATOR,
  initialParameters,
  parameterSpecs,
  uploadParameters,
} from "../src/nn/parameters.js";
import { measureLayers, measureTile } from "./layers.js";
import { measure, type Row, report, row, type Timing, timingOf } from "./measure.js";

const ROUNDS = 9;
const ATTRIBUTES = ["Bangs", "Eyeglasses"];
const SWAP = { size: 256, width: 64 } as const;
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
const threads = availableParallelism();

interface Measured {
  readonly update?: readonly number[];
  readonly swap?: readonly number[];
  readonly peakMiB?: number;
}

/** What a process of ours or a peer's prints, or null when it cannot run. */
function runScript(command: string, script: string, values: readonly (string | number)[]): Measured | null {
  const path = fileURLToPath(new URL(script, import.meta.url)); // from dist/bench
  const { status, stdout } = spawnSync(command, [path, ...values.map(String)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? (JSON.parse(stdout) as Measured) : null;
}

const asPeer = (name: string, times: readonly number[] | undefined): { name: string; timing: Timing } | undefined =>
  times === undefined ? undefined : { name, timing: timingOf(times) };

/** An update's time beside PyTorch's, and its peak of memory. */
function updateRows(size: number, width: number, batch: number, atMost: number | null, rounds = ROUNDS): Row[] {
  const work = `training update, ${size} px, width ${width}, batch ${batch} + ${batch}`;
  const ours = runScript(process.execPath, "./update.js", [threads, size, width, batch, rounds]);
  if (ours?.update === undefined) throw new Error(`bench: ${work} did not run`);
  const torch = runScript(PYTHON, "../../bench/peers/pytorch.py", ["update", threads, rounds, size, width, batch]);
  const rows = [row(work, timingOf(ours.update), 1, asPeer("PyTorch", torch?.update), atMost)];
  if (size < 256) return rows;
  const memory = (of: Measured | null) => ({ ms: of?.peakMiB ?? 0, spread: 0 });
  const peer = torch === null ? undefined : { name: "PyTorch", timing: memory(torch) };
  return [...rows, row(`the same: peak of resident memory, MiB instead of ms`, memory(ours), 1, peer, 1.2)];
}

/** Two threads against one. */
function threadRow(size: number, width: number, batch: number): Row {
  const [one, two] = [1, 2].map((count) => {
    const { update } = runScript(process.execPath, "./update.js", [count, size, width, batch, ROUNDS]) ?? {};
    if (update === undefined) throw new Error(`bench: an update on ${count} threads did not run`);
    return timingOf(update);
  });
  const work = `training update, ${size} px, width ${width}, batch ${batch} + ${batch}, 2 threads`;
  return row(work, two, 1, { name: "ours on 1 thread", timing: one }, 0.55);
}

/** Two encodes and one decode of one picture. */
async function swapRows(): Promise<Row[]> {
  const config: ModelConfig = { ...OFFICIAL_NETWORK, ...SWAP, attributes: ATTRIBUTES };
  const values = initialParameters(config, GENERATOR, 1);
  const parameters = uploadParameters(parameterSpecs(config, GENERATOR), values, "bench");
  currentDevice()?.freeze(parameters.values()); // as openGenerator does
  const generator: Generator = { config, parameters, source: "bench", warnings: [], dispose: () => {} };
  const shape: [number, number, number, number] = [1, SWAP.size, SWAP.size, 3];
  const [input, reference] = [5, 6].map((seed) => tf.randomUniform(shape, -1, 1, "float32", seed) as tf.Tensor4D);
  const ours = await measure(() => {
    tf.tidy(() => {
      const edit = { attribute: ATTRIBUTES[0], reference: encodeFaces(generator, reference) };
      swapMany(generator, encodeFaces(generator, input), [edit]).dataSync();
    });
  }, ROUNDS);
  tf.dispose([input, reference]);
  disposeParameters(parameters);
  const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
  const { graph } = onnxGraphs(values, config).find(({ file }) => file === "swap.onnx") ?? {};
  if (graph === undefined) throw new Error("bench: no graph of a swap");
  const model = join(folder, "swap.onnx");
  await writeFile(model, encodeOnnx(graph, "bench", onnxMetadata(config, "bench")));
  const onnx = runScript(process.execPath, "../../bench/peers/onnxruntime.mjs", [
    model,
    SWAP.size,
    ATTRIBUTES.length,
    threads,
    ROUNDS,
  ]);
  await rm(folder, { recursive: true });
  const stock = runScript(process.execPath, "../../bench/peers/stock_wasm.cjs", [SWAP.size, SWAP.width, ROUNDS]);
  const torch = runScript(PYTHON, "../../bench/peers/pytorch.py", ["swap", threads, ROUNDS, SWAP.size, SWAP.width]);
  const work = `swap, ${SWAP.size} px, width ${SWAP.width}`;
  return [
    row(work, ours, 1, asPeer("onnxruntime-web", onnx?.swap), 0.65),
    row("the same", ours, 1, asPeer("stock tfjs-backend-wasm", stock?.swap), 0.1),
    row("the same", ours, 1, asPeer("PyTorch", torch?.swap)),
  ];
}

/** An image of 299 px at 2048 dims, in batches of eight. */
async function inceptionRow(): Promise<Row> {
  const network = createInception(randomInceptionTensors(1, 2048), 2048, "bench");
  const images = tf.randomUniform([8, 299, 299, 3], -1, 1) as tf.Tensor4D;
  const ours = await measure(() => inceptionFeatures(network, images).dispose(), 5);
  network.dispose();
  images.dispose();
  const script = fileURLToPath(new URL("../../bench/peers/inception.py", import.meta.url));
  const torch = spawnSync(PYTHON, [script, String(threads), "8", "3"], { encoding: "utf8" });
  const peer = torch.status === 0 ? asPeer("PyTorch", [Number(torch.stdout)]) : undefined;
  return row("Inception, an image of 299 px", ours, 8, peer, 2);
}

const rows: Row[] = [];
const device = await openDevice("wasm", threads);
console.log(device.description);
rows.push(...(await swapRows()), await inceptionRow());
const backend = tf.backend() as SharedMemoryBackend;
// Before and after the layers: the machine may be another's for a moment, and the peak is what is asked for.
const before = measureTile(backend);
const measured = await measureLayers(ROUNDS);
const tile = Math.max(before, measureTile(backend));
const layers = measured.map((layer) => ({ ...layer, share: layer.gflops / tile }));
await device.close();
rows.push(...updateRows(64, 32, 16, null), ...updateRows(64, 64, 16, 0.7), ...updateRows(256, 64, 4, 1, 3));
if (threads > 1) rows.push(threadRow(64, 64, 16));

console.log(`The register tile alone: ${tile.toFixed(1)} GFLOP/s on ${threads} threads`);
console.table(
  layers.map(({ layer, pass, gflops, spread, share }) => ({
    layer,
    pass,
    "GFLOP/s": Number(gflops.toFixed(1)),
    spread: Number(spread.toPrecision(2)),
    "share of the tile": Number(share.toFixed(2)),
  })),
);
const shares = layers
  .filter(({ layer }) => layer.includes("stride 2") && !layer.startsWith("35"))
  .map(({ share }) => share);
console.log(
  `Median share of the tile over the network's layers: ${timingOf(shares).ms.toFixed(2)} (aim: at least 0.65)`,
);
await report("cpu", rows, { tileGflops: tile, layers });
