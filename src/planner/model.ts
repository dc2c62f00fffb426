/** Computes the rate and memory of a number of workers and a batch. It is only arithmetic; plan.ts decides. */
import type { Cost, Machine, Place, Plan, Stage } from "./types.js";

/** Neighbouring stages that share their calls. */
export interface Group {
  readonly name: string;
  readonly place: Place;
  readonly stages: readonly Stage[];
}

export interface Choice {
  readonly workers: number;
  readonly batch: number;
}

/** A choice with its rate. */
export interface Candidate extends Choice {
  readonly rate: number;
  readonly bound: Plan["bound"];
}

/** Seconds of work per item, for each place. */
export type Loads = Readonly<Record<Place, number>>;

export function groupStages(stages: readonly Stage[]): readonly Group[] {
  const groups: { name: string; place: Place; stages: Stage[] }[] = [];
  for (const stage of stages) {
    const last = groups.at(-1);
    if (last?.name === stage.group) last.stages.push(stage);
    else groups.push({ name: stage.group, place: stage.place, stages: [stage] });
  }
  return groups;
}

/** Returns a stage's seconds per item, with its share of the call. */
export function secondsOf({ seconds, callSeconds }: Cost, batch: number): number {
  return seconds + callSeconds / batch;
}

export function loadsOf(groups: readonly Group[], batch: number): Loads {
  const loads = { pool: 0, device: 0 };
  for (const { place, stages } of groups) {
    for (const { cost } of stages) loads[place] += secondsOf(cost, batch);
  }
  return loads;
}

/**
 * Computes items per second, and the resource that is used up first. Threads in excess of the cores take turns, so the
 * cores' time is a bound, too.
 */
export function rateOf({ pool, device }: Loads, workers: number, { cores, device: opened }: Machine) {
  const bounds = {
    pool: pool === 0 ? Infinity : workers / pool,
    device: device === 0 ? Infinity : 1 / device,
    cores: cores / (pool + (opened?.threads ?? 0) * device),
  };
  const bound = (["device", "pool", "cores"] as const).reduce((a, b) => (bounds[b] < bounds[a] ? b : a));
  return { rate: bounds[bound], bound };
}

/** Computes the factor by which each place's calls take longer if all threads exceed the cores; 1 if they do not. */
export function slowdowns(loads: Loads, workers: number, rate: number, { cores, device }: Machine): Loads {
  const threads = device?.threads ?? 0;
  const busyWorkers = Math.min(workers, rate * loads.pool);
  const busyDevice = threads * Math.min(1, rate * loads.device);
  const others = workers === 0 ? 0 : ((workers - 1) / workers) * busyWorkers;
  return {
    pool: Math.max(1, (1 + others + busyDevice) / cores),
    device: threads === 0 ? 1 : Math.max(1, (threads + busyWorkers) / cores),
  };
}

/** Computes the memory of a choice in bytes. @param queues units that may wait behind each group */
export function memoryOf(groups: readonly Group[], { workers, batch }: Choice, queues: readonly number[]): number {
  const callsOf = ({ place }: Group): number => (place === "pool" ? workers : 1);
  let held = 0;
  let worker = 0;
  for (const [i, group] of groups.entries()) {
    const { place, stages } = group;
    // A unit has room for its output from the start of the call until the next group's call on it has ended.
    const next = i + 1 < groups.length ? callsOf(groups[i + 1]) : 1;
    held += (callsOf(group) + queues[i] + next) * batch * (stages.at(-1)?.outputBytes ?? 0);
    // Within a call one item at a time has an output of each stage before the last.
    const within = stages.slice(0, -1).reduce((sum, { outputBytes }) => sum + outputBytes, 0);
    const working = stages.reduce((sum, { cost }) => sum + cost.callBytes + cost.bytes * batch, within);
    // A worker takes calls of all groups of the pool, one at a time; the device keeps what it has reserved.
    if (place === "pool") worker = Math.max(worker, working);
    else held += working;
  }
  return held + workers * worker;
}
