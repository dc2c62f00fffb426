/** The table of scores against the truth: all models, each starting with its means. */
import { bar } from "./bars.js";
import { escapeHtml, formatChange, formatCount, formatFixed } from "./format.js";
import type { ModelScores, Score } from "./model.js";

/** Names and units of the columns. Narrow screens show the units only in the caption. */
const COLUMNS = [
  ["Pairs", ""],
  ["Whole picture", "dB"],
  ["Region", "dB"],
  ["Outside", "dB"],
  ["Right share", ""],
  ["Noise", "levels"],
] as const;

/** @param caption how the scores were measured, and the meaning of each column */
export function renderScores(models: readonly ModelScores[], caption: string): string {
  if (models.length === 0) return "";
  const heads = COLUMNS.map(([name, unit]) => {
    return `<th scope="col" class="n">${name}${unit === "" ? "" : `<span class="detail">, ${unit}</span>`}</th>`;
  });
  const bodies = models.map(({ model, mean, rows }) => {
    const lines = [...(mean === null ? [] : [renderScore(mean, "mean")]), ...rows.map((row) => renderScore(row, ""))];
    return `<tbody>
<tr class="group"><th scope="rowgroup" colspan="${COLUMNS.length + 2}">${escapeHtml(model)}</th></tr>
${lines.join("\n")}
</tbody>`;
  });
  return `<p>${escapeHtml(caption)}</p>
<div class="scroll"><table class="scores">
<thead><tr><th scope="col">Swaps</th>${heads.join("")}<td class="b detail"></td></tr></thead>
${bodies.join("\n")}
</table></div>`;
}

function renderScore(score: Score, className: string): string {
  const gain = (value: number): string => `<td class="n ${value >= 0 ? "good" : "bad"}">${formatChange(value, 2)}</td>`;
  return `<tr class="${className}"><th scope="row">${escapeHtml(score.name)}</th>
<td class="n">${formatCount(score.n)}</td>
${gain(score.wholeGain)}
${gain(score.regionGain)}
<td class="n">${formatFixed(score.outside, 1)}</td>
<td class="n">${formatFixed(score.rightShare, 2)}</td>
<td class="n">${formatFixed(score.noise, 1)}</td>
<td class="b detail">${bar(score.rightShare)}</td></tr>`;
}
