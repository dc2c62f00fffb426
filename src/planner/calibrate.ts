/** Measures what each stage of a command's work costs on this machine, and keeps it for the next time. */
import { z } from "zod";
import type { Feeding } from "../pool/feeding.js";
import { entryOf, readEntry, writeEntry } from "./entry.js";
import type { Cost, Stage } from "./types.js";
import type { Outline, StageShape, Work } from "./work/work.js";

/** Units measured for each batch size, after one that warms up. */
const UNITS = 4;
/** A large batch compared with a single item shows what a call costs. */
const LARGE_BATCH = 8;

const costSchema = z.object({
  seconds: z.number().nonnegative(),
  callSeconds: z.number().nonnegative(),
  bytes: z.number().nonnegative(),
  callBytes: z.number().nonnegative(),
});
const costsSchema = z.object({
  key: z.string(),
  stages: z.array(z.object({ name: z.string(), cost: costSchema })).min(1),
});

/** Runs a loop with one worker and nothing ahead, so that no stage slows another one down, and takes the times of its stages. */
class Recorder implements Feeding {
  readonly most = 1;
  readonly workers = 1;
  readonly ahead = 0;
  private readonly calls = new Map<string, number[]>();

  onTimes(seconds: Readonly<Record<string, number>>, items: number): void {
    for (const [stage, spent] of Object.entries(seconds)) {
      this.calls.set(stage, [...(this.calls.get(stage) ?? []), spent / items]);
    }
  }

  onUnit(): void {}

  /** Seconds per item: the median of all calls but the first, since other work on the machine makes single ones slow. */
  secondsOf(stage: string): number {
    const calls = this.calls.get(stage) ?? [0];
    const warm = calls.length > 1 ? calls.slice(1) : calls;
    return warm.sort((a, b) => a - b)[Math.floor((warm.length - 1) / 2)];
  }
}

async function record(work: Work, batch: number, signal: AbortSignal): Promise<Recorder> {
  const feeding = new Recorder();
  let units = 0;
  await work.rehearse({ batch, feeding, isOver: () => signal.aborted || units++ > UNITS });
  signal.throwIfAborted();
  return feeding;
}

async function measureCosts(work: Work, signal: AbortSignal): Promise<ReadonlyMap<string, Cost>> {
  const before = process.memoryUsage.rss();
  const most = Math.max(...work.batches);
  const [low, high] = [Math.min(...work.batches), Math.min(most, LARGE_BATCH)];
  const few = await record(work, low, signal);
  const reserved = process.memoryUsage.rss();
  const many = high > low ? await record(work, high, signal) : few;
  const after = process.memoryUsage.rss();
  // The memory that grows with the batch. If there is a single size, all of it is assumed to be fixed.
  const bytes = high > low ? Math.max(0, after - reserved) / (high - low) : 0;
  const fixed = Math.max(0, reserved - before);
  const lastOnDevice = work.shapes.findLast(({ place }) => place === "device")?.name;
  const costOf = ({ name, place, callBytes = 0 }: StageShape): Cost => {
    const [a, b] = [few.secondsOf(name), many.secondsOf(name)];
    // seconds + callSeconds / batch passes through both measurements, and neither is below zero.
    const isFitted = place === "device" && high > low;
    const callSeconds = isFitted ? Math.max(0, (a - b) / (1 / low - 1 / high)) : 0;
    const seconds = Math.max(0, b - callSeconds / high);
    const device = name === lastOnDevice ? { bytes, callBytes: fixed } : { bytes: 0, callBytes: 0 };
    return { seconds, callSeconds, ...(place === "device" ? device : { bytes: 0, callBytes }) };
  };
  return new Map(work.shapes.map((shape) => [shape.name, costOf(shape)]));
}

function stagesOf({ shapes }: Outline, costs: ReadonlyMap<string, Cost>): readonly Stage[] {
  return shapes.map(({ callBytes: _, ...shape }) => ({ ...shape, cost: costs.get(shape.name) as Cost }));
}

/**
 * The stages with the costs that the cache has of them, or null if it has none.
 * @param machine what the costs depend on apart from the work: processor, cores, device
 */
export async function knownStages(outline: Outline, machine: string): Promise<readonly Stage[] | null> {
  const found = await readEntry(entryOf("costs", machine, outline.key), costsSchema);
  const costs = new Map(found?.stages.map(({ name, cost }) => [name, cost]));
  return outline.shapes.every(({ name }) => costs.has(name)) ? stagesOf(outline, costs) : null;
}

/** Replaces the costs that the cache has of the stages. */
export async function keepStages(outline: Outline, machine: string, stages: readonly Stage[]): Promise<void> {
  const costs = stages.map(({ name, cost }) => ({ name, cost }));
  await writeEntry(entryOf("costs", machine, outline.key), { stages: costs });
}

/** The stages with their costs, measured now and kept. @throws the signal's reason after an abort */
export async function calibrate(work: Work, machine: string, signal: AbortSignal): Promise<readonly Stage[]> {
  const stages = stagesOf(work, await measureCosts(work, signal));
  await keepStages(work, machine, stages);
  return stages;
}
