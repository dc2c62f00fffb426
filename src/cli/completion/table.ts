/** The part of the scripts that bash and zsh share: what each command and option takes, and where on the line the cursor is. */
import type { DescribedCommand, Values } from "./describe.js";

/** A text in single quotes, as all shells read it. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const FILES = { all: "all", folders: "folders" } as const;

function assign(takes: string, { words, files }: Values): string {
  return `takes=${takes} choices=${quote(words.join(" "))} files=${files === null ? "''" : FILES[files]}`;
}

/**
 * Shell functions. All of them set variables of their caller:
 * - `PREFIX_spec COMMAND WHAT`: `takes`, `choices` and `files` of an option or of the argument with that number;
 * - `PREFIX_list COMMAND`: `list`, a line for each option, and `next`, a line for each command that may follow, as "name:description";
 * - `PREFIX_walk WORD...`: `at`, the command so far; `seen`, the number of its arguments; `pending`, the option that takes the next word.
 */
export function sharedFunctions(commands: readonly DescribedCommand[], prefix: string): string {
  const specs = commands.flatMap(({ words, options, args, isVariadic }) => [
    ...options
      .filter(({ takes }) => takes !== "none")
      .map((option) => `    ${quote(`${words} ${option.name}`)}) ${assign(option.takes, option)} ;;`),
    ...args.map((values, i) => {
      const number = isVariadic && i === args.length - 1 ? `${quote(`${words} `)}[0-9]*` : quote(`${words} ${i + 1}`);
      return `    ${number}) ${assign("one", values)} ;;`;
    }),
  ]);
  const line = (name: string, description: string): string => `${name}:${description.replace(/\s+/g, " ")}`;
  const lists = commands.map(({ words, options, next }) => {
    const offered = options.map(({ name, description }) => line(name, description)).join("\n");
    const following = [...next].map(([name, target]) => {
      return line(name, commands.find((command) => command.words === target)?.description ?? "");
    });
    return `    ${quote(words)}) list=${quote(offered)} next=${quote(following.join("\n"))} ;;`;
  });
  const steps = commands.flatMap(({ words, next }) =>
    [...next].map(([name, target]) => `        ${quote(`${words}|${name}`)}) at=${quote(target)} seen=0 ;;`),
  );
  return `${prefix}_spec() {
  takes='' choices='' files=''
  case "$1 $2" in
${specs.join("\n")}
  esac
}

${prefix}_list() {
  list='' next=''
  case "$1" in
${lists.join("\n")}
  esac
}

${prefix}_walk() {
  at='' seen=0 pending=''
  local word
  for word in "$@"; do
    if [[ $word == '=' ]]; then
      continue
    elif [[ $word == -* ]]; then
      pending=''
      ${prefix}_spec "$at" "\${word%%=*}"
      if [[ -n $takes && $word != *=* ]]; then pending=$word; fi
    elif [[ -n $pending ]]; then
      if [[ $takes == one ]]; then pending=''; fi
    else
      case "$at|$word" in
${steps.join("\n")}
        *) seen=$((seen + 1)) ;;
      esac
    fi
  done
}
`;
}
