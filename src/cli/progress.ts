/** Prints progress with rate and time left: one redrawn line on a terminal, a plain line every few seconds elsewhere. */
import type { WriteStream } from "node:tty";
import type { OnProgress, Progress } from "../types.js";

const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5000;
/** Seconds before a rate is printed. The first items come late or together and would give a meaningless rate. */
const MIN_RATE_SECONDS = 1;

export interface ProgressPrinter {
  readonly update: OnProgress;
  /**
   * Makes room for other text by removing the redrawn line. A plain line about a stage's end is printed first. A line
   * from the middle of a stage is dropped, because it would come after newer text.
   */
  clear(): void;
  /** Prints the last line. */
  finish(): void;
  /** Drops the pending line and prints nothing more, so that an error comes last. */
  abandon(): void;
}

/** Prints nothing. */
export const SILENT: ProgressPrinter = { update() {}, clear() {}, finish() {}, abandon() {} };

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.ceil(seconds); // rounded first, so that neither "60s" nor "1m60s" appears
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

export function formatProgress(progress: Progress, startDone: number, elapsedSeconds: number): string {
  const { stage, done, total, unit, note } = progress;
  const rate = elapsedSeconds > 0 ? (done - startDone) / elapsedSeconds : 0;
  const counted = total === null ? `${done} ${unit}` : `${done}/${total} ${unit}`;
  const speed = rate > 0 ? `, ${rate >= 10 ? rate.toFixed(0) : rate.toFixed(2)} ${unit}/s` : "";
  const needed = total !== null && rate > 0 && done < total ? (total - done) / rate : Number.POSITIVE_INFINITY;
  const seconds = total !== null && done >= total ? 0 : Math.min(needed, progress.secondsLeft ?? needed);
  const left = seconds > 0 && Number.isFinite(seconds) ? `, ${formatDuration(seconds)} left` : "";
  return `${stage}: ${counted}${speed}${left}${note === undefined ? "" : `  ${note}`}`;
}

export function createProgressPrinter(stream: NodeJS.WriteStream | WriteStream): ProgressPrinter {
  const interactive = Boolean(stream.isTTY);
  let stage = "";
  let startedAt = 0;
  let startDone = 0;
  let printedAt = 0;
  let drawn = false;
  let held: string | null = null;
  let ended = false;
  let abandoned = false;

  const draw = (text: string): void => {
    if (interactive) {
      const columns = stream.columns ?? 80;
      stream.write(`\r\x1b[2K${text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}~`}`);
      drawn = true;
    } else {
      stream.write(`${text}\n`);
    }
  };
  const clear = (): void => {
    if (drawn) stream.write("\r\x1b[2K");
    drawn = false;
    if (!interactive && held !== null && ended) draw(held);
    held = null;
  };
  return {
    update(progress) {
      if (abandoned) return;
      const now = performance.now();
      if (progress.stage !== stage) {
        if (held !== null) draw(held);
        if (drawn) stream.write("\n");
        drawn = false;
        held = null;
        stage = progress.stage;
        startedAt = now;
        startDone = progress.done;
        printedAt = now;
      }
      ended = progress.done === progress.total;
      const elapsed = (now - startedAt) / 1000;
      // At the end of a stage, the command itself prints the rate or time of the whole work, which the stage's own rate
      // would contradict.
      const text = formatProgress(progress, startDone, ended || elapsed < MIN_RATE_SECONDS ? 0 : elapsed);
      const due = now - printedAt >= (interactive ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS);
      if (due) {
        printedAt = now;
        held = null;
        draw(text);
      } else {
        held = text;
      }
    },
    clear,
    finish() {
      if (held !== null) draw(held);
      if (drawn) stream.write("\n");
      drawn = false;
      held = null;
      stage = "";
    },
    abandon() {
      if (drawn) stream.write("\r\x1b[2K");
      drawn = false;
      held = null;
      abandoned = true;
    },
  };
}
