/**
 * The protocol between the main thread and the helper threads of a team: a few words at the start of the shared memory.
 *
 * The main thread writes the kernel and its arguments. Then it sets PENDING to one free seat for each helper that can
 * have work, adds 1 to GENERATION and notifies as many helpers. A helper that sees a new generation takes a seat if one
 * is free, which counts it in PENDING. It takes blocks from NEXT until none are left, and counts itself out again. When
 * no blocks are left, the main thread removes the free seats and waits until PENDING counts no helper. Only then may it
 * write the next work. A helper that has not started yet, or has ended, is not counted, so nobody waits for it. The
 * order of the writes matters: a helper that finds a free seat must find everything else written. Atomics guarantee
 * this, because they are sequentially consistent.
 *
 * Helpers that are not notified sleep on, with an old generation in mind. The next notification that reaches them
 * shows them the current one. No work depends on them: the main thread runs every block that nobody else takes.
 */
import type { WasmMemory, WasmModule } from "../../kernels/memory.js";

/** Indices of the int32 words. */
export const GENERATION = 0;
export const NEXT = 1;
export const BLOCKS = 2;
/** Number of helpers at work, plus SEAT for each one that may still join. Both numbers are less than SEAT. */
export const PENDING = 3;
export const SEAT = 2 ** 15;
export const KERNEL = 4;
export const ARGUMENT_COUNT = 5;
/** 1 if this thread's scratch pointer follows the arguments, otherwise 0. */
export const HAS_SCRATCH = 6;
export const SCRATCH_BYTES = 7;
export const SCRATCH = 8;
export const STOP = 9;
/** Set to 1 by a helper whose kernel trapped. */
export const FAILED = 10;
/** Number of finished blocks, modulo 2^32. While it changes, helpers are alive. */
export const DONE = 11;

/** Byte offset of the arguments. All are float64: pointers, counts and float32 values. */
export const ARGUMENTS_OFFSET = 64;
export const MAX_ARGUMENTS = 16;

export interface TeamHelperData {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly thread: number;
  /** Exports of the module that the team runs. Helpers receive an index into this list. */
  readonly names: readonly string[];
  /** Number of looks at the generation before the helper sleeps. */
  readonly spins: number;
}

/** Exports of a module by name. */
export type BlockKernels = Readonly<Record<string, (...values: number[]) => void>>;

export interface ControlViews {
  readonly words: Int32Array;
  readonly arguments: Float64Array;
}

export function controlViews(memory: WasmMemory): ControlViews {
  return {
    words: new Int32Array(memory.buffer, 0, ARGUMENTS_OFFSET / 4),
    arguments: new Float64Array(memory.buffer, ARGUMENTS_OFFSET, MAX_ARGUMENTS),
  };
}

/** Announces work that is completely written to at most `seats` helpers, fewer than SEAT. */
export function announce({ words }: ControlViews, seats: number): void {
  Atomics.store(words, PENDING, seats * SEAT);
  Atomics.add(words, GENERATION, 1);
  Atomics.notify(words, GENERATION, seats);
}

/** Lets no more helpers join. Those at work remain counted. */
export function closeSeats({ words }: ControlViews): void {
  Atomics.and(words, PENDING, SEAT - 1);
}

/** Counts a helper in. @returns false if all seats are taken or the work is already closed */
export function join({ words }: ControlViews): boolean {
  for (let pending = Atomics.load(words, PENDING); pending >= SEAT; ) {
    const found = Atomics.compareExchange(words, PENDING, pending, pending - SEAT + 1);
    if (found === pending) return true;
    pending = found;
  }
  return false;
}

/** Counts a helper out. If it was the last one, this wakes the main thread. */
export function leave({ words }: ControlViews): void {
  if (Atomics.sub(words, PENDING, 1) === 1) Atomics.notify(words, PENDING);
}

/** Runs blocks of the current work until none is left. */
export function workOnBlocks(
  kernels: BlockKernels,
  names: readonly string[],
  control: ControlViews,
  thread: number,
): void {
  const { words } = control;
  const run = kernels[names[words[KERNEL]]];
  const values = Array.from(control.arguments.subarray(0, words[ARGUMENT_COUNT]));
  if (words[HAS_SCRATCH] === 1) values.push((words[SCRATCH] >>> 0) + thread * words[SCRATCH_BYTES]);
  const last = values.length;
  values.push(0);
  const blocks = words[BLOCKS];
  for (let block = Atomics.add(words, NEXT, 1); block < blocks; block = Atomics.add(words, NEXT, 1)) {
    values[last] = block;
    run(...values);
    Atomics.add(words, DONE, 1);
  }
}
