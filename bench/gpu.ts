/**
 * Measures a swap, a training update, Inception's features and the convolutions on this machine's GPU. Usage: npm run
 * bench:gpu. It takes at most eight minutes and skips work that does not fit. It compares with PyTorch on the same GPU
 * if `python3` (or PYTHON) has it with CUDA. Without a GPU, it prints a notice and ends with 0.
 *
 * Options for checking the bench itself: --tiny measures small shapes once; --device webgpu uses any adapter.
 */
import { parseArgs } from "node:util";
import { findDevice } from "../src/device/devices.js";
import { openDevice } from "../src/device/open.js";
import { type Bench, FULL, TINY } from "./gpu/bench.js";
import { type LayerResult, measureLayers, measureRates, type Rates } from "./gpu/layers.js";
import { openTorchPeer } from "./gpu/peer.js";
import { Budget } from "./gpu/timing.js";
import { measureInception, measureSwaps, measureUpdates } from "./gpu/works.js";
import { report } from "./report.js";

/** Seconds for all sections. The last piece of work of each may exceed them. */
const SECONDS = 400;
/** Seconds after which everything ends with the results so far, so that a hanging driver does not block us. */
const END_SECONDS = 465;

const { values: options } = parseArgs({
  options: { device: { type: "string", default: "auto" }, tiny: { type: "boolean", default: false } },
});

/** The device to measure; null, with a printed reason, if there is none. */
async function chooseGpu(): Promise<Bench["device"] | null> {
  if (options.device === "webgpu" || options.device === "tensorflow") return options.device;
  const {
    device: { name },
    reason,
  } = await findDevice();
  if (name === "webgpu" || name === "tensorflow") return name;
  console.log(`bench:gpu: there is no GPU to measure (${reason}); nothing was written.`);
  return null;
}

async function run(device: Bench["device"]): Promise<void> {
  // The time includes opening the device and starting PyTorch.
  const budget = options.tiny ? new Budget(SECONDS, 0) : new Budget(SECONDS);
  const opened = await openDevice(device, 1);
  console.log(opened.description);
  await opened.close();
  const peer = await openTorchPeer(options.tiny ? "any" : "cuda");
  if (peer !== null) console.log(`Compared with ${peer.name}`);
  const bench: Bench = { device, sizes: options.tiny ? TINY : FULL, budget, peer, rows: [] };
  const found: { rates: Rates | null; imagesPerSecond: number | null; layers: readonly LayerResult[] } = {
    rates: null,
    imagesPerSecond: null,
    layers: [],
  };
  const finish = async (): Promise<void> => {
    const about = { device: opened.description, peer: peer?.name ?? null, skipped: budget.skipped };
    await report(options.tiny ? "gpu-tiny" : "gpu", bench.rows, { ...about, ...found });
    peer?.close();
  };
  const end = setTimeout(
    () => {
      budget.skip("what was left", `the run's ${END_SECONDS} s are over`);
      void finish().finally(() => process.exit(0));
    },
    END_SECONDS * 1000 - performance.now(),
  );
  found.rates = await measureRates(bench, 0.2);
  await measureSwaps(bench, 0.3);
  await measureUpdates(bench, 0.6);
  found.imagesPerSecond = await measureInception(bench, 0.68);
  found.layers = await measureLayers(bench, 1, found.rates);
  clearTimeout(end);
  printLayers(found.layers);
  if (found.imagesPerSecond !== null) console.log(`Inception: ${found.imagesPerSecond.toPrecision(3)} pictures/s`);
  await finish();
}

function printLayers(layers: readonly LayerResult[]): void {
  const digits = (value: number | null): number | string => (value === null ? "" : Number(value.toPrecision(3)));
  console.table(
    layers.map(({ layer, pass, gflops, shareOfProduct, shareOfCopy, peerGflops }) => ({
      layer,
      pass,
      "GFLOP/s": digits(gflops),
      "of the product": digits(shareOfProduct),
      "of copying": digits(shareOfCopy),
      "PyTorch's": digits(peerGflops),
    })),
  );
}

const device = await chooseGpu();
if (device !== null) await run(device);
// Dawn's threads and a peer's pipe would keep the process alive.
process.exit(0);
