/** What a choice of places, workers and batch would give: rates and memory. Arithmetic alone, no decisions. */
import type { Cost, Machine, Place, Stage } from "./types.js";

/** Neighbouring stages that share place and calls. */
export interface Group {
  readonly name: string;
  readonly stages: readonly Stage[];
}

/** The part of each group's units that the device takes: 0 is the pool, 1 the device. */
export type Shares = readonly number[];

export interface Choice {
  readonly shares: Shares;
  readonly workers: number;
  readonly batch: number;
}

/** Seconds an item that a place works. */
export interface Loads {
  readonly pool: number;
  readonly device: number;
}

export function groupStages(stages: readonly Stage[]): readonly Group[] {
  const groups: { name: string; stages: Stage[] }[] = [];
  for (const stage of stages) {
    const last = groups.at(-1);
    if (last?.name === stage.group) last.stages.push(stage);
    else groups.push({ name: stage.group, stages: [stage] });
  }
  return groups;
}

/** Seconds an item of a stage at a place where it can run. */
export function secondsOf({ seconds, callSeconds }: Cost, batch: number): number {
  return seconds + callSeconds / batch;
}

/** Seconds an item of a group's stages at a place; Infinity where one of them cannot run there. */
export function groupSeconds({ stages }: Group, place: Place, batch: number): number {
  return stages.reduce((sum, { costs }) => {
    const cost = costs[place];
    return sum + (cost === undefined ? Infinity : secondsOf(cost, batch));
  }, 0);
}

export function loadsOf(groups: readonly Group[], { shares, batch }: Omit<Choice, "workers">): Loads {
  let [pool, device] = [0, 0];
  for (const [i, group] of groups.entries()) {
    // Not 0 * Infinity where a group cannot run.
    if (shares[i] < 1) pool += (1 - shares[i]) * groupSeconds(group, "pool", batch);
    if (shares[i] > 0) device += shares[i] * groupSeconds(group, "device", batch);
  }
  return { pool, device };
}

/** Items a second by what is used up first. Threads beyond the cores take turns, so that the cores' time is a bound too. */
export function rateOf({ pool, device }: Loads, workers: number, { cores, device: opened }: Machine) {
  const bounds = {
    pool: pool === 0 ? Infinity : workers / pool,
    device: device === 0 ? Infinity : 1 / device,
    cores: cores / (pool + (opened?.threads ?? 0) * device),
  };
  const bound = (["device", "pool", "cores"] as const).reduce((a, b) => (bounds[b] < bounds[a] ? b : a));
  return { rate: bounds[bound], bound };
}

/** How much longer a call takes at each place because all threads together are more than the cores; 1 where they are not. */
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

/** Calls of a group at once. */
export function callsOf(share: number, workers: number): number {
  return (share < 1 ? workers : 0) + (share > 0 ? 1 : 0);
}

/** @param queues units that may wait behind each group */
export function memoryOf(
  groups: readonly Group[],
  { shares, workers, batch }: Choice,
  queues: readonly number[],
): number {
  let held = 0;
  let worker = 0;
  for (const [i, { stages }] of groups.entries()) {
    const calls = callsOf(shares[i], workers);
    // A unit has room for its output from the start of the call until the next group's call on it has ended.
    const next = i + 1 < groups.length ? callsOf(shares[i + 1], workers) : 1;
    held += (calls + queues[i] + next) * batch * (stages.at(-1)?.outputBytes ?? 0);
    // Within a call one item at a time has an output of each stage before the last.
    const within = stages.slice(0, -1).reduce((sum, { outputBytes }) => sum + outputBytes, 0);
    const working = (place: Place): number =>
      stages.reduce((sum, { costs }) => {
        const cost = costs[place];
        return cost === undefined ? sum : sum + cost.callBytes + cost.bytes * batch;
      }, within);
    // A worker takes calls of all groups of the pool, one at a time; the device keeps what it has reserved.
    if (shares[i] < 1) worker = Math.max(worker, working("pool"));
    if (shares[i] > 0) held += working("device");
  }
  return held + workers * worker;
}

/**
 * Results that must be able to wait behind each group for the planned rate: where both places work, what one of them finishes
 * during a call of the slower one, since units leave in their order.
 */
export function leastQueues(groups: readonly Group[], { shares, batch }: Choice, rate: number): readonly number[] {
  return groups.map((group, i) => {
    if (shares[i] === 0 || shares[i] === 1) return 0;
    return Math.ceil(Math.max(groupSeconds(group, "pool", batch), groupSeconds(group, "device", batch)) * rate);
  });
}
