/** The common form of CelebA's lists: an optional count, an optional header, then a file name and numbers a line. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { nameProblem, printable } from "./file-names.js";

export interface NumberTable {
  /** Header words in file order, without one for the file column; null when there is no header. */
  readonly header: readonly string[] | null;
  readonly files: string[];
  /** Numbers in each row. */
  readonly columns: number;
  /** [files, columns]. */
  readonly values: Float64Array;
  /** Line number (from 1) of row 0; blank lines within the table are refused, so row i is on line firstLine + i. */
  readonly firstLine: number;
}

const SEPARATORS = /[\s,;]+/;

/** An InputError about one line of a list. */
export function lineError(list: string, line: number, expected: string, received: string, remedy: string): InputError {
  const text = printable(received);
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return new InputError(describeMismatch(`${list}, line ${line}`, expected, `'${shown}'`, remedy));
}

function splitLine(line: string): string[] {
  const words = line.trim().split(SEPARATORS);
  if (words.at(-1) === "") words.pop(); // a trailing comma
  return words;
}

function isNumeric(word: string): boolean {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word);
}

/** A line of data: numbers after the first word. */
function isDataLine(words: readonly string[]): boolean {
  return words.length >= 2 && words.slice(1).every(isNumeric);
}

interface Preamble {
  readonly count: { readonly value: number; readonly line: number } | null;
  readonly headers: { readonly words: string[]; readonly line: number }[];
  /** Index of the first line of data. */
  readonly first: number;
}

const MAX_HEADER_LINES = 3;

function readPreamble(lines: readonly string[], list: string): Preamble {
  let count: Preamble["count"] = null;
  const headers: Preamble["headers"] = [];
  for (let i = 0; i < lines.length; i++) {
    const text = lines[i].trim();
    if (text === "") continue;
    if (/^<(!doctype|html|\?xml|head|body|!--)/i.test(text)) {
      const remedy = "A download page was saved in its place: download the list itself.";
      throw lineError(list, i + 1, "a list of files and numbers", text, remedy);
    }
    const words = splitLine(text);
    if (count === null && headers.length === 0 && words.length === 1 && /^\d+$/.test(words[0])) {
      count = { value: Number(words[0]), line: i + 1 };
    } else if (isDataLine(words)) {
      return { count, headers, first: i };
    } else if (words.slice(1).filter(isNumeric).length * 2 >= words.length - 1 && words.length > 1) {
      // At least half numbers: a damaged row, which must not pass for a header.
      const wrong = words.find((word, at) => at > 0 && !isNumeric(word)) ?? text;
      throw lineError(list, i + 1, "a file name and numbers", wrong, "Correct or remove the line.");
    } else if (headers.length < MAX_HEADER_LINES) {
      headers.push({ words, line: i + 1 });
    } else {
      throw lineError(list, i + 1, "a file name and numbers", text, "Check that this is the right list.");
    }
  }
  throw new InputError(
    describeMismatch(list, "lines of a file name and numbers", "none", "The file is empty or cut off: get it again."),
  );
}

/** Header words for `columns` columns: the line that has as many words, or one more for the file column. */
function chooseHeader({ headers }: Preamble, columns: number, list: string): readonly string[] | null {
  for (const { words } of headers) {
    if (words.length === columns) return words;
    if (words.length === columns + 1) return words.slice(1);
  }
  const first = headers.find(({ words }) => words.length > 1) ?? headers[0];
  if (first === undefined) return null;
  const expected = `${columns} column names, as many as the numbers of the rows below`;
  throw lineError(list, first.line, expected, `${first.words.length} words`, "Correct the header or the rows.");
}

/**
 * Parses the text of a list. Accepts LF and CRLF, spaces, tabs, commas and semicolons, a missing count line, a missing
 * or an extra header line, a leading byte order mark. Throws InputError (list, line, expected, received, what to do) on
 * anything else. `list` is the name in messages.
 */
export function parseTable(text: string, list: string): NumberTable {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1)!.trim() === "") lines.pop();
  const preamble = readPreamble(lines, list);
  const { count, first } = preamble;
  const rows = lines.length - first;
  if (count !== null && count.value !== rows) {
    const remedy = "The list is cut off or was edited: get it again, or correct its first line.";
    throw lineError(list, count.line, `the number of rows (${rows})`, String(count.value), remedy);
  }
  const columns = splitLine(lines[first]).length - 1;
  const header = chooseHeader(preamble, columns, list);
  const files: string[] = [];
  const seen = new Map<string, number>();
  const values = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const line = first + row + 1;
    const words = splitLine(lines[first + row]);
    const file = words[0];
    if (words.length !== columns + 1) {
      const expected = `a file name and ${columns} numbers`;
      throw lineError(list, line, expected, lines[first + row].trim(), "Correct or remove the line.");
    }
    const problem = nameProblem(file);
    if (problem !== null) {
      const expected = `a file name within the image folder, good on every system (${problem})`;
      throw lineError(list, line, expected, file, "Correct or remove the line.");
    }
    const earlier = seen.get(file);
    if (earlier !== undefined) {
      throw lineError(list, line, `a file that line ${earlier} does not name`, file, "Remove one of the two lines.");
    }
    seen.set(file, line);
    files.push(file);
    for (let column = 0; column < columns; column++) {
      const word = words[column + 1];
      const value = Number(word);
      if (!Number.isFinite(value) || word === "") {
        throw lineError(list, line, `a number in column ${column + 2}`, word, "Correct or remove the line.");
      }
      values[row * columns + column] = value;
    }
  }
  return { header, files, columns, values, firstLine: first + 1 };
}

/** Reads and parses a list; messages name the file without its folder's path. */
export async function readTable(path: string): Promise<NumberTable> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw fromSystemError(error, `Reading the list ${path}`);
  }
  return parseTable(text, basename(path));
}
