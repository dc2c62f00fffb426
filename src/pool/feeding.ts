/**
 * How work is brought to a pool and what comes of it: decided above, read again for each piece of work, since it may change
 * meanwhile. Only the time depends on it, never a result.
 */

export interface Feeding {
  /** Threads that the pool may have. */
  readonly most: number;
  /** Threads that get work now, 1 to `most`. */
  readonly workers: number;
  /** Batches that are loaded or wait beside the one that is worked on, at least 1. */
  readonly ahead: number;
  /** Seconds that stages took for `items` items together, by the stage's name. */
  onTimes(seconds: Readonly<Record<string, number>>, items: number): void;
  /** `items` items are done, this many seconds after those before them; other work is left out. */
  onUnit(items: number, seconds: number): void;
}

/** The most batches ahead: what more would wait for is memory. */
export const MOST_AHEAD = 3;

/** Numbers that stay as they are. */
export function fixedFeeding(workers: number, ahead: number): Feeding {
  return { most: workers, workers, ahead, onTimes: () => {}, onUnit: () => {} };
}
