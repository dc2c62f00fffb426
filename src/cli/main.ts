/** The command line's entry. */
import { CommanderError } from "commander";
import { ElegantError, ExitCode, fromSystemError } from "../errors.js";
import { COMMANDS } from "./commands.js";
import { createProgram, type Register } from "./program.js";

/** Runs the command line of this process and sets `process.exitCode`. Only tests replace `commands`. */
export async function main(argv: readonly string[], commands: readonly Register[] = COMMANDS): Promise<void> {
  watchOutput();
  stopWithParent();
  await runLine(argv, commands);
}

/** Runs one command line and sets `process.exitCode`, without watching the process's own streams and parent. */
export async function runLine(argv: readonly string[], commands: readonly Register[] = COMMANDS): Promise<void> {
  try {
    await createProgram(commands).parseAsync(argv as string[]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message. Help and version are not failures.
      process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    } else if (error instanceof ElegantError) {
      process.stderr.write(`elegant: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      reportInternalError(error);
    }
  }
}

/**
 * Ends a part's process with the worker that started it. If that worker is killed, its part goes to another one, and
 * two processes must not write the same files.
 */
function stopWithParent(): void {
  if (process.channel === undefined || process.channel === null) return;
  process.once("disconnect", () => process.exit(ExitCode.interrupted));
  process.channel.unref(); // it must not keep this process running
}

/** If the reader of a pipe goes away (`| head`), printing ends but the work continues, and the exit code stays right. */
function watchOutput(): void {
  const isClosedPipe = (error: unknown): boolean =>
    error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
  process.stdout.on("error", (error) => {
    if (isClosedPipe(error)) return;
    const failure = fromSystemError(error, "Cannot write to stdout");
    process.stderr.write(`elegant: ${failure.message}\n`);
    process.exitCode = failure.exitCode;
  });
  process.stderr.on("error", () => {}); // there is nowhere left to report this
}

function reportInternalError(error: unknown): void {
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  process.stderr.write(
    `elegant: internal error: ${stack}\n` +
      "This is a fault of elegant, not yours. Please report the lines above with the output of 'elegant doctor --json'.\n",
  );
  process.exitCode = ExitCode.internal;
}
