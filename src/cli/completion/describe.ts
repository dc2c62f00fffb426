/** What a shell can complete on a command line, read from the program's own definitions, so that it cannot go stale. */
import type { Argument, Command, Option } from "commander";
import { METHOD_NAMES, recipesOf } from "../../methods/recipes.js";
import { SHIPPED_MODELS } from "../../models/shipped.js";
import { isPathPlaceholder, placeholderOf } from "../paths.js";
import { NAMES } from "../queue-commands.js";

/** The values of an option or argument. */
export interface Values {
  /** Words to offer. */
  readonly words: readonly string[];
  /** Names of the file system to offer; null for none. */
  readonly files: "all" | "folders" | null;
}

export interface DescribedOption extends Values {
  /** Such as "--device". */
  readonly name: string;
  readonly description: string;
  /** Number of values that follow it. */
  readonly takes: "none" | "one" | "many";
}

export interface DescribedCommand {
  /** Its words without the program's name: "queue submit". The program itself has an empty text. */
  readonly words: string;
  readonly description: string;
  readonly options: readonly DescribedOption[];
  /** The values of its arguments in their order. */
  readonly args: readonly Values[];
  /** True if further arguments are like the last one. */
  readonly isVariadic: boolean;
  /** The commands that may follow, by the word that leads to each, with their `words`. */
  readonly next: ReadonlyMap<string, string>;
}

const MODELS = Object.keys(SHIPPED_MODELS);
const PRESETS = [...new Set(METHOD_NAMES.flatMap((name) => Object.keys(recipesOf(name).presets)))];

/** Words for values that have no fixed choices, by an option's flags or an argument's name. All of these must exist. */
export const KNOWN_WORDS: Readonly<Record<string, readonly string[]>> = {
  "--model <path>": MODELS,
  "--preset <name>": PRESETS,
  model: MODELS,
  run: MODELS,
};
/** Placeholders of folders. */
const FOLDERS = new Set(["dir", "data", "out"]);

function valuesOf(key: string, placeholder: string, choices: readonly string[] | undefined, isParsed: boolean): Values {
  const known = choices ?? KNOWN_WORDS[key];
  if (choices !== undefined) return { words: choices, files: null };
  const isPath = !isParsed && isPathPlaceholder(placeholder);
  return { words: known ?? [], files: isPath ? (FOLDERS.has(placeholder) ? "folders" : "all") : null };
}

function describeOption(option: Option): DescribedOption {
  const { flags, long, short, description, argChoices, variadic, required, optional, parseArg } = option;
  const placeholder = placeholderOf(flags);
  // Options with a list of choices have a parser, too. It comes from choices().
  const values = valuesOf(flags, placeholder, argChoices, parseArg !== undefined);
  const takes = required || optional ? (variadic ? "many" : "one") : "none";
  return { name: long ?? short ?? flags, description, takes, ...values };
}

function describeArgument(argument: Argument): Values {
  return valuesOf(argument.name(), argument.name(), argument.argChoices, false);
}

const HELP: DescribedOption = { name: "--help", description: "print help", takes: "none", words: [], files: null };

/** Describes a program and all its commands, the program first. Hidden options are left out. */
export function describeProgram(program: Command): readonly DescribedCommand[] {
  const describe = (command: Command, words: string): readonly DescribedCommand[] => {
    const inside = (child: Command): string => (words === "" ? child.name() : `${words} ${child.name()}`);
    const next = new Map(command.commands.map((child) => [child.name(), inside(child)]));
    // The arguments of such a command are another command line.
    const hands = command.registeredArguments.some((argument) => argument.name() === "command");
    if (hands) for (const name of NAMES) next.set(name, name);
    const described: DescribedCommand = {
      words,
      description: command.description(),
      options: [...command.options.filter(({ hidden }) => !hidden).map(describeOption), HELP],
      args: hands ? [] : command.registeredArguments.map(describeArgument),
      isVariadic: command.registeredArguments.at(-1)?.variadic ?? false,
      next,
    };
    return [described, ...command.commands.flatMap((child) => describe(child, inside(child)))];
  };
  return describe(program, "");
}
