/** Timing with warm-up and spread, and a row of results. */

export interface Timing {
  /** Median of the rounds in milliseconds. */
  readonly ms: number;
  /** (third quartile - first quartile) / median. */
  readonly spread: number;
}

/** Runs `work` `rounds` times after `warmUp` runs. Returns the milliseconds of each round. */
export async function measureRounds(work: () => unknown, rounds = 9, warmUp = 2): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) times.push(performance.now() - start);
  }
  return times;
}

/** Runs `work` `rounds` times after `warmUp` runs. Returns the milliseconds of one run. */
export async function measure(work: () => unknown, rounds = 9, warmUp = 2): Promise<Timing> {
  return timingOf(await measureRounds(work, rounds, warmUp));
}

/** @param times milliseconds of each round */
export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.round((sorted.length - 1) * q)];
  return { ms: quantile(0.5), spread: (quantile(0.75) - quantile(0.25)) / quantile(0.5) };
}

/** What the same work is compared with. */
export interface Compared {
  /** A library and what of it, such as "SciPy sqrtm", or another way of our own to do the work. */
  readonly name: string;
  /** The library's version; omit it for work of our own. */
  readonly version?: string | null;
  readonly timing: Timing;
}

export interface Row {
  readonly work: string;
  readonly oursMs: number;
  readonly spread: number;
  readonly peer: string | null;
  readonly peerVersion: string | null;
  readonly peerMs: number | null;
  /** oursMs / peerMs of the same run; lower is better. */
  readonly ratio: number | null;
  readonly atMost: number | null;
}

/** A row of the results. Times are divided by `items`. @param atMost the target for the ratio */
export function row(work: string, ours: Timing, items: number, peer?: Compared, atMost: number | null = null): Row {
  const [oursMs, peerMs] = [ours.ms / items, peer === undefined ? null : peer.timing.ms / items];
  const ratio = peerMs === null ? null : oursMs / peerMs;
  const named = { peer: peer?.name ?? null, peerVersion: peer?.version ?? null };
  return { work, oursMs, spread: ours.spread, ...named, peerMs, ratio, atMost };
}
