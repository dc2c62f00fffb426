/** A helper thread of a team. It waits for work, runs blocks, and waits again. */
import { helperData } from "#platform";
import { instantiate } from "../../kernels/module.js";
import {
  type BlockKernels,
  controlViews,
  FAILED,
  GENERATION,
  join,
  leave,
  STOP,
  type TeamHelperData,
  workOnBlocks,
} from "./protocol.js";

const { module, memory, thread, names, spins } = (await helperData()) as TeamHelperData;
const kernels = instantiate<BlockKernels>(module, memory);
const control = controlViews(memory);
const { words } = control;

let seen = 0;
for (;;) {
  for (let spin = 0; spin < spins && Atomics.load(words, GENERATION) === seen; spin++);
  // Waking up does not mean that there is work. If a helper took a generation without sleeping, its notification may
  // arrive during the next sleep.
  while (Atomics.load(words, GENERATION) === seen) Atomics.wait(words, GENERATION, seen);
  seen = Atomics.load(words, GENERATION);
  if (Atomics.load(words, STOP) === 1) break;
  if (!join(control)) continue;
  try {
    workOnBlocks(kernels, names, control, thread);
  } catch (error) {
    // The caller sleeps in Atomics.wait, so only the shared memory can report the failure to it.
    console.error(`team helper ${thread}: ${String(error)}`);
    Atomics.store(words, FAILED, 1);
  }
  leave(control);
}
