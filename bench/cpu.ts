/**
 * Measures a swap, a training update, Inception's features and the convolutions on this machine's cores. Usage: npm run
 * bench:cpu. The peers, each in a process of its own with the same number of threads, are stock tfjs-backend-wasm and
 * onnxruntime-web (devDependencies), and PyTorch if PYTHON has it (by default /usr/bin/python3).
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../src/device/open.js";
import type { SharedMemoryBackend } from "../src/device/wasm/backend.js";
import { encodeFaces } from "../src/editing/faces.js";
import { swapMany } from "../src/editing/swap.js";
import { encodeOnnx } from "../src/interop/onnx.js";
import { type ModelConfig, OFFICIAL_NETWORK } from "../src/methods/elegant/config.js";
import { elegantModel } from "../src/methods/elegant/model.js";
import { onnxGraphs, onnxMetadata } from "../src/methods/elegant/onnx-graphs.js";
import { GENERATOR, initialParameters } from "../src/methods/elegant/parameters.js";
import { createInception, inceptionFeatures, randomInceptionTensors } from "../src/metrics/inception.js";
import { uploadGenerator } from "../src/models/generator.js";
import { measureLayers, measureTile } from "./layers.js";
import { type Compared, measure, measureRounds, type Row, row, timingOf } from "./measure.js";
import { runNode, runPython } from "./processes.js";
import { report } from "./report.js";
import { threadsRow, updateRows } from "./updates.js";
import { type Library, versionOf } from "./versions.js";

const ROUNDS = 9;
const INCEPTION = { images: 8, rounds: 5 } as const;
const ATTRIBUTES = ["Bangs", "Eyeglasses"];
const SWAP = { size: 256, width: 64 } as const;
const UPDATE = { size: 64, batch: 16, rounds: 3 } as const;
const LARGE_UPDATE = { size: 256, width: 64, batch: 4, rounds: 2 } as const;
/** Threads per core in the row that shows what too many threads cost. */
const OVERSUBSCRIPTION = 4;
const threads = availableParallelism();

/** A library as the peer of a row. @param times milliseconds of each round; undefined if it did not run */
const asPeer = (name: Library, times: readonly number[] | undefined): Compared | undefined =>
  times === undefined ? undefined : { name, version: versionOf(name), timing: timingOf(times) };

type Swaps = { readonly swap: readonly number[] };

/** The same swap in onnxruntime-web, from our export. */
async function onnxSwaps(config: ModelConfig, values: ReturnType<typeof initialParameters>): Promise<Swaps | null> {
  const { graph } = onnxGraphs(values, config).find(({ file }) => file === "swap.onnx") ?? {};
  if (graph === undefined) throw new Error("bench: no graph of a swap");
  const folder = await mkdtemp(join(tmpdir(), "elegant-bench-"));
  try {
    const model = join(folder, "swap.onnx");
    await writeFile(model, encodeOnnx(graph, "bench", onnxMetadata(config, "bench")));
    const values = [model, SWAP.size, ATTRIBUTES.length, threads, ROUNDS];
    return runNode<Swaps>("../../bench/peers/onnxruntime.mjs", values);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Two encodes and one decode of one image. Ours is measured before and after the peers. */
async function swapRows(): Promise<Row[]> {
  const config: ModelConfig = { ...OFFICIAL_NETWORK, ...SWAP, attributes: ATTRIBUTES };
  const values = initialParameters(config, GENERATOR, 1);
  const found = { model: elegantModel(config), tensors: values, step: 0, source: "bench", warnings: [] };
  const generator = uploadGenerator(found);
  const shape: [number, number, number, number] = [1, SWAP.size, SWAP.size, 3];
  const [input, reference] = [5, 6].map((seed) => tf.randomUniform(shape, -1, 1, "float32", seed) as tf.Tensor4D);
  const swap = () => {
    tf.tidy(() => {
      const edit = { attribute: ATTRIBUTES[0], reference: encodeFaces(generator, reference) };
      swapMany(generator, encodeFaces(generator, input), [edit]).dataSync();
    });
  };
  const before = await measureRounds(swap, ROUNDS);
  const onnx = await onnxSwaps(config, values);
  const stock = runNode<Swaps>("../../bench/peers/stock_wasm.cjs", [SWAP.size, SWAP.width, ROUNDS]);
  const torch = runPython<Swaps>("pytorch.py", ["swap", threads, ROUNDS, SWAP.size, SWAP.width]);
  const ours = timingOf([...before, ...(await measureRounds(swap, ROUNDS))]);
  tf.dispose([input, reference]);
  generator.dispose();
  const work = `swap, ${SWAP.size} px, width ${SWAP.width}, batch 1`;
  return [
    row(work, ours, 1, asPeer("onnxruntime-web", onnx?.swap), 0.6),
    row(work, ours, 1, asPeer("PyTorch", torch?.swap), 1.4),
    row(work, ours, 1, asPeer("stock tfjs-backend-wasm", stock?.swap)),
  ];
}

/** An image of 299 px at 2048 dims, in batches of eight. */
async function inceptionRow(): Promise<Row> {
  const network = createInception(randomInceptionTensors(1, 2048), 2048, "bench");
  const images = tf.randomUniform([INCEPTION.images, 299, 299, 3], -1, 1) as tf.Tensor4D;
  const ours = await measure(() => inceptionFeatures(network, images).dispose(), INCEPTION.rounds);
  network.dispose();
  images.dispose();
  const values = [threads, INCEPTION.images, INCEPTION.rounds];
  const torch = runPython<{ inception: readonly number[] }>("inception.py", values);
  const peer = asPeer("PyTorch", torch?.inception);
  return row(`Inception, an image of 299 px, batch ${INCEPTION.images}`, ours, INCEPTION.images, peer, 1.2);
}

const rows: Row[] = [];
const device = await openDevice("wasm", threads);
console.log(device.description);
rows.push(...(await swapRows()), await inceptionRow());
const backend = tf.backend() as SharedMemoryBackend;
// Measure before and after the layers, and use the larger value: another process may use the machine for a moment, and
// the peak is wanted.
const before = measureTile(backend);
const measured = await measureLayers(ROUNDS);
const tile = Math.max(before, measureTile(backend));
const layers = measured.map((layer) => ({ ...layer, share: layer.gflops / tile }));
await device.close();
rows.push(
  ...updateRows({ ...UPDATE, width: 64 }, threads, 1.05),
  ...updateRows({ ...UPDATE, width: 32 }, threads, 0.85),
  ...updateRows(LARGE_UPDATE, threads, 0.85, 0.7),
  threadsRow({ ...UPDATE, width: 32 }, OVERSUBSCRIPTION * threads, threads, 1.15),
);
if (threads > 1) rows.push(threadsRow({ ...UPDATE, width: 64 }, 2, 1, null));

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
