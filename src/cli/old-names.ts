/** Options and values that have a new name. The old one still works; it is not in the help, and stderr says the new one, unless --quiet is given. */
import type { Command } from "commander";

/**
 * Makes `command` accept `old` for `now`, such as "--shard" for "--part" or "--format shard" for "--format raw". Both
 * together are a usage error.
 */
export function acceptOldName(command: Command, old: string, now: string): void {
  const [option, ...value] = old.split(" ");
  const isName = (words: readonly string[], i: number, name: string): boolean =>
    name.split(" ").every((word, j) => words[i + j] === word);
  const parse = command.parseOptions.bind(command);
  command.parseOptions = (argv) => {
    const words = argv.flatMap((word) => {
      const isJoined = [option, now].some((name) => word.startsWith(`${name}=`)); // --shard=0/2
      return isJoined ? [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)] : [word];
    });
    const at = words.flatMap((_, i) => (isName(words, i, old) ? [i] : []));
    if (at.length === 0) return parse(argv);
    if (words.some((_, i) => isName(words, i, now))) {
      command.error(`error: option '${old}' cannot be used with option '${now}'`);
    }
    if (!words.includes("--quiet")) command.configureOutput().writeErr?.(`Note: ${old} is now ${now}.\n`);
    for (const i of at.reverse()) words.splice(i, 1 + value.length, ...now.split(" "));
    return parse(words);
  };
}
