/** A line chart as inline SVG: all values faintly, with the running mean over them. The page's style sheet sets the colours. */
import { escapeHtml, formatCount, formatStep, formatValue } from "./format.js";
import type { LossSeries } from "./model.js";
import { linearTicks, logTicks, type Point, quantile, smooth, thin } from "./series.js";

const WIDTH = 460;
const HEIGHT = 240;
const PLOT = { left: 46, right: 450, top: 12, bottom: 206 } as const;
const RAW_POINTS = 600;
const SMOOTH_POINTS = 200;
/** The axis is logarithmic if the running means span more than this ratio. */
const LOG_RATIO = 30;
/** Number of colours in the style sheet: s0, s1, ... */
const COLORS = 6;

interface Line {
  readonly series: LossSeries;
  readonly finite: readonly Point[];
  readonly mean: readonly Point[];
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
}

/** One panel: a figure with the title, a legend with each line's last mean, and the chart. */
export function lineChart(title: string, series: readonly LossSeries[]): string {
  const lines = series.map((item): Line => {
    const finite = item.points.filter((point) => Number.isFinite(point.value));
    return { series: item, finite, mean: smooth(finite, SMOOTH_POINTS) };
  });
  const drawn = lines.filter((line) => line.finite.length > 0);
  const chart = drawn.length === 0 ? '<p class="muted">No values.</p>' : drawChart(title, lines);
  return `<figure class="panel">
<figcaption><strong>${escapeHtml(title)}</strong>${legend(lines)}</figcaption>
${chart}
</figure>`;
}

