/**
 * What a plan is made from and what it says. An item is a picture, or a pair of them in training; a unit is a batch of
 * items, the portion that travels through the pipeline. Loads nothing: the planner is tested without pool or device.
 */

/** The worker threads, or the main thread with the device that it drives. */
export type Place = "pool" | "device";

/** What a stage costs at a place. A call works on one unit. */
export interface Cost {
  /** Of one thread of the pool, or of the device as a whole, for an item. */
  readonly seconds: number;
  /** For a call, however many items it has. */
  readonly callSeconds: number;
  /** Held while it works, for each item of the call; its output is counted apart. */
  readonly bytes: number;
  /** Held by each worker, or by the device, however many items there are. */
  readonly callBytes: number;
}

export interface Stage {
  readonly name: string;
  /**
   * Neighbours of one group run in one place and one call, item by item: what passes between them never waits. Stages
   * that stand alone have a group of their own.
   */
  readonly group: string;
  /** Where it can run. */
  readonly costs: Partial<Readonly<Record<Place, Cost>>>;
  /** Of an item that leaves the stage. */
  readonly outputBytes: number;
  /** Whether its units may go to both places at once: only where no unit depends on another one. */
  readonly splittable: boolean;
}

export interface Machine {
  readonly cores: number;
  /** Null where nothing can run the model but the pool. */
  readonly device: {
    readonly name: string;
    /** Cores that it keeps busy while it works: its threads on a CPU, 1 for the thread that drives a GPU. */
    readonly threads: number;
  } | null;
}

export interface Limits {
  /** For everything that the pipeline holds. */
  readonly memoryBytes: number;
  /** Threads that the pool may have. */
  readonly workers: number;
  /** Items that a unit may have; one entry where the number is part of what is asked for, as in training. */
  readonly batches: readonly number[];
  /** Whether a single batch is the command's own choice; otherwise the user has asked for it. */
  readonly isBatchOwn?: boolean;
}

export interface PlannedStage {
  readonly name: string;
  readonly group: string;
  readonly place: Place | "both";
  /** Share of the units that the device takes: 0 or 1, or between where the place is both. */
  readonly deviceShare: number;
  /** Calls at once: the pool's threads, which all of its stages share, and 1 for the device. */
  readonly workers: number;
  /** Finished units of its group that may wait for the next group. */
  readonly queue: number;
  /** For an item, at each place where it runs, beside everything else that runs. */
  readonly seconds: Partial<Readonly<Record<Place, number>>>;
  /** Items a second that its place manages with all of its stages; the least of them is the pipeline's. */
  readonly predictedRate: number;
  /** Why it is so, in words. */
  readonly reason: string;
}

export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly batch: number;
  /** Threads of the pool; 0 where nothing runs there. */
  readonly workers: number;
  /** Items a second. */
  readonly rate: number;
  /** The dearest stage of what holds the rest back. */
  readonly bottleneck: string;
  /** What is used up first: the pool's threads, the device, or the cores under both. */
  readonly bound: "pool" | "device" | "cores";
  /** The most that the pipeline holds at once. */
  readonly memoryBytes: number;
  /** Of batch, workers, queues and memory, in words; those of the places are with the stages. */
  readonly reasons: readonly string[];
}

/** Seconds that a stage took for an item, where it ran. */
export type Measured = ReadonlyMap<string, Partial<Readonly<Record<Place, number>>>>;

/** A call of a stage as it happened, for rates and for the timeline. */
export interface Span {
  readonly stage: string;
  readonly place: Place;
  /** Of the worker; 0 is the main thread. */
  readonly thread: number;
  /** Milliseconds since 1970, with fractions: the same clock in all threads. */
  readonly start: number;
  readonly end: number;
  readonly items: number;
}
