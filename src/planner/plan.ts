/**
 * Decides which stage runs where, with how many workers, in which batches and behind which queues, from costs alone: the same
 * input gives the same plan. The choices are few (places of two or three groups, workers, batches), so all are looked at.
 */
import { describeMismatch, InputError } from "../errors.js";
import { explain } from "./explain.js";
import {
  type Choice,
  type Group,
  groupSeconds,
  groupStages,
  leastQueues,
  loadsOf,
  memoryOf,
  rateOf,
  type Shares,
  secondsOf,
  slowdowns,
} from "./model.js";
import type { Limits, Machine, Place, Plan, PlannedStage, Stage } from "./types.js";

/** A gain below this is not worth more workers, a larger batch or a second copy of the model. */
const WORTH = 0.01;
const SPLIT_WORTH = 0.05;
/** Units that wait before the slowest place, so that it never does, and elsewhere; less where memory is short. */
const QUEUES: readonly (readonly [beforeSlowest: number, elsewhere: number])[] = [
  [2, 1],
  [1, 1],
  [0, 0],
];

export interface Candidate extends Choice {
  readonly rate: number;
  readonly bound: Plan["bound"];
}

/**
 * The plan whose slowest stage is as fast as the memory allows; of plans that are as fast within a hundredth the one with the
 * fewest workers and then the smallest batch.
 * @throws InputError when a stage has nowhere to run, or not even one item at a time fits into the memory
 */
export function plan(stages: readonly Stage[], machine: Machine, limits: Limits): Plan {
  const groups = groupStages(stages);
  const fitting: Candidate[] = [];
  let least = Infinity;
  for (const batch of limits.batches) {
    for (const places of placements(groups, machine)) {
      for (let workers = 0; workers <= limits.workers; workers++) {
        for (const shares of withSplits(groups, places, { workers, batch }, machine)) {
          // No threads for a pool without work, and some for one with work.
          if (shares.some((share) => share < 1) !== workers > 0) continue;
          const choice = { shares, workers, batch };
          const outcome = rateOf(loadsOf(groups, choice), workers, machine);
          const bytes = memoryOf(groups, choice, leastQueues(groups, choice, outcome.rate));
          least = Math.min(least, bytes);
          if (bytes <= limits.memoryBytes) fitting.push({ ...choice, ...outcome });
        }
      }
    }
  }
  if (fitting.length === 0) throw tooLittleMemory(least, limits);
  const chosen = choose(fitting);
  return describe(groups, chosen, fitting, machine, limits);
}

/** Every way to give each group one of the places where all of its stages can run. @throws InputError where there is none */
function placements(groups: readonly Group[], { device }: Machine): Shares[] {
  return groups.reduce<Shares[]>(
    (before, group) => {
      const shares = [1, 0].filter((share) => {
        const place = share === 1 ? "device" : "pool";
        return (place === "pool" || device !== null) && groupSeconds(group, place, 1) < Infinity;
      });
      if (shares.length === 0) {
        const received = device === null ? "a machine without one" : "costs of neither";
        const remedy = "Open a device, or measure its costs with --recalibrate.";
        throw new InputError(describeMismatch(`stage ${group.name}`, "a device or a pool to run on", received, remedy));
      }
      return before.flatMap((some) => shares.map((share) => [...some, share]));
    },
    [[]],
  );
}

/**
 * The placement itself, and with its first group that may be split between both places: where the time of two of pool, device and
 * cores is equal, since each of the three grows or falls in proportion to the share.
 */
function withSplits(
  groups: readonly Group[],
  places: Shares,
  { workers, batch }: Omit<Choice, "shares">,
  machine: Machine,
): Shares[] {
  const split = groups.findIndex(({ stages }) => {
    return stages.every(
      ({ splittable, costs }) => splittable && costs.pool !== undefined && costs.device !== undefined,
    );
  });
  // Of the two placements that differ in that group only one needs to look. A single worker that also feeds the group would leave the
  // device without units while it works on one itself.
  if (split < 0 || machine.device === null || workers < 2 || places[split] !== 1) return [places];
  // Another group's units would wait on the device behind whole calls of the model, and keep both places waiting in turn.
  if (places.some((share, i) => i !== split && share === 1)) return [places];
  const withShare = (share: number): Shares => places.map((place, i) => (i === split ? share : place));
  const { threads } = machine.device;
  const times = (share: number): readonly number[] => {
    const { pool, device } = loadsOf(groups, { shares: withShare(share), batch });
    return [pool / workers, device, (pool + threads * device) / machine.cores];
  };
  const [none, all] = [times(0), times(1)];
  const crossings = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([a, b]) => {
    const [before, after] = [none[a] - none[b], all[a] - all[b]];
    return before / (before - after);
  });
  return [places, ...crossings.filter((share) => share > 0 && share < 1).map(withShare)];
}

