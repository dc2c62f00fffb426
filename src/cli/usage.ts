/** Adapts Commander's command to this command line: one form for messages, and help in 80 columns on stdout. */
import {
  type AddHelpTextContext,
  type AddHelpTextPosition,
  Command,
  type ErrorOptions,
  Help,
  type HelpContext,
  type Option,
} from "commander";
import { setHelpText } from "./help-text.js";

/** Largest width of the help in columns. Terminals may be narrower. */
const HELP_WIDTH = 80;

class ElegantHelp extends Help {
  override helpWidth = Math.min(HELP_WIDTH, process.stdout.columns || HELP_WIDTH);

  /** Marks the options that a command requires. */
  override optionDescription(option: Option): string {
    const text = super.optionDescription(option);
    return option.mandatory ? `${text} (required)` : text;
  }
}

export class ElegantCommand extends Command {
  override createCommand(name?: string): ElegantCommand {
    return new ElegantCommand(name);
  }

  override createHelp(): Help {
    return new ElegantHelp();
  }

  /** Formats the text to the width of the help. */
  override addHelpText(position: AddHelpTextPosition, text: string | ((context: AddHelpTextContext) => string)): this {
    if (typeof text === "string") return super.addHelpText(position, setHelpText(text, HELP_WIDTH));
    return super.addHelpText(position, (context) => setHelpText(text(context), HELP_WIDTH));
  }

  /** Shows the help of a command that needs more words. This is not a failure. */
  override help(context?: HelpContext | ((text: string) => string)): never {
    // A command that does not exist has no help.
    const isUnknown = typeof context === "object" && context.error && this.args.length > 0;
    if (isUnknown) this.error(`error: unknown command '${this.args.at(-1)}'`, { code: "commander.unknownCommand" });
    return super.help();
  }

  override error(message: string, options?: ErrorOptions): never {
    super.error(describeUsageError(message), options);
  }
}

const withoutEnd = (text: string): string => text.trim().replace(/\.$/, "");
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
/** `--size` of `-s, --size <n>`. */
const nameOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags;

/** Describes the expected value, in Commander's words or in those of our own parser. */
function describeValue(name: string, value: string, reason: string): string {
  const [, list] = /^Allowed choices are (.*?)\.?$/s.exec(reason) ?? [];
  if (list === undefined) return reason.startsWith(`${name}: `) ? reason : `${name}: ${lowerFirst(reason)}`;
  return `${name}: expected one of ${list}, received '${value}'`;
}

/** Commander's messages, and our form of each. Messages about unknown names are good as they are. */
const MESSAGES: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
  [
    /^option '([^']*)' argument '(.*)' is invalid\. ?(.*)$/s,
    (flags, value, reason) => describeValue(nameOf(flags), value, reason),
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '([^']*)'\. ?(.*)$/s,
    (value, name, reason) => describeValue(name, value, reason),
  ],
  [
    /^(?:required )?option '([^']*)' (?:argument missing|not specified)$/,
    (flags) => `${nameOf(flags)}: expected a value (${flags}), received none`,
  ],
  [/^missing required argument '([^']*)'$/, (name) => `${name.toUpperCase()}: expected a value, received none`],
  [
    /^option '([^']*)' cannot be used with option '([^']*)'$/,
    (one, other) => `${nameOf(one)}: expected without ${nameOf(other)}, received both`,
  ],
  [
    /^too many arguments(?: for '([^']*)')?\. Expected (\d+ arguments?) but got (\d+)\.?$/,
    (command, expected, received) => `${command ?? "elegant"}: expected ${expected}, received ${received}`,
  ],
];

/** Commander's message as one line in our form. Commander puts suggestions on a second line. */
function describeUsageError(message: string): string {
  const line = message
    .trim()
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ");
  for (const [pattern, say] of MESSAGES) {
    const found = pattern.exec(line);
    if (found !== null) return finish(say(...found.slice(1)));
  }
  return finish(line);
}

function finish(line: string): string {
  return `${withoutEnd(line)}${/[.)?]$/.test(withoutEnd(line)) ? "" : "."} Add --help for the options and an example.`;
}
