/**
 * The input and the contents of a plan. An item is an image, or a pair of them in training. A unit is a batch of
 * items: the portion that travels from the pool to the device. This file loads nothing, so that the planner can be tested
 * without either.
 */

/** Where a stage runs: on the worker threads, or on the main thread with the device that it drives. */
export type Place = "pool" | "device";

/** What a stage costs at its place. One call works on one unit. */
export interface Cost {
  /** Seconds per item, on one pool thread or on the device as a whole. */
  readonly seconds: number;
  /** Seconds per call, however many items it has. */
  readonly callSeconds: number;
  /** Bytes held during a call for each of its items. The output is counted separately. */
  readonly bytes: number;
  /** Bytes held by each worker, or by the device, however many items there are. */
  readonly callBytes: number;
}

export interface Stage {
  readonly name: string;
  /** Neighbouring stages of one group run in one call, item by item, so that nothing waits between them. */
  readonly group: string;
  readonly place: Place;
  readonly cost: Cost;
  /** Bytes of an item that leaves the stage. */
  readonly outputBytes: number;
}

export interface Machine {
  readonly cores: number;
  /** The device; null for work without a model. */
  readonly device: {
    readonly name: string;
    /** Cores that it keeps busy while it works: its threads on a CPU, 1 for the thread that drives a GPU. */
    readonly threads: number;
  } | null;
}

export interface Limits {
  /** Bytes that all stages together may hold. */
  readonly memoryBytes: number;
  /** The most threads that the pool may have. */
  readonly workers: number;
  /** Numbers of items that a unit may have; a single entry if the number is part of the request, as in training. */
  readonly batches: readonly number[];
  /** Whether a single batch is the command's own choice and not the user's. */
  readonly isBatchOwn?: boolean;
}

export interface PlannedStage {
  readonly name: string;
  readonly group: string;
  readonly place: Place;
  /** Number of calls at the same time: the pool's threads, which all of its stages share, or 1 for the device. */
  readonly workers: number;
  /** Number of finished units of its group that may wait for the next group. */
  readonly queue: number;
  /** Seconds per item while everything else runs as well. */
  readonly seconds: number;
  /** Items per second that its place manages with all of its stages. */
  readonly predictedRate: number;
}

export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly batch: number;
  /** Number of the pool's threads; 0 if nothing runs there. */
  readonly workers: number;
  /** Items per second. */
  readonly rate: number;
  /** The most expensive stage of the place that limits the rate. */
  readonly bottleneck: string;
  /** The resource that is used up first: the pool's threads, the device, or the cores under both. */
  readonly bound: "pool" | "device" | "cores";
  /** The most bytes that all stages hold at once. */
  readonly memoryBytes: number;
  /** Why the bottleneck, the workers, the batch and the queues are what they are, in words. */
  readonly reasons: readonly string[];
}

/** Measured seconds per item, by the stage's name. */
export type Measured = ReadonlyMap<string, number>;

/** A call of a stage as it happened, for the timeline. */
export interface Span {
  readonly stage: string;
  readonly place: Place;
  /** The worker's number; 0 is the main thread. */
  readonly thread: number;
  /** Milliseconds since 1970, with fractions: the same clock in all threads. */
  readonly start: number;
  readonly end: number;
  readonly items: number;
}
