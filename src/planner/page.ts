/** The HTML page of a plan: the timeline of its run, the table, and the reasons. One file that needs nothing else. */
import { escapeHtml } from "../report/format.js";
import { renderPage } from "../report/page.js";
import { packageVersion } from "../version.js";
import { timelineFigure } from "./trace.js";
import type { Span } from "./types.js";

export interface PlanPage {
  readonly title: string;
  readonly reasons: readonly string[];
  readonly spans: readonly Span[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly machine: string;
}

export function renderPlanPage({ title, reasons, spans, columns, rows, machine }: PlanPage): string {
  const head = columns.map((name) => `<th scope="col">${escapeHtml(name)}</th>`);
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`);
  return renderPage({
    title,
    by: `elegant-faces ${packageVersion()}, ${machine}`,
    header: "",
    body: `<section><h2>Timeline</h2>
<p class="muted">What each thread worked on. A worker's stages are drawn as their sums over a batch, one after the other.</p>
${timelineFigure(spans)}</section>
<section><h2>Stages</h2><div class="scroll"><table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>${body.join("\n")}</tbody>
</table></div></section>
<section><h2>Reasons</h2><ul class="notes">${reasons.map((text) => `<li>${escapeHtml(text)}</li>`).join("\n")}</ul></section>`,
  });
}
