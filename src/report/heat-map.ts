/** A square matrix of shares as a table. Each cell is filled according to its value, in the page's own colours. */
import { escapeHtml, formatFixed } from "./format.js";

/** Share from which the fill is so strong that the text uses the page's background colour. */
const STRONG = 0.55;

export interface HeatMap {
  readonly title: string;
  readonly caption: string;
  /** Names of the rows and, in the same order, of the columns. */
  readonly names: readonly string[];
  /** 0 to 1: [names, names] */
  readonly shares: readonly (readonly number[])[];
}

export function heatMap({ title, caption, names, shares }: HeatMap): string {
  const heads = names.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const rows = shares.map((row, i) => {
    const cells = row.map((share) => {
      const strong = share >= STRONG ? ' class="strong"' : "";
      return `<td${strong} style="--share:${share.toFixed(3)}">${formatFixed(100 * share, 0)}&nbsp;%</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(names[i])}</th>${cells.join("")}</tr>`;
  });
  return `<h3>${escapeHtml(title)}</h3>
<p>${escapeHtml(caption)}</p>
<div class="scroll"><table class="heat">
<thead><tr><th></th>${heads}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table></div>`;
}
