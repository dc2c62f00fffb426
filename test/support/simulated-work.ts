/** Work on a simulated pool and device with chosen speeds, in simulated time. It counts running calls and the memory in use. */
import type { Work } from "../../src/planner/execute.js";
import { groupStages } from "../../src/planner/model.js";
import type { Place, Span, Stage } from "../../src/planner/types.js";
import type { VirtualClock } from "./clock.js";

export interface SimulatedUnit {
  readonly items: number;
  bytes: number;
}

export interface SimulatedOptions {
  /** How much slower than its cost a place is; default 1. */
  readonly slowness?: Partial<Record<Place, number>>;
  /** Factor of a call's time by its number, for jitter. */
  readonly jitter?: (call: number) => number;
}

export class SimulatedWork implements Work<SimulatedUnit> {
  /** Number of running calls at each place, and the largest number that ever ran at the same time. */
  readonly running = { pool: 0, device: 0 };
  readonly most = { pool: 0, device: 0 };
  heldBytes = 0;
  mostBytes = 0;
  private calls = 0;
  private readonly stages: readonly Stage[];
  private readonly clock: VirtualClock;
  private readonly options: SimulatedOptions;

  constructor(stages: readonly Stage[], clock: VirtualClock, options: SimulatedOptions = {}) {
    this.stages = stages;
    this.clock = clock;
    this.options = options;
  }

  *units(batch: number): Iterable<SimulatedUnit> {
    for (;;) yield { items: batch, bytes: 0 };
  }

  async run(group: string, place: Place, unit: SimulatedUnit, signal: AbortSignal): Promise<readonly Span[]> {
    const own = groupStages(this.stages).find(({ name }) => name === group)!.stages;
    const { slowness = {}, jitter = () => 1 } = this.options;
    this.most[place] = Math.max(this.most[place], ++this.running[place]);
    const output = unit.items * own[own.length - 1].outputBytes;
    const working = own.reduce(
      (sum, { costs }) => sum + (costs[place]?.callBytes ?? 0) + unit.items * (costs[place]?.bytes ?? 0),
      0,
    );
    // Its output exists together with its input until the call ends.
    this.hold(output + working);
    const factor = (slowness[place] ?? 1) * jitter(this.calls++);
    const spans: Span[] = [];
    try {
      for (const { name, costs } of own) {
        const { seconds, callSeconds } = costs[place]!;
        const start = this.clock.now();
        await this.clock.sleep(1000 * factor * (seconds * unit.items + callSeconds), signal);
        spans.push({ stage: name, place, thread: 0, start, end: this.clock.now(), items: unit.items });
      }
    } finally {
      this.running[place]--;
      this.hold(-working - unit.bytes);
      unit.bytes = output;
    }
    return spans;
  }

  private hold(bytes: number): void {
    this.heldBytes += bytes;
    this.mostBytes = Math.max(this.mostBytes, this.heldBytes);
  }
}
