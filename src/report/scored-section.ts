/** The report's section about the edits of a run, from score.json. */
import { basename } from "node:path";
import { escapeHtml, formatCount } from "./format.js";
import { heatMap } from "./heat-map.js";
import { describeAccuracy, scoreTables } from "./score-tables.js";
import type { RunScores } from "./scored.js";
import { renderTable } from "./table.js";

const LEAKAGE_CAPTION =
  "Share of pairs, both ways, whose decision of the classifier turns over: rows are the edited attributes, columns the attributes that it judges. On the diagonal, all should turn over; next to it, none.";

export function renderScored(scores: RunScores | null): string {
  if (scores === null) return "";
  const { leakage, classifier } = scores;
  const names = [...new Set(scores.attributes.map(({ name }) => name))];
  const parts = [
    `<p>${escapeHtml(describeData(scores))} <span class="tag">${escapeHtml(basename(scores.model))}</span></p>`,
    ...scoreTables(scores).map(renderTable),
    ...(leakage === undefined ? [] : [heatMap({ title: "Leakage", caption: LEAKAGE_CAPTION, names, shares: leakage })]),
    ...(classifier === undefined ? [] : [`<p class="muted">${escapeHtml(describeClassifier(classifier))}</p>`]),
  ];
  return parts.join("\n");
}

function describeData({ pairs, heldOut, data }: RunScores): string {
  const which = heldOut.listed
    ? "held-out pictures"
    : "pictures of the last tenth of the list, which has no partition,";
  return `Swaps of ${formatCount(pairs)} pairs from ${formatCount(heldOut.pictures)} ${which} of ${basename(data)}.`;
}

function describeClassifier(classifier: NonNullable<RunScores["classifier"]>): string {
  const { training, heldOut } = classifier;
  return `The classifier was trained on ${formatCount(training)} training pictures. Right decisions on ${formatCount(heldOut)} held-out pictures, mean of those with and without the attribute: ${describeAccuracy(classifier)}.`;
}