function legend(lines: readonly Line[]): string {
  const items = lines.map(({ series, finite, mean }, i) => {
    const last = mean.length === 0 ? "" : ` <span class="num">${formatValue(mean[mean.length - 1].value)}</span>`;
    const lost = series.points.length - finite.length;
    const warning = lost === 0 ? "" : ` <span class="bad">${formatCount(lost)} not finite</span>`;
    return `<li><i class="key s${i % COLORS}"></i>${escapeHtml(series.name)}${last}${warning}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

function drawChart(title: string, lines: readonly Line[]): string {
  const steps = lines.flatMap((line) =>
    line.finite.length === 0 ? [] : [line.finite[0], line.finite.at(-1) as Point],
  );
  const x = scaleSteps(Math.min(...steps.map((p) => p.step)), Math.max(...steps.map((p) => p.step)));
  const axis = chooseAxis(lines);
  const y = (value: number): number => {
    const { low, high, logarithmic } = axis;
    const share = logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    // Rare peaks beyond the axis are drawn along its edge.
    return PLOT.bottom - Math.min(1, Math.max(0, share || 0)) * (PLOT.bottom - PLOT.top);
  };
  const path = (points: readonly Point[]): string =>
    points.map((p) => `${x.place(p.step).toFixed(1)},${y(p.value).toFixed(1)}`).join(" ");
  const raw = lines.map((line, i) => polyline(path(thin(line.finite, RAW_POINTS)), `raw s${i % COLORS}`));
  const means = lines.map((line, i) => {
    if (line.mean.length !== 1) return polyline(path(line.mean), `mean s${i % COLORS}`);
    const [point] = line.mean;
    return `<circle class="dot s${i % COLORS}" cx="${x.place(point.step).toFixed(1)}" cy="${y(point.value).toFixed(1)}" r="3"/>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(describe(title, lines))}">
${valueAxis(axis, y, lines[0].series.unit)}
${stepAxis(x)}
${[...raw, ...means].join("\n")}
</svg>`;
}

function polyline(points: string, className: string): string {
  return points === "" ? "" : `<polyline class="${className}" points="${points}"/>`;
}

/** The range of the values: all running means, and all but the outermost 1 % of the values, so that a peak hides nothing. */
function chooseAxis(lines: readonly Line[]): Axis {
  const means = lines.flatMap((line) => line.mean.map((point) => point.value));
  const sorted = lines.flatMap((line) => line.finite.map((point) => point.value)).sort((a, b) => a - b);
  const lowestMean = Math.min(...means);
  const highestMean = Math.max(...means);
  const low = Math.min(lowestMean, quantile(sorted, 0.01));
  const high = Math.max(highestMean, quantile(sorted, 0.99));
  if (lowestMean > 0 && highestMean / lowestMean > LOG_RATIO) {
    return { low: Math.max(low, lowestMean / 3) / 1.1, high: high * 1.1, logarithmic: true };
  }
  const span = high - low || Math.abs(high) || 1;
  // Start at zero if the lowest value is near it: a loss of 0.9 to 1.1 is shown large, one of 0.1 to 2 from zero.
  const fromZero = low >= 0 && low < 0.35 * high;
  return { low: fromZero ? 0 : low - 0.06 * span, high: high + 0.06 * span, logarithmic: false };
}

interface StepScale {
  readonly first: number;
  readonly last: number;
  readonly place: (step: number) => number;
}

function scaleSteps(first: number, last: number): StepScale {
  const span = last - first || 1;
  return { first, last, place: (step) => PLOT.left + ((step - first) / span) * (PLOT.right - PLOT.left) };
}

function valueAxis(axis: Axis, y: (value: number) => number, unit: string | undefined): string {
  const ticks = axis.logarithmic ? logTicks(axis.low, axis.high) : linearTicks(axis.low, axis.high, 5);
  const marks = ticks.map((tick) => {
    const at = y(tick).toFixed(1);
    const line = `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>`;
    const text = axis.logarithmic ? formatShort(tick) : formatTick(tick, ticks);
    return `${line}<text class="tick end" x="${PLOT.left - 6}" y="${at}" dy="0.33em">${text}</text>`;
  });
  const notes = [unit, axis.logarithmic ? "log scale" : undefined].filter((note) => note !== undefined);
  const label = `<text class="tick" x="${PLOT.left}" y="${HEIGHT - 4}">${escapeHtml(notes.join(", "))}</text>`;
  return marks.join("\n") + (notes.length === 0 ? "" : label);
}

/** The number without trailing zeros: 0.05, 1.8e-4. */
function formatShort(tick: number): string {
  const text = formatValue(tick);
  return text.includes(".") ? text.replace(/\.?0+(?=e|$)/, "") : text;
}

/** The number with as many decimals as needed to distinguish neighbouring ticks. */
function formatTick(tick: number, ticks: readonly number[]): string {
  const spacing = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(tick) || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(spacing) + 1e-9));
  if (decimals > 4 || Math.abs(tick) >= 1e5) return formatShort(tick);
  return (Math.abs(tick) < spacing / 2 ? 0 : tick).toFixed(decimals).replace(/^-/, "\u2212");
}

function stepAxis(x: StepScale): string {
  const ticks = x.last > x.first ? linearTicks(x.first, x.last, 5) : [x.first];
  const marks = ticks.map((tick) => {
    const at = x.place(tick).toFixed(1);
    const line = `<line class="axis" x1="${at}" x2="${at}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 4}"/>`;
    return `${line}<text class="tick mid" x="${at}" y="${PLOT.bottom + 17}">${formatStep(tick)}</text>`;
  });
  const base = `<line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}"/>`;
  const label = `<text class="tick end" x="${PLOT.right}" y="${HEIGHT - 4}">step</text>`;
  return [base, ...marks, label].join("\n");
}

function describe(title: string, lines: readonly Line[]): string {
  const parts = lines
    .filter((line) => line.mean.length > 0)
    .map(({ series, mean }) => {
      const [first, last] = [mean[0], mean[mean.length - 1]];
      return `${series.name} from ${formatValue(first.value)} to ${formatValue(last.value)}`;
    });
  const end = Math.max(...lines.flatMap((line) => line.finite.slice(-1).map((point) => point.step)));
  return `${title} until step ${formatCount(end)}, running means: ${parts.join(", ")}.`;
}
