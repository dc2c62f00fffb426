/** Finds the paths on a command line, and refuses words that look like paths but name no file on this machine. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { describeMismatch, InputError } from "../errors.js";

/** A path on the command line. */
export interface PathValue {
  /** The option's or argument's name, for messages. */
  readonly name: string;
  readonly value: string;
  /** True if a relative path starts from the folder of the first argument, false if from the working folder. */
  readonly isWithinSource: boolean;
}

/**
 * Placeholders of texts that are not paths: `--attribute <name...>`, `--redis <url>`. Every other text counts as a
 * path, so that options added later are checked, too.
 */
const PLAIN_TEXT = new Set([
  ...["name", "names", "url", "queue", "command", "id", "edits", "labels", "choices", "attribute", "shell"],
]);
/** Options whose relative paths start from the folder of the first argument. */
const WITHIN_SOURCE = new Set(["--images"]);

/** The placeholder of an option or argument: "names" of `--attributes <names...>`, and an empty text if there is none. */
export function placeholderOf(flags: string): string {
  return /[<[]([^>\].]+)/.exec(flags)?.[1] ?? "";
}

/** True if a text with this placeholder is a path. */
export function isPathPlaceholder(placeholder: string): boolean {
  return placeholder !== "" && !PLAIN_TEXT.has(placeholder);
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** The paths given to a command, according to the definitions of its options and arguments. */
export function pathValues(command: Command): readonly PathValue[] {
  const found: PathValue[] = [];
  for (const [i, argument] of command.registeredArguments.entries()) {
    if (!isPathPlaceholder(argument.name())) continue;
    const name = argument.name().toUpperCase();
    for (const value of textsOf(command.processedArgs[i])) found.push({ name, value, isWithinSource: false });
  }
  for (const option of command.options) {
    if (option.argChoices !== undefined || !isPathPlaceholder(placeholderOf(option.flags))) continue;
    const name = option.long ?? option.flags;
    const isWithinSource = WITHIN_SOURCE.has(name);
    for (const value of textsOf(command.getOptionValue(option.attributeName()))) {
      found.push({ name, value, isWithinSource });
    }
  }
  return found;
}

/** The kind of a word that names no file on this machine, and the remedy; null for paths. */
function describeOdd(word: string): readonly [received: string, remedy: string] | null {
  if (word === "") return ["an empty text", "A shell variable may be unset: name a file or folder."];
  if (word === "-") {
    return ["'-' (standard input or output)", "elegant reads and writes files: name one, or write ./- for this name."];
  }
  if (/^[a-z][a-z0-9+.-]+:\/|^data:/i.test(word)) {
    return [`the URL '${word}'`, "elegant opens no URLs: download the file first, and name it here."];
  }
  if (existsSync(word)) return null;
  if (/^~[^/\\]*([/\\]|$)/.test(word)) {
    const remedy = "Only the shell replaces ~, and not in quotes or after =: write $HOME, or leave out the quotes.";
    return [`'${word}', with ~ as it stands`, remedy];
  }
  if (/[*?]|\{[^}]*,[^}]*\}|\[[^\]]*-[^\]]*\]/.test(word)) {
    const remedy = "The shell replaces patterns, and not in quotes: leave out the quotes, or name the folder.";
    return [`the pattern '${word}', which no file has as its name`, remedy];
  }
  return null;
}

/**
 * @param name of the option or argument
 * @throws InputError for a word that is not a path on this machine
 */
export function refuseOddPath(name: string, word: string): void {
  const odd = describeOdd(word);
  if (odd !== null) throw new InputError(describeMismatch(name, "the path of a file or folder", ...odd));
}

/** @throws InputError for a path that is a URL, a pattern, `-`, `~` or empty, before a folder of that name is made */
export function refuseOddPaths(command: Command): void {
  for (const { name, value } of pathValues(command)) refuseOddPath(name, value);
}
