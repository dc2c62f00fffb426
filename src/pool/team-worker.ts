/** A helper thread of a team: waits for work, takes blocks, waits again. */
import { workerData } from "node:worker_threads";
import { instantiate } from "../kernels/module.js";
import {
  type BlockKernels,
  controlViews,
  FAILED,
  GENERATION,
  join,
  leave,
  STOP,
  type TeamWorkerData,
  workOnBlocks,
} from "./team-protocol.js";

/** Looks at the generation this often before sleeping: waking a sleeping thread costs more than a short kernel. */
const SPINS = 4000;

const { module, memory, thread, names } = workerData as TeamWorkerData;
const kernels = instantiate<BlockKernels>(module, memory);
const control = controlViews(memory);
const { words } = control;

let seen = 0;
for (;;) {
  for (let spin = 0; spin < SPINS && Atomics.load(words, GENERATION) === seen; spin++);
  // A wake-up alone is no work: the notify of a generation that was taken without sleeping may arrive during the next sleep.
  while (Atomics.load(words, GENERATION) === seen) Atomics.wait(words, GENERATION, seen);
  seen = Atomics.load(words, GENERATION);
  if (Atomics.load(words, STOP) === 1) break;
  if (!join(control)) continue;
  try {
    workOnBlocks(kernels, names, control, thread);
  } catch (error) {
    // The caller is asleep in Atomics.wait and can only be told through the memory.
    process.stderr.write(`team helper ${thread}: ${String(error)}\n`);
    Atomics.store(words, FAILED, 1);
  }
  leave(control);
}
