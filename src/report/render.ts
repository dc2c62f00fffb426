/** Renders the report page from plain data: one HTML file that needs no other file. */
import { bar } from "./bars.js";
import { lineChart } from "./chart.js";
import { escapeHtml, formatFixed, formatSeconds } from "./format.js";
import type { LossSeries, ReportModel, StageTime } from "./model.js";
import { renderPage } from "./page.js";
import { renderScored } from "./scored-section.js";
import { renderScores } from "./scores.js";
import { renderSheet } from "./sheet.js";
import { renderTable } from "./table.js";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** The page's HTML. Images are included as data URIs, so its size is about 4/3 of theirs. */
export function renderReport(model: ReportModel): string {
  const sections: Section[] = [
    { id: "pictures", title: "Pictures", body: model.sheets.map(renderSheet).join("\n") },
    { id: "scores", title: "Scores against the truth", body: renderScores(model.scores, model.scoresCaption) },
    { id: "edits", title: "How good the edits are", body: renderScored(model.scored ?? null) },
    { id: "tables", title: "Tables", body: model.tables.map(renderTable).join("\n") },
    { id: "watchdog", title: "Watchdog", body: renderWatchdog(model.watchdog) },
    { id: "losses", title: "Losses", body: renderLosses(model.losses) },
    { id: "time", title: "Time", body: renderStages(model.stages) },
    { id: "settings", title: "Settings", body: renderPairs(model.settings) },
    { id: "machine", title: "Machine", body: renderPairs(model.machine) },
    { id: "reproduce", title: "Make this again", body: renderCommands(model.commands) },
    { id: "notes", title: "Notes", body: renderNotes(model.notes) },
  ].filter((section) => section.body !== "");
  const links = sections.map(({ id, title }) => `<a href="#${id}">${title}</a>`).join("\n");
  return renderPage({
    title: model.title,
    by: model.generatedBy,
    header: `<p class="lead">${escapeHtml(model.summary.join(" "))}</p>
${renderFigures(model)}
<nav aria-label="Sections">
${links}
</nav>
`,
    body: sections
      .map(({ id, title, body }) => `<section id="${id}">\n<h2>${title}</h2>\n${body}\n</section>`)
      .join("\n"),
  });
}

function renderFigures({ figures }: ReportModel): string {
  if (figures.length === 0) return "";
  const items = figures.map(({ value, label, detail = "" }) => {
    const compared = detail === "" ? "" : `<span class="compared">${escapeHtml(detail)}</span>`;
    return `<li><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span>${compared}</li>`;
  });
  return `<ul class="figures">\n${items.join("\n")}\n</ul>`;
}

function renderLosses(losses: readonly LossSeries[]): string {
  if (losses.length === 0) return "";
  const groups = new Map<string, LossSeries[]>();
  for (const series of losses) groups.set(series.group, [...(groups.get(series.group) ?? []), series]);
  const panels = [...groups].map(([group, series]) => lineChart(group, series));
  return `<p class="muted">Faint: every logged value. Strong: a running mean; the number is its last value.</p>
<div class="panels">
${panels.join("\n")}
</div>`;
}

function renderStages(stages: readonly StageTime[]): string {
  if (stages.length === 0) return "";
  const total = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const longest = Math.max(...stages.map((stage) => stage.seconds));
  const rows = stages.map(({ name, seconds, detail }) => {
    const text = escapeHtml(detail);
    return `<tr><th scope="row">${escapeHtml(name)}<span class="under">${text}</span></th>
<td class="detail">${text}</td>
<td class="n">${formatSeconds(seconds)}</td>
<td class="n detail">${percent(seconds, total)}</td>
<td class="b">${bar(longest > 0 ? seconds / longest : 0)}</td></tr>`;
  });
  return `<div class="scroll"><table>
<thead><tr><th scope="col">Stage</th><th scope="col" class="detail">What was done</th>
<th scope="col" class="n">Time</th><th scope="col" class="n detail">Share</th><td class="b"></td></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
<tfoot><tr><th scope="row">Together</th><td class="detail"></td><td class="n">${formatSeconds(total)}</td>
<td class="detail"></td><td></td></tr></tfoot>
</table></div>`;
}

function percent(part: number, whole: number): string {
  const value = whole > 0 ? (100 * part) / whole : 0;
  return value > 0 && value < 0.5 ? "&lt;1 %" : `${formatFixed(value, 0)} %`;
}

function renderWatchdog(watchdog: ReportModel["watchdog"]): string {
  if (watchdog === null) return "";
  return `<p>${escapeHtml(watchdog.summary)}</p>\n${renderNotes(watchdog.alarms)}`;
}

function renderPairs(pairs: ReportModel["machine"]): string {
  if (pairs.length === 0) return "";
  const items = pairs.map(({ label, value }) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>\n${items.join("\n")}\n</dl>`;
}

function renderCommands(commands: readonly string[]): string {
  if (commands.length === 0) return "";
  return `<pre><code>${commands.map(escapeHtml).join("\n")}</code></pre>`;
}

function renderNotes(notes: readonly string[]): string {
  if (notes.length === 0) return "";
  return `<ul class="notes">\n${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join("\n")}\n</ul>`;
}
