/** What `elegant plan` tells of a plan and its run: a table, the reasons, trace and page. */
import { dirname } from "node:path";
import type { Adapted } from "../planner/execute.js";
import type { CommandContext } from "./command.js";

export interface ReportOptions {
  readonly trace?: string;
  readonly html?: string;
}

const COLUMNS = ["stage", "place", "workers", "ms an item", "predicted/s", "measured/s"] as const;

export async function reportPlan(
  name: string,
  items: string,
  machine: string,
  { plan, execution, revisions }: Adapted,
  options: ReportOptions,
  context: CommandContext,
): Promise<void> {
  const [{ measuredRate }, { traceEvents }, { renderPlanPage }, { ensureDir, writeFileAtomic }] = await Promise.all([
    import("../planner/execute.js"),
    import("../planner/trace.js"),
    import("../planner/page.js"),
    import("../files.js"),
  ]);
  const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));
  const stages = plan.stages.map((stage) => ({
    name: stage.name,
    place: stage.place,
    workers: stage.workers,
    predictedRate: rounded(stage.predictedRate),
    measuredRate: rounded(measuredRate(stage, plan, execution.measured)),
  }));
  const rows = plan.stages.map((stage, i) => {
    const milliseconds = Object.values(stage.seconds).map((seconds) => (seconds * 1000).toPrecision(3));
    const { place, workers, predictedRate, measuredRate: measured } = stages[i];
    return [stage.name, place, `${workers}`, milliseconds.join(" / "), `${predictedRate}`, `${measured ?? "-"}`];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i].length)));
  for (const cells of [COLUMNS, ...rows]) {
    const padded = cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    context.print(padded.join("  "));
  }
  for (const reason of revisions) context.print(`planned anew: ${reason}`);
  for (const reason of plan.reasons) context.print(reason);
  for (const { name: stage, place, reason } of plan.stages) context.print(`${stage} on ${place}: ${reason}`);
  const rates = { predicted: rounded(plan.rate), measured: rounded(execution.rate) };
  context.print(`the whole: ${rates.predicted} ${items}/s predicted, ${rates.measured} measured`);
  if (options.trace !== undefined) {
    await ensureDir(dirname(options.trace));
    await writeFileAtomic(options.trace, `${JSON.stringify(traceEvents(execution.spans))}\n`);
    context.print(options.trace);
  }
  if (options.html !== undefined) {
    const title = `elegant ${name}: where its time goes`;
    const page = { title, plan, spans: execution.spans, columns: COLUMNS, rows, machine };
    await ensureDir(dirname(options.html));
    await writeFileAtomic(options.html, renderPlanPage(page));
    context.print(options.html);
  }
  const { batch, bottleneck, workers, memoryBytes, reasons } = plan;
  context.printJson({ stages, batch, bottleneck, workers, rate: rates, memoryBytes, reasons, revisions });
}
