/** What a command's work looks like to the planner: its stages, and real pictures and networks to run them on. */
import type { StageSeconds, TaskTimes } from "../../image/tasks.js";
import type { Work } from "../execute.js";
import type { Place, Span, Stage } from "../types.js";

/** A stage whose seconds are still to be measured. */
export interface StageShape extends Omit<Stage, "costs" | "splittable"> {
  readonly place: Place;
  /** Of its cost, where they are known beforehand; the device's are measured. */
  readonly callBytes?: number;
}

/** What is known of a command's work before anything is opened. */
export interface Outline {
  /** What an item is, for rates: "images". */
  readonly items: string;
  /** What the pool's workers do for the rest: "decode ahead". */
  readonly doing: string;
  /** Changes with everything that the costs depend on beside the machine. */
  readonly key: string;
  readonly shapes: readonly StageShape[];
  /** Numbers of items that a unit may have. */
  readonly batches: readonly number[];
}

export interface Job<Unit> extends Outline, Work<Unit> {
  close(): Promise<void>;
}

/** A worker with its kernels, before it holds a picture. */
export const WORKER_BYTES = 48 * 2 ** 20;
/** A decoded photo of a megapixel; those of CelebA have a third of it. */
export const PHOTO_BYTES = 4 * 2 ** 20;
/** A photo's file. */
export const FILE_BYTES = 2 ** 18;

/** Milliseconds since 1970, with fractions. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Runs a stage on the main thread. */
export async function onDevice<T>(spans: Span[], stage: string, items: number, work: () => T | Promise<T>): Promise<T> {
  const start = epochNow();
  const result = await work();
  spans.push({ stage, place: "device", thread: 0, start, end: epochNow(), items });
  return result;
}

/**
 * The stages of a task of the pool, each with the sum of its time over the task's items, one after the other up to its end: a
 * worker goes through all stages of one item before the next.
 */
export function spansOfTask(
  { seconds, thread }: TaskTimes,
  names: readonly (readonly [stage: string, of: keyof StageSeconds])[],
  items: number,
): Span[] {
  let at = epochNow() - 1000 * names.reduce((sum, [, of]) => sum + seconds[of], 0);
  return names.map(([stage, of]) => {
    const start = at;
    at += 1000 * seconds[of];
    return { stage, place: "pool", thread, start, end: at, items };
  });
}

/** The next `count` of a list that begins anew at its end. */
export function takeCycling<T>(list: readonly T[], first: number, count: number): T[] {
  return Array.from({ length: count }, (_, i) => list[(first + i) % list.length]);
}

export const LOAD_STAGES = [
  ["read", "read"],
  ["decode", "decode"],
  ["normalise", "normalise"],
] as const;

/** Shapes of reading, decoding and normalising pictures of side `size` in one call of the pool. */
export function loadShapes(size: number, pictures: number): readonly StageShape[] {
  const shape = { group: "load", place: "pool" } as const;
  return [
    { ...shape, name: "read", outputBytes: FILE_BYTES, callBytes: WORKER_BYTES },
    { ...shape, name: "decode", outputBytes: PHOTO_BYTES },
    { ...shape, name: "normalise", outputBytes: pictures * size * size * 3 * 4 },
  ];
}
