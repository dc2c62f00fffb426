/** How many threads a command or a function of the library uses if the user does not say. */
import { availableParallelism } from "node:os";

/** The most threads that a team or a pool may have. */
export const MOST_THREADS = 256;

/** One thread per core, at most MOST_THREADS. @param cores those that this process may use */
export function defaultThreads(cores = availableParallelism()): number {
  return Math.min(MOST_THREADS, cores);
}
