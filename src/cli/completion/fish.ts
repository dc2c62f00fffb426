/** The completion script for fish. */
import type { DescribedCommand, Values } from "./describe.js";

/** A text in single quotes, as fish reads it. */
const quote = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

/** The end of a `complete` line for values. */
function offer({ words, files }: Values): string {
  const folders = files === "folders" ? ["(__fish_complete_directories)"] : [];
  const all = [...words, ...folders];
  const list = all.length === 0 ? "" : ` -a ${quote(all.join(" "))}`;
  return files === "all" ? ` -F${list}` : ` -f${list}`;
}

export function fishScript(commands: readonly DescribedCommand[], names: readonly string[]): string {
  const [name, ...others] = names;
  const valued = commands.flatMap(({ words, options }) =>
    options.filter(({ takes }) => takes !== "none").map((option) => `  ${quote(`${words} ${option.name}`)}`),
  );
  const steps = commands.flatMap(({ words, next }) =>
    [...next].map(([word, target]) => `      case ${quote(`${words}|${word}`)}\n        set at ${quote(target)}`),
  );
  const lines = commands.flatMap(({ words, options, args, next }) => {
    const start = `complete -c ${name} -n ${quote(`__elegant_at ${quote(words)}`)}`;
    // Files are offered only where an argument may be one.
    const files = args.some((values) => values.files === "all")
      ? "all"
      : (args.find((values) => values.files)?.files ?? null);
    return [
      `${start}${offer({ words: args.flatMap((values) => values.words), files })}`,
      ...[...next].map(([word, target]) => {
        const { description = "" } = commands.find((command) => command.words === target) ?? {};
        return `${start} -f -a ${quote(word)} -d ${quote(description)}`;
      }),
      ...options.map(({ name: flag, description, takes, ...values }) => {
        const value = takes === "none" ? "" : ` -r${offer(values)}`;
        return `${start} -l ${flag.replace(/^--/, "")}${value} -d ${quote(description)}`;
      }),
    ];
  });
  return `# Completion of elegant for fish. Made by 'elegant completion fish'; make it again after an update.
set -g __elegant_valued \\
${valued.join(" \\\n")}

# Succeeds if the cursor is in the arguments of this command.
function __elegant_at
  set -l at ''
  set -l skip 0
  set -l tokens (commandline -opc)
  for word in $tokens[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    if contains -- "$at $word" $__elegant_valued
      set skip 1
      continue
    end
    switch "$at|$word"
${steps.join("\n")}
    end
  end
  test "$at" = "$argv[1]"
end

${lines.join("\n")}
${others.map((other) => `complete -c ${other} -w ${name}`).join("\n")}
`;
}
