/** Formats the text below a command's options in lines that fit a terminal: sentences, lists, and command lines to copy. */

const EXAMPLE = /^ {2}(npx )?elegant/;

/** Breaks words into lines of at most `width` characters. All lines after the first are indented by `hanging`. */
function fill(words: readonly string[], width: number, first: string, hanging: string, end = ""): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length + end.length > width) {
      lines.push(line + end);
      [line, isEmpty] = [hanging, true];
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** A command line, broken before options so that the shell reads it as one. A note in brackets gets a line of its own. */
function fillExample(text: string, width: number): string[] {
  const [, command, note] = /^(.*?)(?: {2,}(\(.*\)))?$/.exec(text) ?? [text, text];
  const options = command.trim().split(/ (?=--)/);
  const parts = options.flatMap((part) => (part.length < width - 6 ? part : part.split(" ")));
  const lines = fill(parts, width, "  ", "    ", " \\");
  return note === undefined ? lines : [...lines, ...fill(note.split(" "), width, "    ", "    ")];
}

/** An item `  name  description`, and further lines that are indented like the description. */
function fillItem(lines: readonly string[], width: number): string[] {
  const [first, ...more] = lines;
  const [lead] = /^ +(?:\S+(?: \S+)* {2,})?/.exec(first) ?? [""];
  const words = [first.slice(lead.length), ...more].flatMap((line) => line.trim().split(/ +/));
  return fill(words, width, lead, " ".repeat(lead.length));
}

/**
 * Formats a text in at most `width` columns. Lines without indentation are joined to paragraphs, which end at an empty
 * line.
 */
export function setHelpText(text: string, width: number): string {
  const set: string[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; ) {
    const taken = [lines[i++]];
    const [start] = taken;
    if (start.trim() === "") {
      set.push("");
    } else if (EXAMPLE.test(start)) {
      while (taken[taken.length - 1].endsWith("\\") && i < lines.length) taken.push(lines[i++]);
      set.push(...fillExample(taken.map((line) => line.replace(/\\$/, "").trim()).join(" "), width));
    } else if (start.startsWith(" ")) {
      const depth = (line: string): number => line.length - line.trimStart().length;
      const isSame = depth(start) > 2; // a paragraph; deeper lines belong to an item
      while (
        i < lines.length &&
        lines[i].trim() !== "" &&
        (isSame ? depth(lines[i]) === depth(start) : depth(lines[i]) > 2)
      ) {
        taken.push(lines[i++]);
      }
      set.push(...fillItem(taken, width));
    } else {
      while (i < lines.length && lines[i].trim() !== "" && !lines[i].startsWith(" ")) taken.push(lines[i++]);
      set.push(...fill(taken.join(" ").split(/ +/), width, "", ""));
    }
  }
  return set.join("\n");
}
