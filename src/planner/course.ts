/**
 * A command under its plan: tells it what was decided, measures what comes of it, and after a first stretch plans anew where that is
 * not what was predicted. Only numbers of threads and of batches under way change; nothing that is under way is disturbed.
 */
import type { Feeding } from "../pool/feeding.js";
import type { Decision } from "./decide.js";
import { formatRate } from "./explain.js";
import { revise, TOLERANCE } from "./revise.js";
import type { Measured, Plan, Stage } from "./types.js";

/** The plan is looked at again after so much, whichever comes first. */
export interface Stretch {
  readonly items: number;
  readonly seconds: number;
}

export interface CourseOptions {
  /** Null for work that is over before a new plan would pay. */
  readonly stretch: Stretch | null;
  /** A line for the user. */
  readonly say: (line: string) => void;
  /** Takes costs that were corrected. */
  readonly keep: (stages: readonly Stage[]) => Promise<void>;
}

/** In the command's JSON; of the plan that holds at its end, and measured since it does. */
export interface PlanResult {
  /** Items a second. */
  readonly predicted: number;
  /** Null where nothing was done. */
  readonly measured: number | null;
  readonly bottleneck: string;
  readonly workers: number;
}

/** Units of which a rate can be told, after those that fill the pipeline. */
const MIN_UNITS = 4;

interface Sum {
  seconds: number;
  items: number;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

export class Course implements Feeding {
  plan: Plan;
  private readonly decision: Decision;
  private readonly options: CourseOptions;
  private stages = new Map<string, Sum>();
  /** All units, and those after the pipeline was full. */
  private all: Sum & { units: number } = { units: 0, seconds: 0, items: 0 };
  private steady: Sum = { seconds: 0, items: 0 };
  private reviewed = false;
  private kept: Promise<void> = Promise.resolve();

  constructor(decision: Decision, options: CourseOptions) {
    this.decision = decision;
    this.plan = decision.plan;
    this.options = options;
    options.say(`plan: ${this.describe()}${decision.cached ? "" : ", by costs measured now"}`);
  }

  get most(): number {
    return this.decision.limits.workers;
  }

  get workers(): number {
    return Math.max(1, this.plan.workers);
  }

  /** One that is loaded, and those that may wait for it. */
  get ahead(): number {
    return 1 + this.plan.stages[0].queue;
  }

  onTimes(seconds: Readonly<Record<string, number>>, items: number): void {
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

  /** Says what was measured beside what was predicted, when costs are kept; a part of the command's JSON. */
  async finish(): Promise<PlanResult> {
    await this.kept;
    const { rate: predicted, bottleneck, workers } = this.plan;
    const measured = this.rate();
    const { items } = this.decision.outline;
    if (measured !== null) {
      this.options.say(`plan: ${formatRate(predicted, items)} predicted, ${formatRate(measured, items)} measured`);
    }
    return {
      predicted: rounded(predicted),
      measured: measured === null ? null : rounded(measured),
      bottleneck,
      workers,
    };
  }

  /** Units of the start come together, or late. */
  private get filling(): number {
    return this.workers + 1;
  }

  private rate(): number | null {
    // Short work spends most of its time on the start. The later units are ready by then, so their rate alone would be far too high.
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
    // The batch stays: it is under way.
    const asItIs = { ...limits, batches: [this.plan.batch] };
    const revision = revise(stages, this.plan, this.measured(), setting.machine, asItIs);
    if (revision === null) return; // every stage takes what was predicted: another plan would be the same
    this.plan = revision.plan;
    const { items } = this.decision.outline;
    this.options.say(
      `plan: ${formatRate(rate, items)} instead of ${formatRate(predicted, items)}, as ${revision.reason}; now ${this.describe()}`,
    );
    this.kept = this.options.keep(revision.stages);
    this.all = { units: 0, seconds: 0, items: 0 };
    this.steady = { seconds: 0, items: 0 };
  }

  private measured(): Measured {
    const found = this.decision.outline.shapes.flatMap(({ name, place }) => {
      const sum = this.stages.get(name);
      return sum === undefined || sum.items === 0 ? [] : [[name, { [place]: sum.seconds / sum.items }] as const];
    });
    return new Map(found);
  }

  /** What is decided and what holds it back, in words. */
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
    return `${who}${batches}, ${bottleneck} ${where} holds the rest back${why}; ${formatRate(rate, outline.items)} predicted`;
  }
}
