/** Plans for the commands that do the work. They are made if the costs are known or if it pays to measure them. */
import type { Command } from "commander";
import type { Device } from "../device/device.js";
import { ElegantError } from "../errors.js";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { Course, PlanResult, Stretch } from "../planner/course.js";
import type { Work } from "../planner/work/work.js";
import type { CommandContext, CommonOptions } from "./command.js";

/**
 * The batches that a plan can choose from: all, if the device gives the same bits for every batch, unless the user requested
 * one batch.
 * @param fixed the batch that the user requested, or the command's own
 */
export function choiceOfBatches(
  all: readonly number[],
  fixed: number,
  device: Pick<Device, "isBatchInvariant"> | null,
  isAskedFor: boolean,
): readonly number[] {
  return device?.isBatchInvariant && !isAskedFor ? all : [fixed];
}

export interface PlannedOptions extends CommonOptions<"workers"> {
  readonly recalibrate: boolean;
}

export function withRecalibrate(command: Command): Command {
  return command.option("--recalibrate", "time the stages again instead of using the cached times", false);
}

export interface PlannedWork {
  readonly work: Work;
  readonly device: Device | null;
  /** Numbers of items that a unit may have. */
  readonly batches: readonly number[];
  /** Whether it takes so long that it pays to measure for some seconds, and to make a new plan on the way. */
  readonly isLong: boolean;
  /** When a new plan may be made; null if the plan is kept to the end. */
  readonly stretch: Stretch | null;
  readonly signal?: AbortSignal;
}

/**
 * Plans a command's work. Null if its costs are not known and it is too short to measure them, or if no plan can be made: the
 * command then uses its defaults.
 */
export async function planWork(
  { work, device, batches, isLong, stretch, signal = new AbortController().signal }: PlannedWork,
  { workers, recalibrate }: PlannedOptions,
  { print }: CommandContext,
): Promise<Course | null> {
  // Without it, tasks of the pool run in the calling thread, and there is nothing to decide.
  if (!HAS_SHARED_MEMORY) return null;
  const { decide, describeSetting, keepCorrected } = await import("../planner/decide.js");
  const { Course } = await import("../planner/course.js");
  try {
    const onMeasure = (): void => print("measuring what the stages cost, once");
    const decision = await decide(work, describeSetting(device), {
      ...{ workers, batches, recalibrate, signal },
      onMeasure: isLong || recalibrate ? onMeasure : null,
    });
    if (decision === null) return null;
    const keep = (stages: Parameters<typeof keepCorrected>[1]): Promise<void> => keepCorrected(decision, stages);
    return new Course(decision, { stretch: isLong ? stretch : null, say: print, keep });
  } catch (error) {
    if (signal.aborted) return null; // the command reports it
    if (!(error instanceof ElegantError)) throw error;
    print(`plan: none (${error.message})`);
    return null;
  }
}

/** Prints the measured rate, and returns the plan's part of the JSON; empty without a plan. */
export async function finishPlan(course: Course | null): Promise<{ readonly plan?: PlanResult }> {
  return course === null ? {} : { plan: await course.finish() };
}
