/** Makes the program that reads a command line, from the commands that it is given. */
import type { Command, OutputConfiguration } from "commander";
import { packageVersion } from "../version.js";
import { refuseOddPaths } from "./paths.js";
import { ElegantCommand } from "./usage.js";

/** Adds one command to a program. */
export type Register = (program: Command) => void;

/** @param output where help and messages go; the process's streams if omitted */
export function createProgram(commands: readonly Register[], output: Partial<OutputConfiguration> = {}): Command {
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
