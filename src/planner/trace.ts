/** A run as a timeline: in the Trace Event format, which Perfetto and chrome://tracing open, and as a figure. */
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

/** Lists the threads of a run, the device first. */
function threadsOf(spans: readonly Span[]): number[] {
  return [...new Set(spans.map(({ thread }) => thread))].sort((a, b) => a - b);
}

/** Makes one complete event ("X") for each span, after a name ("M") for each thread. */
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

/** Width of a thread's lane in drawing units. The lane is stretched to the page, but names and times are its text. */
const WIDTH = 1000;
const HEIGHT = 18;
const TICKS = 5;
/** Number of colours in the style sheet. */
const COLORS = 6;

/** Draws a lane for each thread, with a bar for each span, coloured by stage. */
export function timelineFigure(spans: readonly Span[]): string {
  const origin = Math.min(...spans.map(({ start }) => start));
  const length = Math.max(...spans.map(({ end }) => end)) - origin || 1;
  const stages = [...new Set(spans.map(({ stage }) => stage))];
  const x = (time: number): number => ((time - origin) / length) * WIDTH;
  const shares = Array.from({ length: TICKS }, (_, i) => i / (TICKS - 1));
  const grid = shares.map((share) => {
    const at = (share * WIDTH).toFixed(1);
    return `<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${HEIGHT}"/>`;
  });
  const lanes = threadsOf(spans).map((thread) => {
    const bars = spans
      .filter((span) => span.thread === thread)
      .map(({ stage, start, end }) => {
        const width = Math.max(0.3, x(end) - x(start));
        const title = `<title>${escapeHtml(stage)}: ${formatValue(end - start)} ms</title>`;
        const color = `s${stages.indexOf(stage) % COLORS}`;
        return `<rect class="${color}" fill="currentColor" x="${x(start).toFixed(2)}" y="0" width="${width.toFixed(2)}" height="${HEIGHT}">${title}</rect>`;
      });
    const name = threadName(thread);
    return `<span>${name}</span>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Stages of the ${name} over ${formatValue(length / 1000)} seconds">
${[...grid, ...bars].join("\n")}
</svg>`;
  });
  const times = shares.map((share) => {
    const label = share === 0 ? "0" : `${formatValue((share * length) / 1000)} s`;
    return `<span style="left: ${share * 100}%">${label}</span>`;
  });
  const legend = stages.map((stage, i) => `<li><i class="key s${i % COLORS}"></i>${escapeHtml(stage)}</li>`);
  return `<figure class="panel"><figcaption><ul class="legend">${legend.join("")}</ul></figcaption>
<div class="lanes">
${lanes.join("\n")}
<div class="times">${times.join("")}</div>
</div></figure>`;
}
