/**
 * How many threads of a pool get work, and how many batches are loaded ahead. The planner decides this and may change
 * it while the work runs, so it is read again for each piece of work. It changes only the time, never a result.
 */

export interface Feeding {
  /** Largest number of threads that the pool may have. */
  readonly most: number;
  /** Number of threads that get work now, 1 to `most`. */
  readonly workers: number;
  /** Number of batches that are loaded or waiting in addition to the current one, at least 1. */
  readonly ahead: number;
  /** Reports the seconds that each stage took for `items` items together, by the stage's name. */
  onTimes(seconds: Readonly<Record<string, number>>, items: number): void;
  /** Reports that `items` more items are done, `seconds` after the previous ones. Time spent on other work is not included. */
  onUnit(items: number, seconds: number): void;
}

/** Largest number of batches ahead. More would use memory without making anything faster. */
export const MOST_AHEAD = 3;

/** A feeding whose numbers never change and that ignores reports. */
export function fixedFeeding(workers: number, ahead: number): Feeding {
  return { most: workers, workers, ahead, onTimes: () => {}, onUnit: () => {} };
}
