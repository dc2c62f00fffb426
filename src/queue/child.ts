/**
 * Runs a part's command line in a process of its own, so that a crash or a lack of memory there does not affect the
 * worker.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ExitCode } from "../errors.js";

/** This package's own command line. This file runs from dist/src/queue/. */
export const OWN_COMMAND = [process.execPath, fileURLToPath(new URL("../../../bin/elegant.js", import.meta.url))];
/** Milliseconds between the request to stop and the kill. */
const PATIENCE_MS = 20_000;
const MOST_OUTPUT = 4 * 2 ** 20;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** Our own line that says what went wrong, or the last line if there is none. */
  readonly reason: string;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Stops the process as Ctrl-C does. */
  readonly signal: AbortSignal;
  /** Receives each line that the process writes to stderr. */
  readonly onLine: (line: string) => void;
}

/** Runs the process to its end. It never rejects, because every outcome belongs to the part. */
export function runChild({ command, argv, cwd, signal, onLine }: ChildOptions): Promise<Ended> {
  return new Promise((resolve) => {
    // The IPC channel lets the child notice if this process is killed (stopWithParent).
    const child = spawn(command[0], [...command.slice(1), ...argv], { cwd, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    let [stdout, rest, reason] = ["", "", ""];
    const take = (line: string): void => {
      if (line.trim() === "") return;
      if (line.startsWith("elegant: ") || !reason.startsWith("elegant: ")) reason = line.trim();
      onLine(line);
    };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < MOST_OUTPUT) stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      lines.forEach(take);
    });
    let killing: NodeJS.Timeout | null = null;
    const stop = (): void => {
      child.kill("SIGINT");
      killing = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const end = (code: number | null, by: string | null, why: string): void => {
      signal.removeEventListener("abort", stop);
      if (killing !== null) clearTimeout(killing);
      resolve({ code, signal: by, stdout, reason: why.replace(/^elegant: /, "") });
    };
    child.on("error", (error) => end(null, null, `Cannot run in ${cwd}: ${error.message}`));
    child.on("close", (code, by) => {
      take(rest);
      end(code, by, by === null ? reason || `ended with code ${code}` : `ended by ${by}`);
    });
  });
}

/** What the end of a process means for the queue. */
export type Verdict =
  | { readonly kind: "done"; readonly code: 0 | 3 }
  /** Another attempt may succeed. */
  | { readonly kind: "retry"; readonly reason: string }
  /** Every attempt would end in the same way. */
  | { readonly kind: "refused"; readonly reason: string };

/** Judges by the exit codes of the command line's contract. */
export function judge({ code, reason }: Pick<Ended, "code" | "reason">): Verdict {
  if (code === ExitCode.done || code === ExitCode.partial) return { kind: "done", code };
  if (code === ExitCode.usage) return { kind: "refused", reason };
  return { kind: "retry", reason };
}
