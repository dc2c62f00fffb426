/**
 * How the main thread and the helpers of a team talk: a few words at the start of the shared memory.
 *
 * The main thread writes the kernel and its arguments, then PENDING, then adds one to GENERATION and notifies. A helper
 * that sees a new generation takes blocks from NEXT until there are none, then subtracts one from PENDING. The order
 * matters: whoever reads the new GENERATION must find everything else written, and Atomics are sequentially consistent.
 */
import type { WasmMemory, WasmModule } from "../kernels/memory.js";
/** Indices of int32 words. */
export const GENERATION = 0;
export const NEXT = 1;
export const BLOCKS = 2;
export const PENDING = 3;
export const KERNEL = 4;
export const ARGUMENT_COUNT = 5;
/** 1: append this thread's scratch pointer after the arguments. */
export const HAS_SCRATCH = 6;
export const SCRATCH_BYTES = 7;
export const SCRATCH = 8;
export const STOP = 9;
/** Set by a helper whose kernel trapped. */
export const FAILED = 10;

/** Arguments are float64 (pointers, counts and float32 alike), from this byte offset. */
export const ARGUMENTS_OFFSET = 64;
export const MAX_ARGUMENTS = 16;
export const CONTROL_BYTES = ARGUMENTS_OFFSET + 8 * MAX_ARGUMENTS;

export interface TeamWorkerData {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly thread: number;
  /** Exports of the module that the team runs; the index in this list is what travels to the helpers. */
  readonly names: readonly string[];
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

/** Takes blocks of the current work until none is left. */
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
  }
}
