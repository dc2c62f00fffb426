/** How many threads a command or a library function uses by default. */
import { threads } from "#platform";

/** Largest number of threads of a team or a pool. */
export const MOST_THREADS = 256;

/** One thread per core, at most MOST_THREADS. @param cores number of cores that this process may use */
export function defaultThreads(cores = threads()): number {
  return Math.min(MOST_THREADS, cores);
}
