/** From a command's work, the machine and the limits to its plan: for `elegant plan`, and for the commands themselves. */
import type { Device } from "../device/device.js";
import { describeMachine } from "../device/node/machine.js";
import { calibrate, keepStages, knownStages } from "./calibrate.js";
import type { Job, Outline } from "./jobs/job.js";
import { plan } from "./plan.js";
import type { Limits, Machine, Plan, Stage } from "./types.js";

/** Of the free memory, what a plan may take: the rest is for other programs. */
const MEMORY_SHARE = 0.7;

/** Where the work will run. */
export interface Setting {
  readonly machine: Machine;
  /** For people. */
  readonly description: string;
  /** What costs depend on beside the work. */
  readonly key: string;
  /** What the pipeline may hold. */
  readonly memoryBytes: number;
}

export interface Decision {
  readonly outline: Outline;
  readonly setting: Setting;
  readonly limits: Limits;
  readonly stages: readonly Stage[];
  /** Whether the costs were known. */
  readonly cached: boolean;
  readonly plan: Plan;
}

export interface DecideOptions<Unit> {
  /** Threads that the pool may have. */
  readonly workers: number;
  /** Numbers of items that a unit may have. */
  readonly batches: readonly number[];
  /** As in Limits. */
  readonly isBatchOwn?: boolean;
  /** The work, opened to be measured where its costs are not known; null where that is not worth it. */
  readonly open: (() => Promise<Job<Unit>>) | null;
  /** Measures known costs anew. */
  readonly recalibrate: boolean;
  readonly signal: AbortSignal;
}

/** This machine and an opened device. @param memoryBytes what the pipeline may hold; otherwise most of what is free */
export function describeSetting(device: Device | null, memoryBytes?: number): Setting {
  const { cpu, cores, freeBytes, memoryLimitBytes, node } = describeMachine();
  const of = (text: string | undefined): string => `${cpu}, ${cores} cores${text === undefined ? "" : `, ${text}`}`;
  // The reason for choosing a device does not change its costs; the number of threads does.
  const what = device === null ? undefined : `${device.hardware}, ${device.threads} threads`;
  // A GPU keeps only the thread busy that drives it. Native libraries keep all cores busy, and do not report how many.
  const threads = device?.kind === "gpu" ? 1 : device?.threads || cores;
  return {
    machine: { cores, device: device === null ? null : { name: device.name, threads } },
    description: of(device?.description),
    key: `${of(what)}, Node ${node}`,
    memoryBytes: memoryBytes ?? Math.min(freeBytes, memoryLimitBytes ?? Infinity) * MEMORY_SHARE,
  };
}

/**
 * The plan by costs from the cache, else by measured ones; null where there are neither.
 * @throws InputError when a stage has nowhere to run, or too little memory
 */
export async function decide<Unit>(
  outline: Outline,
  setting: Setting,
  { workers, batches, isBatchOwn = false, open, recalibrate, signal }: DecideOptions<Unit>,
): Promise<Decision | null> {
  const known = recalibrate ? null : await knownStages(outline, setting.key);
  let stages = known;
  if (stages === null) {
    if (open === null) return null;
    const job = await open();
    try {
      stages = await calibrate(job, setting.key, signal);
    } finally {
      await job.close();
    }
  }
  const limits: Limits = { memoryBytes: setting.memoryBytes, workers, batches, isBatchOwn };
  const decided = plan(stages, setting.machine, limits);
  return { outline, setting, limits, stages, cached: known !== null, plan: decided };
}

/** Puts corrected costs into the cache. */
export async function keepCorrected({ outline, setting }: Decision, stages: readonly Stage[]): Promise<void> {
  await keepStages(outline, setting.key, stages);
}
