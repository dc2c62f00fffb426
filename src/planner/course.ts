/**
 * Feeds a command's loop by its plan, measures its stages, and makes a new plan after a first stretch if their times
 * differ from the prediction. A new plan only changes the numbers of threads and of batches ahead. It does not disturb
 * work that has begun.
 */
import type { Feeding } from "../pool/feeding.js";
import type { Decision } from "./decide.js";
import { formatRate } from "./explain.js";
import { revise, TOLERANCE } from "./revise.js";
import type { Measured, Plan, Span, Stage } from "./types.js";

/** Items and seconds after which the plan is checked, whichever comes first. */
export interface Stretch {
  readonly items: number;
  readonly seconds: number;
}

export interface CourseOptions {
  /** Null for work that ends before a new plan would pay. */
  readonly stretch: Stretch | null;
  /** Prints a line for the user. */
  readonly say: (line: string) => void;
  /** Keeps costs that were corrected. */
  readonly keep: (stages: readonly Stage[]) => Promise<void>;
  /** Receives every call of a stage, for a timeline. */
  readonly onSpan?: (span: Span) => void;
}

/** Part of the command's JSON: the plan in force at the end, measured since it came into force. */
export interface PlanResult {
  /** Items per second. */
  readonly predicted: number;
  /** Items per second; null if nothing was done. */
  readonly measured: number | null;
  readonly bottleneck: string;
  readonly workers: number;
}

/** Number of units needed for a rate, after the first ones, which come while workers start and queues fill. */
export const MIN_UNITS = 4;

interface Sum {
  seconds: number;
  items: number;
}

/** Rounds to four digits, as in JSON. */
export const roundRate = (value: number): number => Number(value.toPrecision(4));

export class Course implements Feeding {
  plan: Plan;
  private readonly stages = new Map<string, Sum>();
  /** Sums over all units, and over the units after the first ones. */
  private all: Sum & { units: number } = { units: 0, seconds: 0, items: 0 };
  private steady: Sum = { seconds: 0, items: 0 };
  private reviewed = false;
  /** Differences from the prediction, in words. */
  readonly revisions: string[] = [];
  private kept: Promise<void> = Promise.resolve();

  constructor(
    private readonly decision: Decision,
    private readonly options: CourseOptions,
  ) {
    this.plan = decision.plan;
    options.say(`plan: ${this.describe()}${decision.cached ? "" : ", by costs measured now"}`);
  }

  get most(): number {
    return this.decision.limits.workers;
  }

  get workers(): number {
    return Math.max(1, this.plan.workers);
  }

  /** Number of batches ahead: the one that is being loaded, and the ones that may wait. */
  get ahead(): number {
    return 1 + this.plan.stages[0].queue;
  }

  onTimes(seconds: Readonly<Record<string, number>>, items: number, thread = 0): void {
    if (this.options.onSpan !== undefined) this.draw(seconds, items, thread);
    for (const [stage, spent] of Object.entries(seconds)) {
      const sum = this.stages.get(stage) ?? { seconds: 0, items: 0 };
      this.stages.set(stage, { seconds: sum.seconds + spent, items: sum.items + items });
    }
  }

  onUnit(items: number, seconds: number): void {
    const { all, steady } = this;
    this.all = { units: all.units + 1, items: all.items + items, seconds: all.seconds + seconds };
    if (this.all.units > this.filling) {
      this.steady = { items: steady.items + items, seconds: steady.seconds + seconds };
    }
    const { stretch } = this.options;
    if (this.reviewed || stretch === null || this.all.units < this.filling + MIN_UNITS) return;
    if (this.all.items >= stretch.items || this.all.seconds >= stretch.seconds) this.review();
  }

  /** Prints the measured rate next to the predicted one, once corrected costs are kept. */
  async finish(): Promise<PlanResult> {
    await this.kept;
    const { rate: predicted, bottleneck, workers } = this.plan;
    const measured = this.rate();
    const { items } = this.decision.outline;
    if (measured !== null) {
      this.options.say(`plan: ${formatRate(predicted, items)} predicted, ${formatRate(measured, items)} measured`);
    }
    return {
      predicted: roundRate(predicted),
      measured: measured === null ? null : roundRate(measured),
      bottleneck,
      workers,
    };
  }

  /** Number of units at the start, which come together or late. */
  private get filling(): number {
    return this.workers + 1;
  }

  /** Returns items per second since the plan came into force; null if nothing was done. */
  rate(): number | null {
    // Short work spends most of its time on the start. Its later units are ready by then, so their rate alone would be too high.
    const { items, seconds } = this.steady.seconds * 2 >= this.all.seconds ? this.steady : this.all;
    return items > 0 && seconds > 0 ? items / seconds : null;
  }

  private review(): void {
    this.reviewed = true;
    const { setting, limits, stages } = this.decision;
    const rate = this.rate();
    const predicted = this.plan.rate;
    if (rate === null) return;
    if (rate <= predicted * (1 + TOLERANCE) && predicted <= rate * (1 + TOLERANCE)) return;
    // The batch size stays, since loading has begun with it.
    const asItIs = { ...limits, batches: [this.plan.batch] };
    const revision = revise(stages, this.plan, this.measured(), setting.machine, asItIs);
    if (revision === null) return; // Every place takes the predicted time, so another plan would be the same.
    this.plan = revision.plan;
    this.revisions.push(revision.reason);
    const { items } = this.decision.outline;
    this.options.say(
      `plan: ${formatRate(rate, items)} instead of ${formatRate(predicted, items)}, as ${revision.reason}; now ${this.describe()}`,
    );
    this.kept = this.options.keep(revision.stages);
    this.stages.clear();
    this.all = { units: 0, seconds: 0, items: 0 };
    this.steady = { seconds: 0, items: 0 };
  }

  /** Returns seconds per item of the plan's stages since it came into force. */
  measured(): Measured {
    const found = this.plan.stages.flatMap(({ name }) => {
      const { seconds, items } = this.stages.get(name) ?? { seconds: 0, items: 0 };
      return items === 0 ? [] : [[name, seconds / items] as const];
    });
    return new Map(found);
  }

  /** Draws the stages of a call, one after the other up to now: a worker does all of an item's before the next. */
  private draw(seconds: Readonly<Record<string, number>>, items: number, thread: number): void {
    const stages = this.plan.stages.filter(({ name }) => name in seconds);
    let end = performance.timeOrigin + performance.now();
    for (const { name: stage, place } of stages.reverse()) {
      const start = end - 1000 * seconds[stage];
      this.options.onSpan?.({ stage, place, thread, start, end, items });
      end = start;
    }
  }

  /** Describes the plan and its bottleneck in words. */
  private describe(): string {
    const { outline, setting, limits } = this.decision;
    const { workers, bottleneck, rate, batch, bound, stages } = this.plan;
    const isDevice = stages.find(({ name }) => name === bottleneck)?.place === "device";
    const where = isDevice ? `on ${setting.machine.device?.name}` : "in the pool";
    const one = workers === 1;
    const [verb, ...rest] = outline.doing.split(" ");
    const who = `${workers} ${one ? "worker" : "workers"} ${one ? `${verb}s` : verb} ${rest.join(" ")}`;
    const batches = limits.batches.length > 1 ? ` in batches of ${batch}` : "";
    const why = bound === "cores" ? ", since all cores are busy" : "";
    return `${who}${batches}, ${bottleneck} ${where} is the bottleneck${why}; ${formatRate(rate, outline.items)} predicted`;
  }
}
