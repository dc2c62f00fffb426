/** Carries out a plan: its places as gates, its groups as steps of a pipeline; measures each stage, and plans anew where it must. */
import { runPipeline, type Step } from "./pipeline.js";
import { type Revision, revise } from "./revise.js";
import { passFirst, Turnstile } from "./turnstile.js";
import type { Limits, Machine, Measured, Place, Plan, PlannedStage, Span, Stage } from "./types.js";

/** What a plan is carried out on: real pictures and networks, or a simulation of them. */
export interface Work<Unit> {
  /** Units of `batch` items, as many as are asked for. */
  units(batch: number): Iterable<Unit>;
  /** All stages of a group on one unit. */
  run(group: string, place: Place, unit: Unit, signal: AbortSignal): Promise<readonly Span[]>;
}

export interface ExecuteOptions {
  /** Ends after this much time and at least MIN_UNITS units. */
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; replaced where time is simulated. */
  readonly now?: () => number;
  /** Each unit that has gone through. */
  readonly onUnit?: (done: number) => void;
}

export interface Execution {
  readonly spans: readonly Span[];
  readonly measured: Measured;
  /** Items a second between the first units, which fill the pipeline, and the last. */
  readonly rate: number;
  readonly items: number;
}

/** After those that fill the pipeline. */
const MIN_UNITS = 4;

/** The groups of a plan as steps that pass the gates of their places. */
function stepsOf<Unit>(plan: Plan, work: Work<Unit>, onSpans: (spans: readonly Span[]) => void): Step<Unit>[] {
  const gates = { pool: new Turnstile(plan.workers), device: new Turnstile(1) };
  const firsts = plan.stages.filter(({ group }, i) => group !== plan.stages[i - 1]?.group);
  return firsts.map(({ group, deviceShare, workers, queue }, index): Step<Unit> => {
    // A split group takes what is free first, and how long calls take brings about the proportion. The device before the pool, whose
    // threads other groups wait for.
    const places: readonly Place[] = deviceShare === 1 ? ["device"] : deviceShare === 0 ? ["pool"] : ["device", "pool"];
    // Short calls that feed a split group and take from it go before its long ones, or one of its places runs out of units or room.
    const rank = deviceShare > 0 && deviceShare < 1 ? firsts.length : index;
    return {
      name: group,
      calls: workers,
      queue,
      async run(unit, signal) {
        // All groups of a place share its threads, so that a unit may wait here for a call of another group.
        const place =
          places[
            await passFirst(
              places.map((name) => gates[name]),
              rank,
            )
          ];
        try {
          signal.throwIfAborted();
          onSpans(await work.run(group, place, unit, signal));
        } finally {
          gates[place].open();
        }
        return unit;
      },
    };
  });
}

/** Runs the plan for a while. Rejects as runPipeline does. */
export async function execute<Unit>(plan: Plan, work: Work<Unit>, options: ExecuteOptions): Promise<Execution> {
  const { seconds, signal, onUnit, now = () => performance.now() } = options;
  const spans: Span[] = [];
  const steps = stepsOf(plan, work, (some) => spans.push(...some));
  // Units of the start arrive together, as many as there are calls; only what follows shows the rate.
  const filling = Math.max(1, plan.workers) + steps.length - 1;
  const began = now();
  const arrivals: number[] = [];
  function* source(): Iterable<Unit> {
    let taken = 0;
    for (const unit of work.units(plan.batch)) {
      if (taken++ >= filling + MIN_UNITS && now() - began >= seconds * 1000) return;
      yield unit;
    }
  }
  const sink = (): void => {
    arrivals.push(now());
    onUnit?.(arrivals.length);
  };
  const count = await runPipeline(source(), steps, sink, { signal });
  const skipped = Math.min(filling, count - 1);
  const elapsed = (arrivals[count - 1] - arrivals[skipped - 1]) / 1000;
  const rate = ((count - skipped) * plan.batch) / elapsed;
  return { spans, measured: measure(spans), rate, items: count * plan.batch };
}

/** Seconds an item of each stage and place. */
export function measure(spans: readonly Span[]): Measured {
  const sums = new Map<string, Map<Place, { milliseconds: number; items: number }>>();
  for (const { stage, place, start, end, items } of spans) {
    const places = sums.get(stage) ?? new Map();
    const sum = places.get(place) ?? { milliseconds: 0, items: 0 };
    places.set(place, { milliseconds: sum.milliseconds + end - start, items: sum.items + items });
    sums.set(stage, places);
  }
  return new Map(
    [...sums].map(([stage, places]) => {
      const each = [...places].map(([place, { milliseconds, items }]) => [place, milliseconds / 1000 / items]);
      return [stage, Object.fromEntries(each) as Partial<Record<Place, number>>];
    }),
  );
}

/** Items a second that a stage's place has managed with all of its stages, as predictedRate is; null where nothing was measured. */
export function measuredRate(stage: PlannedStage, plan: Plan, measured: Measured): number | null {
  const rates = (["pool", "device"] as const).flatMap((place) => {
    if (stage.place !== "both" && stage.place !== place) return [];
    const load = plan.stages.reduce((sum, { name, deviceShare }) => {
      return sum + (place === "device" ? deviceShare : 1 - deviceShare) * (measured.get(name)?.[place] ?? 0);
    }, 0);
    return load === 0 ? [] : [(place === "pool" ? plan.workers : 1) / load];
  });
  return rates.length === 0 ? null : Math.min(...rates);
}

export interface Adapted {
  readonly plan: Plan;
  readonly execution: Execution;
  /** What made it plan anew, in order. */
  readonly revisions: readonly string[];
}

/** The first stretch of a run is this part of it: long enough to measure, short enough to lose little under a bad plan. */
const FIRST_PART = 0.3;

/**
 * Runs a plan, and after a first stretch a better one where what was measured is not what was predicted. It changes over while
 * the pipeline is empty, so that nothing under way has to move.
 */
export async function executeAdapting<Unit>(
  stages: readonly Stage[],
  plan: Plan,
  machine: Machine,
  limits: Limits,
  work: Work<Unit>,
  options: ExecuteOptions,
): Promise<Adapted> {
  const first = await execute(plan, work, { ...options, seconds: options.seconds * FIRST_PART });
  const revision: Revision | null = revise(stages, plan, first.measured, machine, limits);
  const next = revision?.plan ?? plan;
  const execution = await execute(next, work, { ...options, seconds: options.seconds * (1 - FIRST_PART) });
  return { plan: next, execution, revisions: revision === null ? [] : [revision.reason] };
}
