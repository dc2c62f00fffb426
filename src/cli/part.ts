/** `--part i/n` of the long commands. */
import { type Command, InvalidArgumentError } from "commander";
import { ElegantError } from "../errors.js";
import { type Part, parsePart, partFromEnvironment } from "../part.js";
import { acceptOldName } from "./old-names.js";

export interface PartOption {
  readonly part?: Part;
}

function parse(text: string): Part {
  try {
    return parsePart(text, "--part");
  } catch (error) {
    if (error instanceof ElegantError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** Adds --part, with its old name --shard. */
export function withPart(command: Command): Command {
  const words =
    "do only the share of machine i of n, counted from 0 (default: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, if set)";
  acceptOldName(command, "--shard", "--part");
  return command.option("--part <i/n>", words, parse);
}

/**
 * The part that this process does, which is printed; null for the whole. One machine of one does the whole.
 * @throws InputError if the environment specifies a part incompletely
 */
export function choosePart({ part }: PartOption, print: (line: string) => void): Part | null {
  const found = part === undefined ? partFromEnvironment(process.env) : { part, source: "--part" };
  if (found === null || found.part.count === 1) return null;
  print(`part ${found.part.index}/${found.part.count}, from ${found.source}`);
  return found.part;
}
