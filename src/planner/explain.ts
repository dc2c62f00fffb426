/** The reasons of a plan in words, each with the numbers that decided it. */
import type { Candidate } from "./model.js";
import type { Limits, Place, Plan } from "./types.js";

type Decided = Omit<Plan, "reasons">;

export interface Considered {
  /** All choices that would have fitted into the memory. */
  readonly fitting: readonly Candidate[];
  readonly limits: Limits;
  /** The place that limits the rate. */
  readonly slowest: Place;
}

const PLACES = { pool: "the pool", device: "the device" } as const;

/** Formats a rate. @param items name of the items; empty if it is clear */
export function formatRate(rate: number, items = ""): string {
  return `${rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3)}${items === "" ? "" : ` ${items}`}/s`;
}

function formatMebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

export function explain(decided: Decided, considered: Considered): readonly string[] {
  return [
    reasonOfBottleneck(decided, considered),
    reasonOfWorkers(decided, considered),
    reasonOfBatch(decided, considered),
    reasonOfQueues(decided, considered),
  ];
}

function reasonOfBottleneck({ bottleneck, bound, rate }: Decided, { slowest }: Considered): string {
  const what = bound === "cores" ? `the cores, which ${PLACES[slowest]} uses most,` : PLACES[bound];
  return `bottleneck ${bottleneck}: ${what} can do no more than ${formatRate(rate)}`;
}

function reasonOfWorkers({ workers, rate, bound }: Decided, { fitting, limits }: Considered): string {
  const name = `${workers} ${workers === 1 ? "worker" : "workers"}`;
  if (workers === 0) return `${name}: nothing runs in the pool`;
  const fewer = bestWith(fitting, (candidate) => candidate.workers < workers);
  const more = bestWith(fitting, (candidate) => candidate.workers > workers);
  const less = fewer === null ? "" : `${fewer.workers} would give ${formatRate(fewer.rate)}`;
  if (workers === limits.workers) return `${name}: all that are allowed${less === "" ? "" : `; ${less}`}`;
  const gain = more === null ? "more do not fit into the memory" : `more would give at most ${formatRate(more.rate)}`;
  const here = `${name} ${workers === 1 ? "keeps" : "keep"} up with ${formatRate(rate)}`;
  return `${bound === "pool" ? name : here}: ${less === "" ? gain : `${less}, ${gain}`}`;
}

function reasonOfBatch({ batch }: Decided, { fitting, limits }: Considered): string {
  if (limits.batches.length === 1) return `batch ${batch}: ${limits.isBatchOwn ? "the command's own" : "as requested"}`;
  const smaller = bestWith(fitting, (candidate) => candidate.batch < batch);
  const larger = bestWith(fitting, (candidate) => candidate.batch > batch);
  const less = smaller === null ? "the smallest" : `${smaller.batch} would give ${formatRate(smaller.rate)}`;
  const isLargest = batch === Math.max(...limits.batches);
  const none = isLargest ? "none larger is allowed" : "larger ones do not fit into the memory";
  return `batch ${batch}: ${less}, ${larger === null ? none : `${larger.batch} would give ${formatRate(larger.rate)}`}`;
}

function bestWith(fitting: readonly Candidate[], condition: (candidate: Candidate) => boolean): Candidate | null {
  return fitting.filter(condition).reduce<Candidate | null>((a, b) => (a === null || b.rate > a.rate ? b : a), null);
}

function reasonOfQueues({ stages, memoryBytes }: Decided, { limits, slowest }: Considered): string {
  const memory = `all stages hold at most ${formatMebibytes(memoryBytes)} of ${formatMebibytes(limits.memoryBytes)}`;
  const deepest = Math.max(...stages.map(({ queue }) => queue));
  if (new Set(stages.map(({ group }) => group)).size === 1) return `no queues: all stages are one call; ${memory}`;
  if (deepest === 0) return `no queues: there is no memory for another finished batch; ${memory}`;
  return `queues of up to ${deepest} finished batches, so that ${PLACES[slowest]} does not wait; ${memory}`;
}
