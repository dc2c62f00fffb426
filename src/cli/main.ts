/** The command line's entry. Each command is one file and is registered here. */
import { type Command, CommanderError, type OutputConfiguration } from "commander";
import { ElegantError, ExitCode, fromSystemError } from "../errors.js";
import { packageVersion } from "../version.js";
import { registerAlign } from "./align.js";
import { registerDemo } from "./demo.js";
import { registerDoctor } from "./doctor.js";
import { registerExport } from "./export.js";
import { registerFid } from "./fid.js";
import { registerImport } from "./import.js";
import { registerInspect } from "./inspect.js";
import { registerLinear } from "./linear.js";
import { registerMatrix } from "./matrix.js";
import { registerMerge } from "./merge.js";
import { refuseOddPaths } from "./paths.js";
import { registerPlan } from "./plan.js";
import { registerPreprocess } from "./preprocess.js";
import { registerQueue } from "./queue.js";
import { registerScore } from "./score.js";
import { registerSwap } from "./swap.js";
import { registerSynth } from "./synth.js";
import { registerTable } from "./table.js";
import { registerTrain } from "./train.js";
import { ElegantCommand } from "./usage.js";
import { registerVerify } from "./verify.js";
import { registerWeights } from "./weights.js";

type Register = (program: Command) => void;

const REGISTER: readonly Register[] = [
  registerDemo,
  registerSynth,
  registerPreprocess,
  registerInspect,
  registerAlign,
  registerTrain,
  registerSwap,
  registerLinear,
  registerMatrix,
  registerImport,
  registerExport,
  registerFid,
  registerMerge,
  registerQueue,
  registerTable,
  registerScore,
  registerWeights,
  registerPlan,
  registerVerify,
  registerDoctor,
];

/** @param output where help and messages go; the process's streams if omitted */
export function createProgram(
  commands: readonly Register[] = REGISTER,
  output: Partial<OutputConfiguration> = {},
): Command {
  const program = new ElegantCommand("elegant");
  program
    .description("Exemplar-based face attribute editing (ELEGANT, ECCV 2018)")
    .version(packageVersion())
    // Set these before the commands are registered, because commands inherit them when they are made.
    .configureOutput({ outputError: (text, write) => write(`elegant: ${text}`), ...output })
    .exitOverride()
    .hook("preAction", (_, command) => refuseOddPaths(command));
  for (const register of commands) register(program);
  return program;
}

/** Runs one command line and sets `process.exitCode`. Only tests replace `commands`. */
export async function main(argv: readonly string[], commands: readonly Register[] = REGISTER): Promise<void> {
  watchOutput();
  stopWithParent();
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
