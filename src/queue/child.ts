/** A shard's command line as a process of its own: what it does to memory or to itself leaves the worker alone. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ExitCode } from "../errors.js";

/** This package's own command line; this file runs from dist/src/queue/. */
export const OWN_COMMAND = [process.execPath, fileURLToPath(new URL("../../../bin/elegant.js", import.meta.url))];
/** After being asked to stop; then it is killed. */
const PATIENCE_MS = 20_000;
const MOST_OUTPUT = 4 * 2 ** 20;

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** The line of ours that says what went wrong, else the last line. */
  readonly reason: string;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Stops it as Ctrl-C does. */
  readonly signal: AbortSignal;
  /** Each line that it writes to stderr. */
  readonly onLine: (line: string) => void;
}

/** Runs it to its end; never rejects, since whatever happens is the shard's fate. */
export function runChild({ command, argv, cwd, signal, onLine }: ChildOptions): Promise<Ended> {
  return new Promise((resolve) => {
    // By the channel the child notices when this process is killed (stopWithParent).
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

/** What an end means for the queue. */
export type Verdict =
  | { readonly kind: "done"; readonly code: 0 | 3 }
  /** Worth another attempt. */
  | { readonly kind: "retry"; readonly reason: string }
  /** The same again whatever the attempt. */
  | { readonly kind: "refused"; readonly reason: string };

/** By the exit codes of the command line's contract. */
export function judge({ code, reason }: Pick<Ended, "code" | "reason">): Verdict {
  if (code === ExitCode.done || code === ExitCode.partial) return { kind: "done", code };
  if (code === ExitCode.usage) return { kind: "refused", reason };
  return { kind: "retry", reason };
}
