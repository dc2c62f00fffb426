/** The command line's entry: one file a command, each registers itself here. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ExitCode } from "../errors.js";
import { registerPreprocess } from "./preprocess.js";
import { registerSynth } from "./synth.js";

const REGISTER: readonly ((program: Command) => void)[] = [registerPreprocess, registerSynth];

function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export function createProgram(): Command {
  const program = new Command("elegant");
  program
    .description("Exemplar-based face attribute editing (ELEGANT, ECCV 2018)")
    .version(packageVersion())
    .showHelpAfterError("(add --help for the options and an example)")
    .exitOverride();
  for (const register of REGISTER) register(program);
  return program;
}

export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(argv as string[]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed its message; help and version are no failure.
    process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  }
}
