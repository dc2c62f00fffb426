/**
 * Decides how many workers there are, how large batches are and how many of them wait, from costs alone: the same input
 * gives the same plan. There are few choices, so it checks all of them.
 */
import { describeMismatch, InputError } from "../errors.js";
import { explain } from "./explain.js";
import { type Candidate, type Group, groupStages, loadsOf, memoryOf, rateOf, secondsOf, slowdowns } from "./model.js";
import type { Limits, Machine, Place, Plan, PlannedStage, Stage } from "./types.js";

/** Smallest relative gain that is worth more workers or a larger batch. */
const WORTH = 0.01;
/** Units that may wait before the slowest place, so that it never waits, and elsewhere; fewer if memory is short. */
const QUEUES: readonly (readonly [beforeSlowest: number, elsewhere: number])[] = [
  [2, 1],
  [1, 1],
  [0, 0],
];

/**
 * Finds the fastest plan that the memory allows. Among plans whose rates differ by less than 1 %, it is the one with
 * the fewest workers, and then the one with the smallest batch.
 * @throws InputError if not even the smallest batch fits into the memory
 */
export function plan(stages: readonly Stage[], machine: Machine, limits: Limits): Plan {
  const groups = groupStages(stages);
  const numbers = groups.some(({ place }) => place === "pool")
    ? Array.from({ length: limits.workers }, (_, i) => i + 1)
    : [0];
  const fitting: Candidate[] = [];
  let least = Infinity;
  for (const batch of limits.batches) {
    const loads = loadsOf(groups, batch);
    for (const workers of numbers) {
      const choice = { workers, batch };
      const bytes = memoryOf(
        groups,
        choice,
        groups.map(() => 0),
      );
      least = Math.min(least, bytes);
      if (bytes <= limits.memoryBytes) fitting.push({ ...choice, ...rateOf(loads, workers, machine) });
    }
  }
  if (fitting.length === 0) throw tooLittleMemory(least, limits);
  return describe(groups, choose(fitting), fitting, machine, limits);
}

/** Chooses the best candidate, or a simpler one that is as good. */
function choose(fitting: readonly Candidate[]): Candidate {
  const enough = fitting.reduce((most, { rate }) => Math.max(most, rate), 0) * (1 - WORTH);
  return fitting
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
  const { workers, batch, rate, bound } = chosen;
  const loads = loadsOf(groups, batch);
  const slow = slowdowns(loads, workers, rate, machine);
  // If the cores are the bound, the place that takes more of their time is the slowest.
  const threads = machine.device?.threads ?? 0;
  const slowest: Place = bound === "cores" ? (loads.pool > threads * loads.device ? "pool" : "device") : bound;
  const queues = QUEUES.map(([before, elsewhere]) => {
    return groups.map((_, i) => {
      const next = groups[i + 1];
      if (next === undefined) return 0; // Finished items leave as they come.
      return next.place === slowest ? before : elsewhere;
    });
  }).find((some) => memoryOf(groups, chosen, some) <= limits.memoryBytes) as readonly number[];

  const placeRate = (place: Place): number => {
    const alone = place === "pool" ? workers / loads.pool : 1 / loads.device;
    return Math.max(rate, alone / slow[place]);
  };
  const planned = groups.flatMap(({ name: group, place, stages }, i) => {
    return stages.map(
      ({ name, cost }): PlannedStage => ({
        ...{ name, group, place, queue: queues[i] },
        workers: place === "pool" ? workers : 1,
        seconds: secondsOf(cost, batch) * slow[place],
        predictedRate: placeRate(place),
      }),
    );
  });
  const bottleneck = planned
    .filter(({ place }) => place === slowest)
    .reduce((a, b) => (b.seconds > a.seconds ? b : a)).name;
  const memoryBytes = memoryOf(groups, chosen, queues);
  const decided = { stages: planned, batch, workers, rate, bound, bottleneck, memoryBytes };
  return { ...decided, reasons: explain(decided, { fitting, limits, slowest }) };
}
