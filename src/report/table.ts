/** Renders numbers in rows as HTML. */
import { escapeHtml } from "./format.js";
import type { ReportTable } from "./model.js";

export function renderTable({ title, caption, columns, rows }: ReportTable): string {
  const head = columns.map((name, i) => `<th scope="col"${i > 0 ? ' class="n"' : ""}>${escapeHtml(name)}</th>`);
  const body = rows.map(([name, ...cells]) => {
    const values = cells.map((cell) => `<td class="n">${escapeHtml(cell)}</td>`);
    return `<tr><th scope="row">${escapeHtml(name)}</th>${values.join("")}</tr>`;
  });
  return `<h3>${escapeHtml(title)}</h3>
<p>${escapeHtml(caption)}</p>
<div class="scroll"><table>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;
}
