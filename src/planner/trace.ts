/** A run as a timeline: in the Trace Event format, which Perfetto and chrome://tracing open, and as an SVG. */
import { escapeHtml, formatValue } from "../report/format.js";
import type { Span } from "./types.js";

export interface TraceEvent {
  readonly ph: "X" | "M";
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds since the first span. */
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

function threadName(thread: number): string {
  return thread === 0 ? "device (main thread)" : `worker ${thread}`;
}

/** Threads of a run, the device first. */
function threadsOf(spans: readonly Span[]): number[] {
  return [...new Set(spans.map(({ thread }) => thread))].sort((a, b) => a - b);
}

/** One complete event ("X") for each span, after a name ("M") for each thread. */
export function traceEvents(spans: readonly Span[]): TraceEvent[] {
  const origin = Math.min(...spans.map(({ start }) => start));
  const pid = process.pid;
  const names = threadsOf(spans).map((tid): TraceEvent => {
    return { ph: "M", name: "thread_name", pid, tid, args: { name: threadName(tid) } };
  });
  const events = spans.map(({ stage, place, thread, start, end, items }): TraceEvent => {
    const ts = Math.round((start - origin) * 1000);
    return {
      ph: "X",
      name: stage,
      pid,
      tid: thread,
      ts,
      dur: Math.round((end - start) * 1000),
      args: { place, items },
    };
  });
  return [...names, ...events.sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0))];
}

const WIDTH = 1000;
const LEFT = 150;
const ROW = 26;
/** Colours of the style sheet. */
const COLORS = 6;

/** A row for each thread, a bar for each span, coloured by stage. */
export function timelineSvg(spans: readonly Span[]): string {
  const origin = Math.min(...spans.map(({ start }) => start));
  const length = Math.max(...spans.map(({ end }) => end)) - origin || 1;
  const threads = threadsOf(spans);
  const stages = [...new Set(spans.map(({ stage }) => stage))];
  const x = (time: number): number => LEFT + ((time - origin) / length) * (WIDTH - LEFT);
  const bars = spans.map(({ stage, thread, start, end }) => {
    const y = threads.indexOf(thread) * ROW + 4;
    const width = Math.max(0.3, x(end) - x(start));
    const title = `<title>${escapeHtml(stage)}: ${formatValue(end - start)} ms</title>`;
    const color = `s${stages.indexOf(stage) % COLORS}`;
    return `<rect class="${color}" fill="currentColor" x="${x(start).toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="${ROW - 8}">${title}</rect>`;
  });
  const names = threads.map((thread, i) => {
    return `<text class="tick" x="0" y="${i * ROW + ROW / 2}" dy="0.33em">${threadName(thread)}</text>`;
  });
  const height = threads.length * ROW;
  const ticks = Array.from({ length: 5 }, (_, i) => {
    const at = (LEFT + (i / 4) * (WIDTH - LEFT)).toFixed(1);
    const label = i === 0 ? "0" : `${formatValue(((i / 4) * length) / 1000)} s`;
    return `<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${height}"/><text class="tick ${i === 4 ? "end" : "mid"}" x="${at}" y="${height + 16}">${label}</text>`;
  });
  const legend = stages.map((stage, i) => `<li><i class="key s${i % COLORS}"></i>${escapeHtml(stage)}</li>`);
  return `<figure class="panel"><figcaption><ul class="legend">${legend.join("")}</ul></figcaption>
<svg viewBox="0 0 ${WIDTH} ${height + 22}" role="img" aria-label="Which stage each thread worked on over ${formatValue(length / 1000)} seconds">
${[...ticks, ...names, ...bars].join("\n")}
</svg></figure>`;
}
