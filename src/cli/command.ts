/** What all commands share: common options, checked numbers, one way to run, to print and to fail. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEVICES, type DeviceChoice } from "../device/choices.js";
import { ElegantError, ExitCode } from "../errors.js";
import { asAddressSpaceError } from "../kernels/address-space.js";
import { defaultThreads, MOST_THREADS } from "../pool/threads.js";
import type { OnProgress } from "../types.js";
import { createProgressPrinter, SILENT } from "./progress.js";

interface CommonValues {
  readonly seed: number;
  readonly workers: number;
  readonly device: DeviceChoice;
  /** With `device`: whether the device is named although it is no other than the last time. */
  readonly verbose: boolean;
}

/** Common options that only some commands have a use for. */
export type CommonOption = "seed" | "workers" | "device";

/** What a command prints. Every command has these options. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** `--json` and `--quiet`, and those of the others that a command has. */
export type CommonOptions<Has extends CommonOption = never> = OutputOptions &
  Pick<CommonValues, Has | ("device" extends Has ? "verbose" : never)>;

/** Commander parser for an integer within bounds. */
export function integer(low: number, high = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    // Number("") is 0, which nobody who leaves a shell variable empty means.
    if (text.trim() === "" || !Number.isInteger(value) || value < low || value > high) {
      const range = high === Number.MAX_SAFE_INTEGER ? `at least ${low}` : `from ${low} to ${high}`;
      throw new InvalidArgumentError(`Expected an integer ${range}, received '${text}'.`);
    }
    return value;
  };
}

/** Commander parser for a finite number within bounds. */
export function number(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < low || value > high) {
      throw new InvalidArgumentError(`Expected a number from ${low} to ${high}, received '${text}'.`);
    }
    return value;
  };
}

/**
 * Adds --json, --quiet, --seed, --workers, --device and --verbose. Help offers only those that change what the command does (`has`). The
 * others are accepted all the same, so that a script can pass the same options to every command.
 */
export function withCommonOptions(command: Command, has: readonly CommonOption[] = []): Command {
  const seed = new Option("--seed <n>", "seed of all random choices").argParser(integer(0, 0xffffffff)).default(1);
  const workers = new Option("--workers <n>", "threads of the CPU pool")
    .argParser(integer(1, MOST_THREADS))
    .default(defaultThreads());
  const device = new Option("--device <name>", "where the model runs").choices(DEVICES).default("auto");
  const verbose = new Option(
    "--verbose",
    "print the device and why it was chosen on every run, not only when it changes",
  ).default(false);
  command.option("--json", "print one JSON object on stdout; progress goes to stderr", false);
  command.option("--quiet", "print results and errors only: no progress, notices or warnings", false);
  command.addOption(seed.hideHelp(!has.includes("seed")));
  command.addOption(workers.hideHelp(!has.includes("workers")));
  command.addOption(device.hideHelp(!has.includes("device")));
  command.addOption(verbose.hideHelp(!has.includes("device")));
  return command;
}

export interface CommandContext {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Draws progress on stderr: a line that is redrawn on a terminal, plain lines elsewhere. Nothing with --quiet. */
  readonly onProgress: OnProgress;
  /** One plain line for the reader: on stdout, or with --json on stderr, and there not with --quiet. */
  print(line: string): void;
  /** What the reader should know before trusting a result: a plain line on stderr, with --json and without. Nothing with --quiet. */
  warn(line: string): void;
  /** Emits the JSON object of the contract when --json was given. */
  printJson(value: unknown): void;
  /** Ends with code 3: done, but some items failed. */
  markPartial(): void;
}

/** Runs a command's body; errors of ours become one line on stderr and their exit code, others are left to `main`. */
export async function runCommand(
  { json, quiet }: OutputOptions,
  body: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const progress = quiet ? SILENT : createProgressPrinter(process.stderr);
  const context: CommandContext = {
    json,
    quiet,
    onProgress: progress.update,
    print(line) {
      progress.clear();
      if (!json) process.stdout.write(`${line}\n`);
      else if (!quiet) process.stderr.write(`${line}\n`);
    },
    warn(line) {
      progress.clear();
      if (!quiet) process.stderr.write(`Warning: ${line}\n`);
    },
    printJson(value) {
      progress.clear();
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    markPartial() {
      process.exitCode = ExitCode.partial;
    },
  };
  try {
    await body(context);
    progress.finish();
  } catch (error) {
    progress.abandon();
    // Codecs and threads pass the engine's words on as their own.
    const failure = asAddressSpaceError(error) ?? error;
    if (!(failure instanceof ElegantError)) throw failure;
    process.stderr.write(`elegant: ${failure.message}\n`);
    process.exitCode = failure.exitCode;
  }
}
