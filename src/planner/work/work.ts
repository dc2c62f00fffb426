/** The facts about a command's work that the planner needs: its stages, and how to run its own loop for a moment. */
import type { Feeding } from "../../pool/feeding.js";
import type { Stage } from "../types.js";

/** A stage whose cost is still to be measured. */
export interface StageShape extends Omit<Stage, "cost"> {
  /** Bytes held by each worker, if they are known in advance. The device's bytes are measured. */
  readonly callBytes?: number;
}

/** The facts about a command's work that are known before it begins. */
export interface Outline {
  /** Name of the items, for rates: "images". */
  readonly items: string;
  /** Description of the pool's work: "decode ahead". */
  readonly doing: string;
  /** Changes with everything that the costs depend on, apart from the machine. */
  readonly key: string;
  readonly shapes: readonly StageShape[];
  /** Numbers of items that a unit may have. */
  readonly batches: readonly number[];
}

/** The way to run a loop for measuring. */
export interface Rehearsal {
  /** Number of items in a unit. */
  readonly batch: number;
  /** Decides the numbers of threads and of batches ahead, and receives the times of all stages. */
  readonly feeding: Feeding;
  /** Returns whether there are enough measurements. The loop calls it before each unit. */
  isOver(): boolean;
}

export interface Work extends Outline {
  /** Runs the command's own loop over its items, again and again until it is over, and keeps nothing of the results. */
  rehearse(rehearsal: Rehearsal): Promise<void>;
}

/** Bytes of a worker with its kernels, before it holds an image. */
const WORKER_BYTES = 48 * 2 ** 20;
/** Bytes of a decoded photo of one megapixel; a CelebA photo needs a third of them. */
const PHOTO_BYTES = 4 * 2 ** 20;
/** Bytes of a photo's file. */
const FILE_BYTES = 2 ** 18;

/** The stages in which a worker opens a photo, up to its pixels. */
export function photoShapes(group: string): readonly StageShape[] {
  const shape = { group, place: "pool" } as const;
  return [
    { ...shape, name: "read", outputBytes: FILE_BYTES, callBytes: WORKER_BYTES },
    { ...shape, name: "decode", outputBytes: PHOTO_BYTES },
  ];
}

/** The stages in which a worker makes images of side `size` ready for a model. @param images per item */
export function loadShapes(size: number, images: number): readonly StageShape[] {
  const outputBytes = images * size * size * 3 * 4;
  return [...photoShapes("load"), { name: "normalise", group: "load", place: "pool", outputBytes }];
}

/** Makes a list of at least `count` entries: the same ones over and over. */
export function repeat<T>(list: readonly T[], count: number): T[] {
  return Array.from({ length: Math.max(count, list.length) }, (_, i) => list[i % list.length]);
}
