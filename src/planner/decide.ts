/** From a command's work, the machine and the limits to a plan: for `elegant plan`, and for the commands themselves. */
import type { Device } from "../device/device.js";
import { availableBytes, describeMachine } from "../device/node/machine.js";
import { calibrate, keepStages, knownStages } from "./calibrate.js";
import { plan } from "./plan.js";
import type { Limits, Machine, Plan, Stage } from "./types.js";
import type { Outline, Work } from "./work/work.js";

/** The share of the available memory that a plan may use; the rest is for other programs. */
const MEMORY_SHARE = 0.7;

/** Where the work will run. */
export interface Setting {
  readonly machine: Machine;
  /** Description of the machine and device, for people. */
  readonly description: string;
  /** Everything on which costs depend, apart from the work. */
  readonly key: string;
  /** Bytes that all stages together may hold. */
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

export interface DecideOptions extends Pick<Limits, "workers" | "batches" | "isBatchOwn"> {
  /** Called before costs that are not known are measured. Null if measuring takes longer than the work. */
  readonly onMeasure: (() => void) | null;
  /** Whether to measure known costs again. */
  readonly recalibrate: boolean;
  readonly signal: AbortSignal;
}

/** Describes this machine and an opened device. @param memoryBytes for all stages; default: most free memory */
export function describeSetting(device: Device | null, memoryBytes?: number): Setting {
  const machine = describeMachine();
  const { cpu, cores, node } = machine;
  const of = (text: string | undefined): string => `${cpu}, ${cores} cores${text === undefined ? "" : `, ${text}`}`;
  // The reason for choosing a device does not change its costs; the number of threads does.
  const what = device === null ? undefined : `${device.hardware}, ${device.threads} threads`;
  // A GPU keeps only the thread busy that drives it. Native libraries keep all cores busy, and do not report how many.
  const threads = device?.kind === "gpu" ? 1 : device?.threads || cores;
  const available = availableBytes({ platform: process.platform, ...machine }, process.memoryUsage.rss());
  return {
    machine: { cores, device: device === null ? null : { name: device.name, threads } },
    description: of(device?.description),
    key: `${of(what)}, Node ${node}`,
    memoryBytes: memoryBytes ?? Math.max(0, available) * MEMORY_SHARE,
  };
}

/**
 * Makes the plan from costs in the cache or from measured ones; null if they are not known and must not be measured.
 * @throws InputError if there is too little memory, and the signal's reason after an abort
 */
export async function decide(
  work: Work,
  setting: Setting,
  { workers, batches, isBatchOwn = false, onMeasure, recalibrate, signal }: DecideOptions,
): Promise<Decision | null> {
  const known = recalibrate ? null : await knownStages(work, setting.key);
  if (known === null && onMeasure === null) return null;
  if (known === null) onMeasure?.();
  const stages = known ?? (await calibrate(work, setting.key, signal));
  const limits: Limits = { memoryBytes: setting.memoryBytes, workers, batches, isBatchOwn };
  const decided = plan(stages, setting.machine, limits);
  return { outline: work, setting, limits, stages, cached: known !== null, plan: decided };
}

/** Puts corrected costs into the cache. */
export async function keepCorrected({ outline, setting }: Decision, stages: readonly Stage[]): Promise<void> {
  await keepStages(outline, setting.key, stages);
}
