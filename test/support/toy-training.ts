/** Trains the toy method in a process of its own, for tests that kill it. Usage: toy-training.js DATA RUN [--resume] */
import { openDataset } from "../../src/dataset/dataset.js";
import { openDevice } from "../../src/device/open.js";
import { registerMethod } from "../../src/methods/registry.js";
import { train } from "../../src/training/loop.js";
import { TOY } from "./toy-method.js";
import { toyRun } from "./toy-run.js";

const [data, run, resume] = process.argv.slice(2);
registerMethod(TOY);
const device = await openDevice("wasm", 1);
await train({ ...toyRun(await openDataset(data), run), resume: resume === "--resume" });
await device.close();
