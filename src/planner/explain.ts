/** The reasons of a plan in words, each with the numbers that decided it. */
import { type Group, groupSeconds } from "./model.js";
import type { Candidate } from "./plan.js";
import type { Limits, Machine, Place, Plan, PlannedStage } from "./types.js";

export interface Considered {
  readonly groups: readonly Group[];
  readonly chosen: Candidate;
  /** Everything that would have fitted into the memory. */
  readonly fitting: readonly Candidate[];
  readonly machine: Machine;
  readonly limits: Limits;
  /** The place that holds the rest back. */
  readonly slowest: Place;
}

const PLACES = { pool: "the pool", device: "the device" } as const;

/** @param items what they are; left away where that is clear */
export function formatRate(rate: number, items = ""): string {
  return `${rate >= 100 ? rate.toFixed(0) : rate.toPrecision(3)}${items === "" ? "" : ` ${items}`}/s`;
}

function formatMilliseconds(seconds: number): string {
  return `${(seconds * 1000).toPrecision(3)} ms`;
}

export function formatMebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

export function explain(
  stages: readonly Omit<PlannedStage, "reason">[],
  decided: Omit<Plan, "stages" | "reasons">,
  considered: Considered,
): Pick<Plan, "stages" | "reasons"> {
  return {
    stages: stages.map((stage) => ({ ...stage, reason: reasonOfPlace(stage, considered) })),
    reasons: [
      reasonOfBottleneck(decided, considered),
      reasonOfWorkers(decided, considered),
      reasonOfBatch(decided, considered),
      reasonOfQueues(stages, decided, considered),
    ],
  };
}

function reasonOfPlace(stage: Omit<PlannedStage, "reason">, { groups, chosen, fitting, machine }: Considered): string {
  const at = groups.findIndex(({ name, stages }) => name === stage.group && stages.some((s) => s.name === stage.name));
  const group = groups[at];
  const each = (place: Place): number => groupSeconds(group, place, chosen.batch);
  const hasPool = each("pool") < Infinity;
  const hasDevice = machine.device !== null && each("device") < Infinity;
  if (!hasPool) return "only the device can run it";
  if (!hasDevice) {
    const couldDevice = group.stages.every(({ costs }) => costs.device !== undefined);
    return couldDevice ? "there is no device, so the pool runs it" : "only the pool can run it";
  }
  const rival = fitting
    .filter(({ shares }) => (stage.place === "both" ? shares[at] % 1 === 0 : shares[at] === 1 - stage.deviceShare))
    .reduce((most, { rate }) => Math.max(most, rate), 0);
  const costs = `${formatMilliseconds(each("device"))} an item on the device, ${formatMilliseconds(each("pool"))} in a worker`;
  if (stage.place === "both") {
    const share = Math.round(stage.deviceShare * 100);
    return `${costs}: with ${share} % of the batches the device ends when the pool does; one place alone would give ${formatRate(rival)}`;
  }
  const other: Place = stage.place === "device" ? "pool" : "device";
  if (rival === 0) return `${costs}, but ${PLACES[other]} does not fit into the memory`;
  if (rival >= chosen.rate * 0.99) return `${costs}: either is as fast, and this needs fewer workers or less memory`;
  return `${costs}: on ${PLACES[other]} the whole would give ${formatRate(rival)}, here ${formatRate(chosen.rate)}`;
}

function reasonOfBottleneck({ bottleneck, bound, rate }: Omit<Plan, "stages" | "reasons">, { slowest }: Considered) {
  const what = bound === "cores" ? `the cores, which ${PLACES[slowest]} uses most,` : PLACES[bound];
  return `bottleneck ${bottleneck}: ${what} can do no more than ${formatRate(rate)}`;
}

function reasonOfWorkers({ workers, rate }: Omit<Plan, "stages" | "reasons">, { chosen, fitting, limits }: Considered) {
  const name = `${workers} ${workers === 1 ? "worker" : "workers"}`;
  if (workers === 0) return `${name}: nothing runs in the pool`;
  const fewer = bestWith(fitting, (candidate) => candidate.workers < workers && candidate.workers > 0);
  const more = bestWith(fitting, (candidate) => candidate.workers > workers);
  const less = fewer === null ? "" : `${fewer.workers} would give ${formatRate(fewer.rate)}`;
  if (workers === limits.workers) return `${name}: all that are allowed${less === "" ? "" : `; ${less}`}`;
  const gain = more === null ? "more do not fit into the memory" : `more would give at most ${formatRate(more.rate)}`;
  const here = `${name} ${workers === 1 ? "keeps" : "keep"} up with ${formatRate(rate)}`;
  return `${chosen.bound === "pool" ? name : here}: ${less === "" ? gain : `${less}, ${gain}`}`;
}

function reasonOfBatch({ batch }: Omit<Plan, "stages" | "reasons">, { fitting, limits }: Considered): string {
  if (limits.batches.length === 1) return `batch ${batch}: ${limits.isBatchOwn ? "the command's own" : "as asked for"}`;
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

function reasonOfQueues(
  stages: readonly Omit<PlannedStage, "reason">[],
  { memoryBytes }: Omit<Plan, "stages" | "reasons">,
  { limits, slowest }: Considered,
): string {
  const memory = `the pipeline holds at most ${formatMebibytes(memoryBytes)} of ${formatMebibytes(limits.memoryBytes)}`;
  const deepest = Math.max(...stages.map(({ queue }) => queue));
  const groups = new Set(stages.map(({ group }) => group));
  if (groups.size === 1) return `no queues: all stages are one call; ${memory}`;
  if (deepest === 0) return `no queues: a finished batch more does not fit; ${memory}`;
  return `queues of up to ${deepest} finished batches, so that ${PLACES[slowest]} does not wait; ${memory}`;
}
