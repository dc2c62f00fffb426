/** `--shard i/n` of the long commands. */
import { type Command, InvalidArgumentError } from "commander";
import { ElegantError } from "../errors.js";
import { parseShard, type Shard, shardFromEnvironment } from "../shard.js";

export interface ShardOption {
  readonly shard?: Shard;
}

function parse(text: string): Shard {
  try {
    return parseShard(text, "--shard");
  } catch (error) {
    if (error instanceof ElegantError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** Adds --shard. */
export function withShard(command: Command): Command {
  const words = "do the part of machine i of n, from 0; else as SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX tell";
  return command.option("--shard <i/n>", words, parse);
}

/**
 * The part that this process does, which is printed; null for the whole. One machine of one does the whole.
 * @throws InputError if the environment specifies a part incompletely
 */
export function chooseShard({ shard }: ShardOption, print: (line: string) => void): Shard | null {
  const found = shard === undefined ? shardFromEnvironment(process.env) : { shard, source: "--shard" };
  if (found === null || found.shard.count === 1) return null;
  print(`shard ${found.shard.index}/${found.shard.count}, from ${found.source}`);
  return found.shard;
}
