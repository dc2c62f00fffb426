/** Measures what each stage costs on this machine, on a few real items, and keeps it for the next time. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { readCached, writeCached } from "../metrics/cache.js";
import { packageVersion } from "../version.js";
import { measure } from "./execute.js";
import type { Job, Outline, StageShape } from "./jobs/job.js";
import { groupStages } from "./model.js";
import type { Cost, Span, Stage } from "./types.js";

/** Units that are measured for each size of batch, after one that warms up. */
const UNITS = 4;
/** A large batch beside a single item tells what a call costs. */
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

/** Of a unit, the median over some of them: other work on the machine makes single ones slow. */
function medianSeconds(units: readonly (readonly Span[])[], stage: string): number {
  const seconds = units.map((spans) => {
    const found = measure(spans).get(stage);
    return found?.pool ?? found?.device ?? 0;
  });
  return seconds.sort((a, b) => a - b)[Math.floor((seconds.length - 1) / 2)];
}

/** Sends units through all groups one by one, so that no stage waits for another. */
async function sample<Unit>(job: Job<Unit>, batch: number, signal: AbortSignal): Promise<Span[][]> {
  const groups = groupStages(job.shapes.map((shape) => ({ ...shape, costs: {}, splittable: false })));
  const units: Span[][] = [];
  for (const unit of job.units(batch)) {
    const spans: Span[] = [];
    for (const { name, stages } of groups) {
      signal.throwIfAborted();
      const place = job.shapes.find((shape) => shape.name === stages[0].name)?.place ?? "pool";
      spans.push(...(await job.run(name, place, unit, signal)));
    }
    units.push(spans);
    if (units.length > UNITS) break;
  }
  return units.slice(1);
}

async function measureCosts<Unit>(job: Job<Unit>, signal: AbortSignal): Promise<ReadonlyMap<string, Cost>> {
  const before = process.memoryUsage.rss();
  const most = Math.max(...job.batches);
  const [low, high] = [Math.min(...job.batches), Math.min(most, LARGE_BATCH)];
  const few = await sample(job, low, signal);
  const reserved = process.memoryUsage.rss();
  const many = high > low ? await sample(job, high, signal) : few;
  const after = process.memoryUsage.rss();
  // What grows with the batch; of a single size all of it is taken to do so.
  const bytes = high > low ? Math.max(0, after - reserved) / (high - low) : 0;
  const fixed = Math.max(0, reserved - before);
  const lastOnDevice = job.shapes.findLast(({ place }) => place === "device")?.name;
  const costOf = ({ name, place, callBytes = 0 }: StageShape): Cost => {
    const [a, b] = [medianSeconds(few, name), medianSeconds(many, name)];
    // seconds + callSeconds / batch through both points, neither below zero.
    const isFitted = place === "device" && high > low;
    const callSeconds = isFitted ? Math.max(0, (a - b) / (1 / low - 1 / high)) : 0;
    const seconds = Math.max(0, b - callSeconds / high);
    const device = name === lastOnDevice ? { bytes, callBytes: fixed } : { bytes: 0, callBytes: 0 };
    return { seconds, callSeconds, ...(place === "device" ? device : { bytes: 0, callBytes }) };
  };
  return new Map(job.shapes.map((shape) => [shape.name, costOf(shape)]));
}

/** The cache's file of a job's costs, and the key that it must hold. */
function entryOf({ key: job }: Pick<Outline, "key">, machine: string): { readonly key: string; readonly file: string } {
  const key = JSON.stringify([packageVersion(), machine, job]);
  return { key, file: `costs-${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json` };
}

function stagesOf({ shapes }: Outline, costs: ReadonlyMap<string, Cost>): readonly Stage[] {
  return shapes.map(({ name, group, place, outputBytes }) => {
    return { name, group, outputBytes, splittable: false, costs: { [place]: costs.get(name) as Cost } };
  });
}

/**
 * The stages of a job with the costs that the cache has of it; null where it has none.
 * @param machine what the costs depend on beside the job: processor, cores, device
 */
export async function knownStages(outline: Outline, machine: string): Promise<readonly Stage[] | null> {
  const { key, file } = entryOf(outline, machine);
  const costs = parseCosts(await readCached(file), key, outline.shapes);
  return costs === null ? null : stagesOf(outline, costs);
}

/** Puts the costs of a job's stages into the cache, in place of those it has. */
export async function keepStages(outline: Outline, machine: string, stages: readonly Stage[]): Promise<void> {
  const { key, file } = entryOf(outline, machine);
  const placed = outline.shapes.map(({ name, place }) => {
    return { name, cost: stages.find((stage) => stage.name === name)?.costs[place] };
  });
  await writeCached(file, () => Buffer.from(JSON.stringify({ key, stages: placed })));
}

/** The stages of a job with their costs, measured and kept. */
export async function calibrate<Unit>(job: Job<Unit>, machine: string, signal: AbortSignal): Promise<readonly Stage[]> {
  const stages = stagesOf(job, await measureCosts(job, signal));
  await keepStages(job, machine, stages);
  return stages;
}

/** What the cache holds; null where that is nothing, damaged, or of other stages: it is measured anew then. */
export function parseCosts(
  bytes: Uint8Array | null,
  key: string,
  shapes: readonly Pick<StageShape, "name">[],
): ReadonlyMap<string, Cost> | null {
  if (bytes === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
  const parsed = costsSchema.safeParse(value);
  if (!parsed.success || parsed.data.key !== key) return null;
  const costs = new Map(parsed.data.stages.map(({ name, cost }) => [name, cost]));
  return shapes.every(({ name }) => costs.has(name)) ? costs : null;
}
