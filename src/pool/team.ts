/**
 * A team of threads that runs one kernel's blocks at a time over a shared memory, synchronously for its caller.
 *
 * The Piscina pool is for jobs that take milliseconds and return promises; TensorFlow.js kernels are synchronous and
 * take microseconds to milliseconds, so the model's threads sleep on the memory itself. Each block writes its own
 * outputs and sums within a block run in a fixed order, so results are the same bits with any number of threads.
 */
import { Worker } from "node:worker_threads";
import { describeMismatch, RetryableError } from "../errors.js";
import { expectRoomForThreads } from "../kernels/address-space.js";
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
  DONE,
  FAILED,
  GENERATION,
  HAS_SCRATCH,
  KERNEL,
  NEXT,
  OPEN,
  PENDING,
  SCRATCH,
  SCRATCH_BYTES,
  STOP,
  type TeamWorkerData,
  workOnBlocks,
} from "./team-protocol.js";

const SPINS = 20000;
/**
 * How long the main thread sleeps between two looks at helpers that have not left, and how often it looks in vain before it
 * takes them for dead. A block takes milliseconds; time in which the whole process is stopped counts as one look.
 */
const LOOK_MS = 1000;
const LOOKS = 120;

/** Blocks are numbered in int32, and each thread may count one too far. */
const MOST_BLOCKS = 2 ** 30;

const lostHelper = (kernel: string): RetryableError =>
  new RetryableError(
    describeMismatch(
      `team: kernel ${kernel}`,
      `an answer of each helper thread within ${(LOOKS * LOOK_MS) / 1000} seconds`,
      "none",
      "Run the command again, with fewer --workers if this happens again.",
    ),
  );

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
  /** Helpers that could not start or have ended. */
  private ended = 0;
  private isClosed = false;
  private isBroken = false;

  /**
   * @param threads how many cores to use, the calling thread included; without SharedArrayBuffer that one alone
   * @param names   the exports that run in blocks: the last argument is the block, the one before it may be scratch memory
   * @param heap    a smaller one in tests
   * @param entry   the helpers' file, another one in tests
   */
  constructor(
    module: WasmModule,
    threads: number,
    names: readonly Name[],
    heap = new SharedHeap(),
    entry = new URL("./team-worker.js", import.meta.url),
  ) {
    this.heap = heap;
    const { memory } = this.heap;
    this.threads = HAS_SHARED_MEMORY ? threads : 1;
    this.description = HAS_SHARED_MEMORY ? `${threads} ${threads === 1 ? "thread" : "threads"}` : ONE_THREAD;
    this.names = names;
    this.kernels = instantiate<Kernels>(module, memory);
    this.blockKernels = this.kernels as BlockKernels;
    this.control = controlViews(memory);
    for (let thread = 1; thread < this.threads; thread++) this.startHelper({ module, memory, thread, names }, entry);
  }

  /** A helper that cannot start is done without: the others take its blocks, and the results are the same. */
  private startHelper(workerData: TeamWorkerData, entry: URL): void {
    let reason = "";
    const onEnd = (code: number | null): void => {
      this.ended++;
      if (this.isClosed) return;
      const left = this.threads - this.ended;
      process.emitWarning(
        describeMismatch(
          "team",
          `${this.threads - 1} helper threads as well as the main one`,
          `the end of helper ${workerData.thread} (${reason || `exit code ${code}`})`,
          `The work goes on with ${left === 1 ? "one thread" : `${left} threads`} and gives the same results.`,
        ),
      );
    };
    try {
      expectRoomForThreads();
      const helper = new Worker(entry, { workerData });
      // Asleep on the memory, a helper must not keep the process alive.
      helper.unref();
      helper.on("error", (error) => {
        reason = String(error);
      });
      helper.once("exit", onEnd);
      this.helpers.push(helper);
    } catch (error) {
      reason = String(error); // the system has no more threads for us
      onEnd(null);
    }
  }

  /**
   * Runs `kernel(...values, [scratch,] block)` for all blocks and returns when all are done.
   * @param scratchBytes of each thread; 0 when the kernel takes none
   * @throws Error for another number of values than the kernel has parameters, and when it traps in any thread: its arguments are
   *   wrong; the team can go on. RetryableError when a helper that works on the blocks does not answer for two minutes, and from
   *   then on
   */
  run(kernel: Name, values: readonly number[], blocks: number, scratchBytes = 0): void {
    // WebAssembly takes what is missing for 0: a kernel would write to address 0, where the control words are, or never end.
    const expected = this.blockKernels[kernel].length - (scratchBytes > 0 ? 2 : 1);
    if (values.length !== expected) {
      const beside = scratchBytes > 0 ? "beside scratch and block" : "beside the block";
      throw new Error(`team: kernel ${kernel}: expected ${expected} arguments ${beside}, received ${values.length}`);
    }
    if (!Number.isInteger(blocks) || blocks >= MOST_BLOCKS) {
      throw new Error(`team: kernel ${kernel}: expected less than ${MOST_BLOCKS} blocks, received ${blocks}`);
    }
    if (this.isBroken) throw lostHelper(kernel);
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
      Atomics.store(words, PENDING, OPEN);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
    }
    let failure: unknown;
    try {
      workOnBlocks(this.blockKernels, this.names, this.control, 0);
    } catch (error) {
      failure = error; // after the helpers are done: they would take the next run's blocks for this one's
    }
    if (shared && !this.waitForHelpers()) {
      // The scratch memory and the outputs are not safe from a helper that may still write to them.
      this.isBroken = true;
      throw lostHelper(kernel);
    }
    if (scratch !== 0) this.heap.release(scratch);
    const failedInHelper = Atomics.exchange(words, FAILED, 0) === 1;
    if (failure !== undefined || failedInHelper) {
      const where = failure === undefined ? "in a helper thread" : `(${String(failure)})`;
      throw new Error(`team: kernel ${kernel} trapped ${where}`, { cause: failure });
    }
  }

  /** Lets no more helpers join, and waits until those at work have left. @returns false when one does not answer any more */
  private waitForHelpers(): boolean {
    const { words } = this.control;
    Atomics.and(words, PENDING, ~OPEN);
    for (let spin = 0; spin < SPINS && Atomics.load(words, PENDING) !== 0; spin++);
    let done = Atomics.load(words, DONE);
    for (let looks = 0; looks < LOOKS; looks++) {
      const left = Atomics.load(words, PENDING);
      if (left === 0) return true;
      if (Atomics.wait(words, PENDING, left, LOOK_MS) !== "timed-out") looks = -1;
      const now = Atomics.load(words, DONE);
      if (now !== done) looks = -1;
      done = now;
    }
    return Atomics.load(words, PENDING) === 0;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { words } = this.control;
    Atomics.store(words, STOP, 1);
    Atomics.add(words, GENERATION, 1);
    Atomics.notify(words, GENERATION);
    await Promise.all(this.helpers.splice(0).map((helper) => helper.terminate()));
  }
}
