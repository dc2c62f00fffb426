/**
 * A team of threads that runs one kernel's blocks at a time over a shared memory, synchronously for its caller.
 *
 * The Piscina pool is for jobs that take milliseconds and return promises; TensorFlow.js kernels are synchronous and
 * take microseconds to milliseconds, so the model's threads sleep on the memory itself. Each block writes its own
 * outputs and sums within a block run in a fixed order, so results are the same bits with any number of threads.
 */
import { Worker } from "node:worker_threads";
import { SharedHeap } from "../kernels/heap.js";
import { HAS_SHARED_MEMORY, ONE_THREAD, type WasmModule } from "../kernels/memory.js";
import { instantiate } from "../kernels/module.js";
import type { NnKernels, TeamKernel } from "../kernels/nn.js";
import {
  ARGUMENT_COUNT,
  BLOCKS,
  type BlockKernels,
  type ControlViews,
  controlViews,
  FAILED,
  GENERATION,
  HAS_SCRATCH,
  KERNEL,
  NEXT,
  PENDING,
  SCRATCH,
  SCRATCH_BYTES,
  STOP,
  type TeamWorkerData,
  workOnBlocks,
} from "./team-protocol.js";

const SPINS = 20000;

/** @typeParam Kernels the module's exports, @typeParam Name those that run in blocks */
export class KernelTeam<Kernels = NnKernels, Name extends string = TeamKernel> {
  readonly heap: SharedHeap;
  readonly kernels: Kernels;
  private readonly names: readonly Name[];
  private readonly blockKernels: BlockKernels;
  readonly threads: number;
  /** "2 threads", or why it is only one; for descriptions of devices. */
  readonly description: string;
  private readonly control: ControlViews;
  private readonly helpers: Worker[] = [];

  /**
   * @param threads how many cores to use, the calling thread included; without SharedArrayBuffer that one alone
   * @param names   the exports that run in blocks: the last argument is the block, the one before it may be scratch memory
   * @param heap    a smaller one in tests
   */
  constructor(module: WasmModule, threads: number, names: readonly Name[], heap = new SharedHeap()) {
    this.heap = heap;
    const { memory } = this.heap;
    this.threads = HAS_SHARED_MEMORY ? threads : 1;
    this.description = HAS_SHARED_MEMORY ? `${threads} ${threads === 1 ? "thread" : "threads"}` : ONE_THREAD;
    this.names = names;
    this.kernels = instantiate<Kernels>(module, memory);
    this.blockKernels = this.kernels as BlockKernels;
    this.control = controlViews(memory);
    for (let thread = 1; thread < this.threads; thread++) {
      const workerData: TeamWorkerData = { module, memory, thread, names };
      const helper = new Worker(new URL("./team-worker.js", import.meta.url), { workerData });
      // Asleep on the memory, a helper must not keep the process alive.
      helper.unref();
      this.helpers.push(helper);
    }
  }

  /**
   * Runs `kernel(...values, [scratch,] block)` for all blocks and returns when all are done.
   * @param scratchBytes of each thread; 0 when the kernel takes none
   * @throws Error for another number of values than the kernel has parameters, and when it traps in any thread: its arguments are
   *   wrong; the team can go on
   */
  run(kernel: Name, values: readonly number[], blocks: number, scratchBytes = 0): void {
    // WebAssembly takes what is missing for 0: a kernel would write to address 0, where the control words are, or never end.
    const expected = this.blockKernels[kernel].length - (scratchBytes > 0 ? 2 : 1);
    if (values.length !== expected) {
      const beside = scratchBytes > 0 ? "beside scratch and block" : "beside the block";
      throw new Error(`team: kernel ${kernel}: expected ${expected} arguments ${beside}, received ${values.length}`);
    }
    if (blocks <= 0) return;
    const { words } = this.control;
    const aligned = (scratchBytes + 63) & ~63;
    const scratch = scratchBytes > 0 ? this.heap.allocate(aligned * this.threads) : 0;
    words[KERNEL] = this.names.indexOf(kernel);
    words[ARGUMENT_COUNT] = values.length;
    words[BLOCKS] = blocks;
    words[HAS_SCRATCH] = scratchBytes > 0 ? 1 : 0;
    words[SCRATCH_BYTES] = aligned;
    words[SCRATCH] = scratch;
    this.control.arguments.set(values);
    const shared = blocks > 1 && this.helpers.length > 0;
    Atomics.store(words, NEXT, 0);
    if (shared) {
      Atomics.store(words, PENDING, this.helpers.length);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
    }
    let failure: unknown;
    try {
      workOnBlocks(this.blockKernels, this.names, this.control, 0);
    } catch (error) {
      failure = error; // after the helpers are done: they would take the next run's blocks for this one's
    }
    if (shared) {
      for (let spin = 0; spin < SPINS && Atomics.load(words, PENDING) !== 0; spin++);
      for (let left = Atomics.load(words, PENDING); left !== 0; left = Atomics.load(words, PENDING)) {
        Atomics.wait(words, PENDING, left);
      }
    }
    if (scratch !== 0) this.heap.release(scratch);
    const failedInHelper = Atomics.exchange(words, FAILED, 0) === 1;
    if (failure !== undefined || failedInHelper) {
      const where = failure === undefined ? "in a helper thread" : `(${String(failure)})`;
      throw new Error(`team: kernel ${kernel} trapped ${where}`, { cause: failure });
    }
  }

  async close(): Promise<void> {
    const { words } = this.control;
    Atomics.store(words, STOP, 1);
    Atomics.add(words, GENERATION, 1);
    Atomics.notify(words, GENERATION);
    await Promise.all(this.helpers.splice(0).map((helper) => helper.terminate()));
  }
}