const isSplit = ({ shares }: Choice): boolean => shares.some((share) => share > 0 && share < 1);

/** The best, or a simpler one that is as good as it. */
export function choose(fitting: readonly Candidate[]): Candidate {
  const best = (of: readonly Candidate[]): number => of.reduce((most, { rate }) => Math.max(most, rate), 0);
  const whole = fitting.filter((candidate) => !isSplit(candidate));
  const worthSplitting = best(fitting) > (1 + SPLIT_WORTH) * best(whole);
  const kept = worthSplitting ? fitting : whole;
  const enough = best(kept) * (1 - WORTH);
  return kept
    .filter(({ rate }) => rate >= enough)
    .reduce((a, b) => ((b.workers - a.workers || b.batch - a.batch || a.rate - b.rate) < 0 ? b : a));
}

function tooLittleMemory(least: number, { memoryBytes, batches }: Limits): InputError {
  const expected = `at least ${Math.ceil(least / 2 ** 20)} MiB for a batch of ${Math.min(...batches)}`;
  const received = `${Math.floor(memoryBytes / 2 ** 20)} MiB`;
  return new InputError(
    describeMismatch("memory", expected, received, "Allow more, or take smaller pictures or a smaller --batch."),
  );
}

function describe(
  groups: readonly Group[],
  chosen: Candidate,
  fitting: readonly Candidate[],
  machine: Machine,
  limits: Limits,
): Plan {
  const { shares, workers, batch, rate, bound } = chosen;
  const loads = loadsOf(groups, chosen);
  const slow = slowdowns(loads, workers, rate, machine);
  // Of the cores' time the place that takes more of it is to blame.
  const threads = machine.device?.threads ?? 0;
  const slowest: Place = bound === "cores" ? (loads.pool > threads * loads.device ? "pool" : "device") : bound;
  const isAt = (share: number, place: Place): boolean => (place === "pool" ? share < 1 : share > 0);
  const needed = leastQueues(groups, chosen, rate);
  const queues = QUEUES.map(([before, elsewhere]) => {
    return needed.map((least, i) => {
      const next = shares[i + 1];
      if (next === undefined) return least; // the sink takes units as they come
      return least + (isAt(next, slowest) ? before : elsewhere);
    });
  }).find((some) => memoryOf(groups, chosen, some) <= limits.memoryBytes) as readonly number[];

  const placeRate = (place: Place): number => {
    const alone = place === "pool" ? workers / loads.pool : 1 / loads.device;
    return Math.max(rate, alone / slow[place]);
  };
  const planned = groups.flatMap((group, i) => {
    return group.stages.map((stage): Omit<PlannedStage, "reason"> => {
      const [inPool, onDevice] = [isAt(shares[i], "pool"), isAt(shares[i], "device")];
      const rates = [...(inPool ? [placeRate("pool")] : []), ...(onDevice ? [placeRate("device")] : [])];
      const seconds = (place: Place): number => secondsOf(stage.costs[place]!, batch) * slow[place];
      return {
        name: stage.name,
        group: group.name,
        place: inPool && onDevice ? "both" : inPool ? "pool" : "device",
        deviceShare: shares[i],
        workers: (inPool ? workers : 0) + (onDevice ? 1 : 0),
        queue: queues[i],
        seconds: { ...(inPool ? { pool: seconds("pool") } : {}), ...(onDevice ? { device: seconds("device") } : {}) },
        predictedRate: Math.min(...rates),
      };
    });
  });
  const load = ({ deviceShare, seconds }: Omit<PlannedStage, "reason">): number =>
    slowest === "pool" ? (1 - deviceShare) * (seconds.pool ?? 0) : deviceShare * (seconds.device ?? 0);
  const bottleneck = planned.reduce((a, b) => (load(b) > load(a) ? b : a)).name;
  const decided = { batch, workers, rate, bound, bottleneck, memoryBytes: memoryOf(groups, chosen, queues) };
  return { ...decided, ...explain(planned, decided, { groups, chosen, fitting, machine, limits, slowest }) };
}
