/** The command lines that a queue accepts. The commands' own definitions read and check them. */
import { isAbsolute } from "node:path";
import { CommanderError } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { type Part, partName } from "../part.js";
import type { OfferedJob } from "../queue/jobs.js";
import { followLinks, isWithin, linksWithin } from "../queue/root.js";
import { registerFid } from "./fid.js";
import { registerMerge } from "./merge.js";
import { type PathValue, pathValues } from "./paths.js";
import { registerPreprocess } from "./preprocess.js";
import { createProgram } from "./program.js";
import { registerSwap } from "./swap.js";
import { registerSynth } from "./synth.js";

/** Commands whose parts a queue can distribute. */
const DIVIDED = [registerPreprocess, registerSynth, registerSwap, registerFid];
export const NAMES = ["preprocess", "synth", "swap", "fid"];
/** Names of these commands, for messages. */
export const QUEUE_COMMANDS = "preprocess, synth, swap or fid FOLDER --save-features FILE.npz";

/** A command line as read by its own command. */
export interface Understood {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly paths: readonly PathValue[];
}

/**
 * Reads a command line as the command itself would, without printing anything.
 * @throws InputError for another command, and for arguments that the command does not accept
 */
async function understand(words: readonly string[], registers: typeof DIVIDED): Promise<Understood> {
  const silent = { writeOut() {}, writeErr() {} };
  const program = createProgram(registers, silent);
  let understood: Understood | null = null;
  for (const command of program.commands) {
    command.action(() => {
      understood = {
        ...{ name: command.name(), args: command.args, options: command.opts() },
        paths: pathValues(command),
      };
    });
  }
  try {
    await program.parseAsync([process.execPath, "elegant", ...words]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw new InputError(error.message);
    const remedy = `Run 'elegant ${words.join(" ")}' for it.`;
    throw new InputError(describeMismatch("command", "work", "one that prints its help", remedy));
  }
  if (understood === null) throw new InputError(describeMismatch("command", QUEUE_COMMANDS, "none", "Add one."));
  return understood;
}

/** Reads a command of a flow: one of the four, without a part of its own. @throws InputError for anything else */
export async function understandDivided(words: readonly string[]): Promise<Understood> {
  const [word = ""] = words;
  if (!NAMES.includes(word)) {
    const received = word === "" ? "none" : `'${word}'`;
    const remedy = "The options of the queue come before the command, and no other command has parts for a queue.";
    throw new InputError(describeMismatch("command", QUEUE_COMMANDS, received, remedy));
  }
  const understood = await understand(words, DIVIDED);
  const { name, args, options } = understood;
  if (options.part !== undefined) {
    const { index, count } = options.part as Part;
    const remedy = "Omit it: the queue gives each part its own.";
    throw new InputError(describeMismatch("--part", "none", `${index}/${count}`, remedy));
  }
  if (name === "fid" && (options.saveFeatures === undefined || args.length > 1)) {
    const received = options.saveFeatures === undefined ? "a command without it" : `'${args[1]}' too`;
    const remedy = "Parts compute the features of one folder; score the merged files afterwards.";
    throw new InputError(describeMismatch("fid", "FOLDER --save-features FILE.npz", received, remedy));
  }
  return understood;
}

/** The command line that merges the parts; null if there is nothing to merge. */
export function mergeOf({ name, args, options }: Understood, count: number): readonly string[] | null {
  if (name === "preprocess") return ["merge", args[1]];
  if (name !== "fid" || count === 1) return null; // one machine has written both files of fid
  const { saveFeatures, saveStats } = options as { readonly saveFeatures: string; readonly saveStats?: string };
  const parts = Array.from({ length: count }, (_, index) => {
    return saveFeatures.replace(/\.npz$/, `-${partName({ index, count })}.npz`);
  });
  const stats = saveStats === undefined ? [] : ["--save-stats", saveStats];
  return ["merge", ...parts, "--save-features", saveFeatures, ...stats];
}

/**
 * Checks a job before a worker runs it: it must be one of our commands, all its arguments must be defined by the
 * command, and every path must stay in the worker's folder.
 * @param added options that the worker adds to the job's command line; both are read together
 * @param root  the worker's folder, with links resolved
 * @returns the folder to run it in, with links resolved
 * @throws InputError with the reason otherwise
 */
export async function admitJob(
  { kind, argv, cwd }: OfferedJob,
  added: readonly string[],
  root: string,
): Promise<string> {
  if ([...argv, cwd].some((word) => word.includes("\0"))) {
    throw new InputError(describeMismatch("job", "texts", "one with a zero byte", "Submit it with elegant queue."));
  }
  if (kind === "shard") await understandDivided(argv);
  const words = [...argv, ...added];
  const { name, args, paths } = await understand(words, kind === "shard" ? DIVIDED : [registerMerge]);
  const folder = await followLinks(root, cwd);
  const refuse = (option: string, path: string): InputError => {
    const remedy = "Submit from within that folder, or start the worker with another --root.";
    return new InputError(describeMismatch(option, `a path within the worker's --root ${root}`, `'${path}'`, remedy));
  };
  // The job's folder does not matter if all its paths are absolute: the job runs in the worker's folder.
  const isOutside = !(await isWithin(root, root, cwd));
  if (isOutside && paths.some(({ value, isWithinSource }) => !isWithinSource && !isAbsolute(value))) {
    throw refuse("the job's folder", cwd);
  }
  for (const { name: option, value, isWithinSource } of paths) {
    const base = isWithinSource ? await followLinks(folder, args[0]) : folder;
    const links = await linksWithin(await followLinks(base, value));
    for (const path of [value, ...links]) {
      if (!(await isWithin(root, base, path))) throw refuse(`${name} ${option}`, path);
    }
  }
  return isOutside ? root : folder;
}
