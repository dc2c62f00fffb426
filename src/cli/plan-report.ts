/** What `elegant plan` prints about a plan and its run: a table and the reasons; timeline and page in files. */
import { dirname } from "node:path";
import type { Course } from "../planner/course.js";
import type { Setting } from "../planner/decide.js";
import type { Measured, Place, Plan, Span } from "../planner/types.js";
import type { CommandContext } from "./command.js";

export interface ReportOptions {
  readonly trace?: string;
  readonly html?: string;
}

/** A run that has ended. */
export interface PlanRun {
  /** The command's name. */
  readonly name: string;
  readonly setting: Setting;
  readonly course: Course;
  readonly spans: readonly Span[];
}

const COLUMNS = ["stage", "place", "workers", "ms per item", "predicted/s", "measured/s"] as const;

/** Items per second that a place managed with all of its stages, like predictedRate; null if nothing was measured. */
function measuredRate({ stages, workers }: Plan, place: Place, measured: Measured): number | null {
  const own = stages.filter((stage) => stage.place === place);
  const load = own.reduce((sum, { name }) => sum + (measured.get(name) ?? 0), 0);
  return load === 0 ? null : (place === "pool" ? workers : 1) / load;
}

export async function reportPlan(
  { name, setting, course, spans }: PlanRun,
  options: ReportOptions,
  context: CommandContext,
): Promise<void> {
  const { roundRate } = await import("../planner/course.js");
  const { traceEvents } = await import("../planner/trace.js");
  const { renderPlanPage } = await import("../planner/page.js");
  const { ensureDir, writeFileAtomic } = await import("../files.js");
  const { plan, revisions } = course;
  const measured = course.measured();
  const stages = plan.stages.map(({ name: stage, place, workers, predictedRate }) => {
    const rate = measuredRate(plan, place, measured);
    return {
      ...{ name: stage, place, workers, predictedRate: roundRate(predictedRate) },
      measuredRate: rate === null ? null : roundRate(rate),
    };
  });
  const rows = stages.map(({ name: stage, place, workers, predictedRate, measuredRate: rate }, i) => {
    const milliseconds = (plan.stages[i].seconds * 1000).toPrecision(3);
    return [stage, place, `${workers}`, milliseconds, `${predictedRate}`, `${rate ?? "-"}`];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i].length)));
  for (const cells of [COLUMNS, ...rows]) {
    const padded = cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    context.print(padded.join("  "));
  }
  for (const reason of plan.reasons) context.print(reason);
  const { predicted, measured: found } = await course.finish();
  if (options.trace !== undefined) {
    await ensureDir(dirname(options.trace));
    await writeFileAtomic(options.trace, `${JSON.stringify(traceEvents(spans))}\n`);
    context.print(options.trace);
  }
  if (options.html !== undefined) {
    const title = `elegant ${name}: where its time goes`;
    const page = { title, reasons: plan.reasons, spans, columns: COLUMNS, rows, machine: setting.description };
    await ensureDir(dirname(options.html));
    await writeFileAtomic(options.html, renderPlanPage(page));
    context.print(options.html);
  }
  const { batch, bottleneck, workers, memoryBytes, reasons } = plan;
  const device = setting.machine.device?.name ?? null;
  const rate = { predicted, measured: found };
  context.printJson({ stages, batch, bottleneck, device, workers, rate, memoryBytes, reasons, revisions });
}
