/**
 * A team of threads that runs the blocks of one kernel at a time on shared memory, synchronously for its caller.
 *
 * The Piscina pool serves jobs that take milliseconds and return promises. TensorFlow.js kernels are synchronous and
 * take microseconds to milliseconds, so the threads of a team sleep on the memory itself. Each block writes its own
 * outputs, and sums within a block are added in a fixed order. So results are bit-identical for any number of threads.
 */
import { threads as hardwareThreads, startHelper, warn } from "#platform";
import { describeMismatch, RetryableError } from "../../errors.js";
import { expectRoomForThreads } from "../../kernels/address-space.js";
import { SharedHeap } from "../../kernels/heap.js";
import { HAS_SHARED_MEMORY, ONE_THREAD, type WasmModule } from "../../kernels/memory.js";
import { instantiate } from "../../kernels/module.js";
import type { NnKernels, TeamKernel } from "../../kernels/nn.js";
import type { Helper } from "../../platform/platform.js";
import {
  ARGUMENT_COUNT,
  announce,
  BLOCKS,
  type BlockKernels,
  type ControlViews,
  closeSeats,
  controlViews,
  DONE,
  FAILED,
  GENERATION,
  HAS_SCRATCH,
  KERNEL,
  NEXT,
  PENDING,
  SCRATCH,
  SCRATCH_BYTES,
  STOP,
  type TeamHelperData,
  workOnBlocks,
} from "./protocol.js";

/**
 * Number of looks before the main thread or a helper sleeps. Waking a sleeping thread costs more than a short kernel. If
 * there are more threads than the processor runs at a time, both sleep immediately: their looks would take time from
 * threads with work (bench/notes/2026-11-30.md).
 */
const SPINS = 20000;
const HELPER_SPINS = 4000;
/**
 * LOOK_MS: milliseconds that the main thread sleeps between two checks of helpers that are still at work. LOOKS: number
 * of checks without progress after which it considers them dead. A block takes milliseconds. Time during which the
 * whole process is stopped counts as one check.
 */
const LOOK_MS = 1000;
const LOOKS = 120;

/** Block numbers are int32, and each thread may count one too far. */
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

/**
 * @typeParam Kernels the module's exports
 * @typeParam Name    the names of the exports that run in blocks
 */
export class KernelTeam<Kernels = NnKernels, Name extends string = TeamKernel> {
  readonly heap: SharedHeap;
  readonly kernels: Kernels;
  private readonly names: readonly Name[];
  private readonly blockKernels: BlockKernels;
  readonly threads: number;
  /** "2 threads", or why there is only one; used in descriptions of devices. */
  readonly description: string;
  private readonly control: ControlViews;
  private readonly isOversubscribed: boolean;
  private readonly helpers: Helper[] = [];
  /** Number of helpers that could not start or have ended. */
  private ended = 0;
  private isClosed = false;
  private isBroken = false;

  /**
   * @param threads number of threads, including the calling one; without SharedArrayBuffer, only the calling one is
   *                used
   * @param names   the exports that run in blocks; their last argument is the block, and the one before it may be
   *                scratch memory
   * @param heap    the shared memory; tests pass a smaller one
   * @param entry   the helpers' file; tests pass another one
   */
  constructor(
    module: WasmModule,
    threads: number,
    names: readonly Name[],
    heap = new SharedHeap(),
    entry = new URL("./helper.js", import.meta.url),
  ) {
    this.heap = heap;
    const { memory } = this.heap;
    this.threads = HAS_SHARED_MEMORY ? threads : 1;
    this.description = HAS_SHARED_MEMORY ? `${threads} ${threads === 1 ? "thread" : "threads"}` : ONE_THREAD;
    this.names = names;
    this.kernels = instantiate<Kernels>(module, memory);
    this.blockKernels = this.kernels as BlockKernels;
    this.control = controlViews(memory);
    this.isOversubscribed = this.threads > hardwareThreads();
    const spins = this.isOversubscribed ? 0 : HELPER_SPINS;
    for (let thread = 1; thread < this.threads; thread++) {
      this.startHelper({ module, memory, thread, names, spins }, entry);
    }
  }

  /** Starts a helper. If it cannot start, the other threads run its blocks, with the same results. */
  private startHelper(data: TeamHelperData, entry: URL): void {
    const onEnd = (reason: string): void => {
      this.ended++;
      if (this.isClosed) return;
      const left = this.threads - this.ended;
      warn(
        describeMismatch(
          "team",
          `${this.threads - 1} helper threads as well as the main one`,
          `the end of helper ${data.thread} (${reason})`,
          `The work continues with ${left === 1 ? "one thread" : `${left} threads`} and gives the same results.`,
        ),
      );
    };
    try {
      expectRoomForThreads();
      this.helpers.push(startHelper(entry, data, onEnd));
    } catch (error) {
      onEnd(String(error)); // the system allows no more threads
    }
  }

  /**
   * Runs `kernel(...values, [scratch,] block)` for all blocks and returns when all are done.
   * @param scratchBytes scratch memory per thread in bytes; 0 if the kernel needs none
   * @throws Error if the number of values does not match the kernel's parameters, or if the kernel traps in any thread
   *   because an argument is wrong. The team remains usable.
   * @throws RetryableError if a helper at work does not answer for two minutes. All later calls throw it as well.
   */
  run(kernel: Name, values: readonly number[], blocks: number, scratchBytes = 0): void {
    // WebAssembly replaces missing arguments by 0. A kernel would then write to address 0, where the control words are,
    // or never end.
    const expected = this.blockKernels[kernel].length - (scratchBytes > 0 ? 2 : 1);
    if (values.length !== expected) {
      const also = scratchBytes > 0 ? "in addition to scratch and block" : "in addition to the block";
      throw new Error(`team: kernel ${kernel}: expected ${expected} arguments ${also}, received ${values.length}`);
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
    // The main thread takes a block itself. Waking a helper that finds none left costs time, and so does waiting for it.
    const seats = Math.min(blocks - 1, this.helpers.length);
    Atomics.store(words, NEXT, 0);
    if (seats > 0) announce(this.control, seats);
    let failure: unknown;
    try {
      workOnBlocks(this.blockKernels, this.names, this.control, 0);
    } catch (error) {
      // Thrown below, only after the helpers are done; otherwise they would take the next run's blocks for this one's.
      failure = error;
    }
    if (seats > 0 && !this.waitForHelpers()) {
      // A helper may still write to the scratch memory and the outputs.
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

  /** Lets no more helpers join, and waits until those at work have left. @returns false if one no longer answers */
  private waitForHelpers(): boolean {
    const { words } = this.control;
    closeSeats(this.control);
    const spins = this.isOversubscribed ? 0 : SPINS;
    for (let spin = 0; spin < spins && Atomics.load(words, PENDING) !== 0; spin++);
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
