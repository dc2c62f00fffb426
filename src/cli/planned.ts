/** Plans for the commands that do the work: made where the costs are known or measuring them pays, and followed. */
import type { Command } from "commander";
import type { Device } from "../device/device.js";
import { ElegantError } from "../errors.js";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { Course, PlanResult, Stretch } from "../planner/course.js";
import type { Job, Outline } from "../planner/jobs/job.js";
import type { CommandContext, CommonOptions } from "./command.js";

/**
 * The batches that a plan can choose from: all, if the device gives the same bits for every batch, unless the user asked for
 * one batch.
 * @param fixed the batch that the user asked for, or the command's own
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
  return command.option("--recalibrate", "measure anew what the stages cost, and plan by that", false);
}

/** A command's work as the planner sees it. */
export interface PlannedWork<Unit> {
  readonly outline: Outline;
  /** To measure its stages. */
  readonly open: () => Promise<Job<Unit>>;
  readonly device: Device | null;
  /** Numbers of items that a unit may have. */
  readonly batches: readonly number[];
  /** Whether it takes so long that measuring for some seconds, and planning anew on the way, pay. */
  readonly isLong: boolean;
  /** Null where the plan is kept to the end. */
  readonly stretch: Stretch | null;
  readonly signal?: AbortSignal;
}

/**
 * What a command's work is to be fed by; null where nothing is known and measuring does not pay, and where no plan can be made:
 * the command then does as it always does.
 */
export async function planWork<Unit>(
  { outline, open, device, batches, isLong, stretch, signal = new AbortController().signal }: PlannedWork<Unit>,
  { workers, recalibrate }: PlannedOptions,
  { print }: CommandContext,
): Promise<Course | null> {
  // Tasks of the pool run in the calling thread there: there is nothing to decide.
  if (!HAS_SHARED_MEMORY) return null;
  const [{ decide, describeSetting, keepCorrected }, { Course }] = await Promise.all([
    import("../planner/decide.js"),
    import("../planner/course.js"),
  ]);
  try {
    const opening = async (): Promise<Job<Unit>> => {
      print("measuring what the stages cost, once");
      return open();
    };
    const mayMeasure = isLong || recalibrate;
    const decision = await decide(outline, describeSetting(device), {
      ...{ workers, batches, recalibrate, signal },
      open: mayMeasure ? opening : null,
    });
    if (decision === null) return null;
    const keep = (stages: Parameters<typeof keepCorrected>[1]): Promise<void> => keepCorrected(decision, stages);
    return new Course(decision, { stretch: isLong ? stretch : null, say: print, keep });
  } catch (error) {
    if (signal.aborted) return null; // the command sees to it
    if (!(error instanceof ElegantError)) throw error;
    print(`plan: none (${error.message})`);
    return null;
  }
}

/** Says how the plan has done, and gives the JSON's part of it; empty without a plan. */
export async function finishPlan(course: Course | null): Promise<{ readonly plan?: PlanResult }> {
  return course === null ? {} : { plan: await course.finish() };
}
